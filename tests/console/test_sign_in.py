"""Sign-in by a one-time link, sessions, sign-out."""

from datetime import timedelta

import pytest

from service.console.sessions import links
from tests.console.client import ACTOR, Browser
from tests.serving import Served, Tenant


async def test_without_a_session_every_page_leads_to_the_sign_in_and_back(
    served: Served, contoso: Tenant
) -> None:
    somebody = Browser(served)
    shown = await somebody.get("/tokens?state=active")
    assert (shown.status, shown.location) == (303, "/console/signin")
    assert "scim-ledger console link" in (await somebody.follow(shown)).html
    assert (await somebody.sign_in(contoso.id)).location == "/console/tokens?state=active"


async def test_a_link_signs_in_once(served: Served, contoso: Tenant) -> None:
    path = await links.make_link(served.runtime.pool, contoso.id, ["administrator"], ACTOR)
    first, second = Browser(served), Browser(served)
    assert (await first.send("HEAD", path)).status == 405
    assert (await first.get(path)).location == "/console/"
    assert (await first.get("/")).status == 200
    shown = await second.get(path)
    assert (shown.status, shown.page.title) == (403, "Sign in · scim-ledger")
    assert "no longer signs you in" in shown.text
    assert second.cookies == {}


async def test_a_link_ends_after_ten_minutes(
    served: Served, contoso: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "LIFETIME", timedelta(seconds=-1))
    path = await links.make_link(served.runtime.pool, contoso.id, ["administrator"], ACTOR)
    assert (await Browser(served).get(path)).status == 403


async def test_the_database_holds_no_secret(served: Served, browser: Browser) -> None:
    path = await links.make_link(served.runtime.pool, None, ["operator"], ACTOR)
    secret = path.rpartition("/")[2]
    rows = await served.owner.fetch(
        "SELECT l::text FROM service.console_links l UNION ALL SELECT s::text FROM service.console_sessions s"
    )
    whole = "".join(row[0] for row in rows)
    assert secret not in whole
    assert browser.cookies["scim_ledger_session"] not in whole


async def test_a_session_ends_when_it_is_not_used(served: Served, browser: Browser) -> None:
    await served.owner.execute(
        "UPDATE service.console_sessions SET used_at = now() - interval '61 minutes' WHERE digest = $1",
        links.digest_of(browser.cookies["scim_ledger_session"]),
    )
    assert (await browser.get("/")).status == 303


async def test_a_session_ends_after_twelve_hours(served: Served, browser: Browser) -> None:
    await served.owner.execute(
        "UPDATE service.console_sessions SET created_at = now() - interval '721 minutes' WHERE digest = $1",
        links.digest_of(browser.cookies["scim_ledger_session"]),
    )
    assert (await browser.get("/")).status == 303


async def test_signing_out_ends_the_session(browser: Browser) -> None:
    kept = dict(browser.cookies)
    shown = await browser.post(await browser.get("/"), "/signout")
    assert shown.location == "/console/signin?reason=out"
    browser.cookies = kept
    assert (await browser.get("/")).status == 303


async def test_a_role_opens_its_pages_only(served: Served, contoso: Tenant) -> None:
    auditor, operator = Browser(served), Browser(served)
    await auditor.sign_in(contoso.id, "auditor")
    assert (await auditor.get("/")).status == 200
    shown = await auditor.get("/tokens")
    assert (shown.status, shown.page.title.partition(" · ")[0]) == (
        403,
        "You cannot open this page",
    )
    assert "You are signed in as Auditor." in shown.text
    assert "/console/tokens" not in [href for href, _ in shown.page.links]
    await operator.sign_in(None, "operator")
    assert (await operator.get("/")).status == 403
    assert contoso.name not in (await operator.get("/")).html


async def test_an_address_with_nothing_is_a_page(browser: Browser) -> None:
    shown = await browser.get("/nothing/here")
    assert (shown.status, shown.page.title.partition(" · ")[0]) == (
        404,
        "Nothing is at this address",
    )
    assert "Overview" in shown.text


async def test_nobody_is_sent_to_another_site(served: Served, contoso: Tenant) -> None:
    for back in (
        "https://evil.example/console/",
        "//evil.example",
        "/console/\\evil",
        "/elsewhere",
    ):
        somebody = Browser(served)
        somebody.cookies["scim_ledger_return"] = back
        assert (await somebody.sign_in(contoso.id)).location == "/console/"
        shown = await somebody.get(f"/language/fr?back={back}")
        assert shown.location == "/console/"
