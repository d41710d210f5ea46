"""What every page has: headers, language, zone, forms that no other site can send."""

import pytest

from service.console.sessions.same_site import form_token
from tests.console.client import Browser
from tests.serving import Served, Tenant


async def test_a_page_is_never_kept_by_others(browser: Browser) -> None:
    shown = await browser.get("/tokens")
    assert shown.headers["Cache-Control"] == "private, no-cache"
    assert shown.headers["X-Frame-Options"] == "DENY"
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert shown.headers["Vary"] == "Accept-Language, Cookie, HX-Request"
    assert shown.headers["X-Request-Id"]


async def test_static_files_are_kept_for_a_year(browser: Browser) -> None:
    shown = await browser.get("/signin")
    for part in shown.html.split('"'):
        if part.startswith("/console/static/"):
            file = await browser.get(part)
            assert file.status == 200
            assert "immutable" in file.headers["Cache-Control"]
            assert len(file.html) < 70_000
    assert (await browser.get("/static/console.000000000000.css")).status == 404
    assert (await browser.get("/static/README.md")).status == 404


async def test_a_page_speaks_the_language_of_the_browser(served: Served, contoso: Tenant) -> None:
    reader = Browser(served, language="fr-FR,fr;q=0.9,en;q=0.8")
    await reader.sign_in(contoso.id)
    shown = await reader.get("/tokens")
    assert (shown.page.lang, shown.page.title.partition(" · ")[0]) == ("fr", "Jetons d\u2019accès")
    await reader.get("/language/en")
    assert (await reader.get("/tokens")).page.lang == "en"


async def test_times_are_in_the_zone_of_the_reader(browser: Browser) -> None:
    assert "Times in UTC." in (await browser.get("/tokens")).text
    shown = await browser.post(
        await browser.get("/zone?back=/console/tokens"), "/zone", zone="Europe/Paris"
    )
    assert shown.location == "/console/tokens"
    text = (await browser.get("/tokens")).text
    assert "Times in Europe/Paris, UTC beside them." in text
    assert " UTC" in text
    wrong = await browser.post(await browser.get("/zone"), "/zone", zone="Europe/<b>")
    assert wrong.status == 422
    assert wrong.page.title.startswith("Error: ")
    assert "You entered Europe/<b>." in wrong.text


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("x", {}),
        ("right", {"Origin": "https://evil.example"}),
        ("right", {"Origin": "null"}),
        ("right", {"Sec_Fetch_Site": "same-site"}),
        ("right", {"Sec_Fetch_Site": "cross-site"}),
        ("right", {"Origin": ""}),
    ],
)
async def test_a_form_of_another_site_is_refused(
    browser: Browser, token: str, headers: dict[str, str]
) -> None:
    secret = browser.cookies["scim_ledger_session"]
    fields = [("csrf", form_token(secret) if token == "right" else token), ("zone", "Europe/Paris")]
    sent = {"Origin": browser.origin, **headers}
    shown = await browser.send("POST", "/zone", fields, **sent)
    assert shown.status == 403
    assert "scim_ledger_zone" not in browser.cookies


async def test_a_form_of_another_session_is_refused(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    other = Browser(served)
    await other.sign_in(contoso.id)
    form = (await other.get("/zone")).form("/zone")
    shown = await browser.send("POST", "/zone", form.fields, Origin=browser.origin)
    assert shown.status == 403


async def test_htmx_gets_the_part_that_changes(browser: Browser) -> None:
    shown = await browser.get("/tokens", HX_Request="true")
    assert "<html" not in shown.html
    assert "<table" in shown.html


async def test_a_list_is_a_file_too(browser: Browser) -> None:
    shown = await browser.get("/tokens?format=csv")
    assert shown.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert shown.html.startswith("\ufeffid,label,account,")
