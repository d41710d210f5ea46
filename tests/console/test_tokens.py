"""Token Management: a token is shown once and never again, works, and is revoked within a second."""

import asyncio
import re
from datetime import timedelta

import pytest

from service.console.sessions import store
from service.console.sessions.links import digest_of
from tests.console.client import ACTOR, Browser, Shown
from tests.serving import Scim, Served, Tenant

JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


async def made(browser: Browser, label: str, **values: str) -> tuple[Shown, str]:
    """Create a token; return the page that shows it, and the token."""
    shown = await browser.post(
        await browser.get("/tokens/new"), "/tokens/new", label=label, **values
    )
    assert shown.status == 200, shown.text
    [token] = set(JWT.findall(shown.html))
    return shown, token


async def test_a_token_is_shown_once_and_works(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    form = await browser.get("/tokens/new")
    shown = await browser.post(form, "/tokens/new", label="Entra “production” <1>")
    [token] = set(JWT.findall(shown.html))
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.page.title.startswith("Token “Entra “production” <1>” created · ")
    assert f"{browser.origin}/api/scim/v2" in shown.html
    assert (await Scim(served, token).get("/Users")).status == 200
    again = await browser.post(form, "/tokens/new", label="Entra “production” <1>")
    assert (again.status, JWT.findall(again.html)) == (409, [])
    assert "has been shown already" in again.text
    finished = await browser.post(shown, "/tokens/stored", stored="on")
    assert (finished.location, finished.headers["Clear-Site-Data"]) == (
        "/console/tokens",
        '"cache"',
    )
    listed = await browser.get("/tokens")
    assert JWT.findall(listed.html) == []
    whole = await served.owner.fetchval(
        "SELECT string_agg(e::text, '') FROM eventstore.events e WHERE organization_id = $1",
        contoso.id,
    )
    assert token not in whole


async def test_who_acted_in_the_console_is_in_the_log(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    await made(browser, "provenance")
    row = await served.owner.fetchrow(
        "SELECT source, actor_id, token_id FROM eventstore.events"
        " WHERE organization_id = $1 AND type = 'TokenIssued' ORDER BY position DESC LIMIT 1",
        contoso.id,
    )
    assert tuple(row) == ("console", f"console link of {ACTOR}", None)


async def test_a_token_is_revoked_within_a_second(served: Served, browser: Browser) -> None:
    _, token = await made(browser, "to revoke")
    scim = Scim(served, token)
    assert (await scim.get("/Users")).status == 200
    page = await browser.get((await browser.get("/tokens")).link("to revoke"))
    confirm = await browser.get(page.link("Revoke token"))
    assert "It cannot be undone." in confirm.text
    refused = await browser.post(confirm, "/revoke", label="to revok")
    assert refused.status == 422
    assert "Type the label of the token, to revoke. You typed “to revok”." in refused.text
    assert (await scim.get("/Users")).status == 200
    done = await browser.post(refused, "/revoke", label="to revoke")
    assert "Revoked" in (await browser.follow(done)).text
    async with asyncio.timeout(1):
        status = 200
        while status != 401:
            status = (await scim.ask("GET", "/Users")).status


async def test_a_rotated_token_goes_on_for_a_while(served: Served, browser: Browser) -> None:
    _, token = await made(browser, "to rotate")
    page = await browser.get((await browser.get("/tokens?q=to rotate")).link("to rotate"))
    form = await browser.get(page.link("Rotate"))
    shown = await browser.post(form, "/rotate", overlap="1")
    [successor] = set(JWT.findall(shown.html))
    assert "The old one works until" in shown.text
    assert [(await Scim(served, each).get("/Users")).status for each in (token, successor)] == [
        200,
        200,
    ]
    assert (await browser.post(form, "/rotate", overlap="1")).status == 409


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("label", "", "Name the program that uses the token."),
        ("scopes", [], "Choose what the token may do."),
        ("scopes", ["operate"], "There is no scope 'operate' to grant here"),
        ("expiresAt", "2026-02-31", "You entered 2026-02-31."),
        ("expiresAt", "2020-01-01", "choose another instant"),
        ("allowedNetworks", "10.0.0.0/33", "10.0.0.0/33"),
    ],
)
async def test_a_wrong_field_is_named(
    browser: Browser, name: str, value: str | list[str], sentence: str
) -> None:
    given: dict[str, str | list[str]] = {"label": "wrong", name: value}
    shown = await browser.post(await browser.get("/tokens/new"), "/tokens/new", **given)
    assert shown.status == 422
    assert shown.page.title.startswith("Error: ")
    assert shown.text.count(sentence) == 2  # In the summary and at the field.


async def test_a_token_asks_for_a_fresh_sign_in(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    form = await browser.get("/tokens/new")
    digest = digest_of(browser.cookies["scim_ledger_session"])
    age = "UPDATE service.console_sessions SET fresh_at = now() - $2::interval WHERE digest = $1"
    await served.owner.execute(age, digest, store.FRESH + timedelta(minutes=1))
    shown = await browser.get("/tokens/new")
    assert shown.location == "/console/signin?reason=fresh"
    assert "Sign in again" in (await browser.follow(shown)).text
    assert (await browser.post(form, "/tokens/new", label="begun before")).status == 200
    await served.owner.execute(age, digest, 2 * store.FRESH + timedelta(minutes=1))
    assert (await browser.post(form, "/tokens/new", label="too late")).status == 303
    assert (await browser.sign_in(contoso.id)).location == "/console/tokens/new"


async def test_the_list_is_searched_and_paged(browser: Browser) -> None:
    await made(browser, "Needle")
    assert "Needle" in (await browser.get("/tokens?q=needLE&state=active")).text
    assert (
        "No token matches these filters"
        in (await browser.get("/tokens?q=needle&state=revoked")).text
    )
    assert "Needle" in (await browser.get("/tokens?format=csv")).html


async def test_a_token_of_another_organization_is_not_there(
    other_organization: Tenant, browser: Browser
) -> None:
    for way in ("", "/rotate", "/revoke"):
        assert (await browser.get(f"/tokens/{other_organization.token_id}{way}")).status == 404


async def test_a_client_shows_its_secret_once(browser: Browser) -> None:
    form = await browser.get("/clients/new")
    shown = await browser.post(form, "/clients/new", label="Gallery")
    secret = re.findall(r"<textarea[^>]*>([\w-]{43})</textarea>", shown.html)
    assert len(secret) == 1
    assert shown.headers["Cache-Control"] == "no-store"
    assert (await browser.post(form, "/clients/new", label="Gallery")).status == 409
    page = await browser.get((await browser.get("/clients")).link("Gallery"))
    assert secret[0] not in page.html
    second = await browser.post(page, "/secrets")
    assert second.status == 200
    third = await browser.post(await browser.get(page.url.partition("/console")[2]), "/secrets")
    assert third.status == 200
    assert "two" in third.text
    confirm = await browser.get(page.link("Revoke client"))
    assert (await browser.post(confirm, "/revoke", label="Gallery")).status == 303


async def test_an_account_is_added_and_holds_tokens(browser: Browser) -> None:
    shown = await browser.post(
        await browser.get("/accounts"), "/accounts", userName="hr@contoso.com"
    )
    assert "hr@contoso.com" in (await browser.follow(shown)).text
    taken = await browser.post(
        await browser.get("/accounts"), "/accounts", userName="HR@contoso.com"
    )
    assert taken.status == 422
    assert "hr@contoso.com" in (await browser.get("/tokens/new")).text


async def test_a_session_is_listed_and_ended(
    served: Served, contoso: Tenant, other_organization: Tenant, browser: Browser
) -> None:
    other, foreign = Browser(served), Browser(served)
    await other.sign_in(contoso.id)
    await foreign.sign_in(other_organization.id)
    shown = await browser.get("/sessions")
    assert ACTOR in shown.text
    assert other_organization.name not in shown.text
    ends = [each.action for each in shown.page.forms if each.action.endswith("/end")]
    latest = await browser.send(
        "POST", ends[0], shown.form(ends[0].removeprefix("/console")).fields, Origin=browser.origin
    )
    assert latest.status == 303
    assert (await other.get("/")).status == 303
    theirs = (await foreign.get("/sessions")).page.forms[-1].action
    refused = await browser.send("POST", theirs, shown.page.forms[-1].fields, Origin=browser.origin)
    assert refused.status == 404
    assert (await foreign.get("/")).status == 200
