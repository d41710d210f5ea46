"""The set-up: from an account to the first cycle, with what arrives and what is wrong; kept by the service."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from service.cli.provenance import cli_provenance
from service.console.pages.setup.expressions import expression
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token, revoke_token
from tests.console.client import Browser, Shown
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

LONG_S = 20.0
PROBE = {"filter": f'userName eq "{secrets.token_hex(8)}"'}
ROLES = {"Reader": "r-1", "Editor": "e-1"}


@pytest.fixture
async def fresh(served: Served) -> AsyncIterator[Tenant]:
    """Give an organization that nobody has set up."""
    tenant = await make_tenant(served.runtime, f"Fresh {secrets.token_hex(6)}")
    yield tenant
    await check_log(served.owner, served.runtime.sealer, tenant.id)


async def at_request(served: Served, tenant: Tenant) -> tuple[Browser, Shown]:
    """Walk to the step that waits for the first request."""
    browser = Browser(served)
    await browser.sign_in(tenant.id)
    shown = await browser.follow(await browser.get("/setup"))
    assert "Which account does Entra act as?" in shown.text
    shown = await browser.follow(await browser.post(shown, "/setup/account"))
    assert "With what does Entra sign in?" in shown.text
    shown = await browser.follow(await browser.post(shown, "/setup/credential"))
    assert f"{served.base}" in shown.html
    shown = await browser.follow(await browser.post(shown, "/setup/url"))
    for role_id in tenant.roles.values():
        assert role_id in shown.html
    shown = await browser.follow(await browser.post(shown, "/setup/mapping", do="next"))
    assert "Waiting for the first request from Entra" in shown.text
    return browser, shown


async def until(browser: Browser, path: str, words: str) -> Shown:
    """Press Check now until the page says some words."""
    async with asyncio.timeout(LONG_S):
        while words not in (shown := await browser.get(path)).text:  # noqa: ASYNC110 - a page.
            await asyncio.sleep(0.05)
    return shown


async def test_a_simulated_entra_is_followed_from_the_account_to_the_cycle(
    served: Served, fresh: Tenant
) -> None:
    browser, _ = await at_request(served, fresh)
    scim = Scim(served, fresh.token)
    await scim.find("/Users", **PROBE)
    shown = await until(browser, "/setup/request", "Entra is connected")
    assert "5 of 5" in shown.text
    assert "GET /" in shown.text
    shown = await browser.follow(await browser.post(shown, "/setup/request", do="next"))
    assert "Waiting for a test user from Entra" in shown.text
    await scim.post("/Users", {"userName": "test@contoso.example", "displayName": "Test <b>"})
    shown = await until(browser, "/setup/test-user", "The test user has arrived")
    assert "Test <b>" in shown.text
    shown = await browser.follow(await browser.post(shown, "/setup/test-user", do="next"))
    assert "Waiting for the first cycle" in shown.text
    await scim.post("/Users", {"userName": "two@contoso.example"})
    shown = await until(browser, "/setup/cycle", "The first cycle is running")
    sent = await browser.post(shown, "/setup/cycle", do="next")
    assert sent.location == "/console/"
    another = Browser(served)
    await another.sign_in(fresh.id)
    assert (await another.get("/setup")).location == "/console/setup/cycle"


async def test_a_failure_says_what_to_change_and_the_page_still_listens(
    served: Served, fresh: Tenant
) -> None:
    browser, _ = await at_request(served, fresh)
    organization = await find_organization(served.runtime, str(fresh.id))
    other = await issue_token(
        served.runtime,
        organization,
        "Expired",
        lifetime=timedelta(days=1),
        provenance=cli_provenance(),
    )
    await revoke_token(served.runtime, organization, other.token_id, provenance=cli_provenance())
    assert (await Scim(served, other.token).find("/Users", **PROBE)).status == 401
    shown = await until(browser, "/setup/request", "but the token is revoked")
    for words in ("What to change", "1 of 5", "Admin Credentials", "Failed:"):
        assert words in shown.text, words
    assert shown.link("Create a new token") == "/console/tokens/new"
    narrow = await issue_token(
        served.runtime, organization, "Narrow", scopes=("audit:read",), provenance=cli_provenance()
    )
    assert (await Scim(served, narrow.token).find("/Users", **PROBE)).status == 403
    shown = await until(browser, "/setup/request", "but the token may not do this")
    assert "3 of 5" in shown.text
    await asyncio.sleep(0.6)
    await Scim(served, fresh.token).find("/Users", **PROBE)
    await until(browser, "/setup/request", "Entra is connected")


async def test_a_request_with_another_token_is_named(served: Served, fresh: Tenant) -> None:
    browser, _ = await at_request(served, fresh)
    organization = await find_organization(served.runtime, str(fresh.id))
    other = await issue_token(
        served.runtime, organization, "The <other>", provenance=cli_provenance()
    )
    await Scim(served, other.token).find("/Users", **PROBE)
    shown = await until(browser, "/setup/request", "reached us with another token")
    assert "The <other>" in shown.text


async def test_requests_of_another_organization_are_never_shown(
    served: Served, fresh: Tenant
) -> None:
    browser, _ = await at_request(served, fresh)
    other = await make_tenant(served.runtime, f"Else {secrets.token_hex(6)}")
    await Scim(served, other.token).find("/Users", **PROBE)
    await Scim(served, other.token).post("/Users", {"userName": ""})
    async with asyncio.timeout(LONG_S):
        seen = "SELECT count(*) FROM service.cycles WHERE organization_id = $1"
        while not await served.owner.fetchval(seen, other.id):  # noqa: ASYNC110 - the service does.
            await asyncio.sleep(0.05)
    shown = await browser.get("/setup/request")
    assert "Waiting for the first request" in shown.text
    assert "The token is of another organization." in shown.text
    assert other.name not in shown.text


async def test_the_stream_sends_a_message_when_a_request_arrives(
    served: Served, fresh: Tenant
) -> None:
    browser, _ = await at_request(served, fresh)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with (
        asyncio.timeout(LONG_S),
        aiohttp.ClientSession() as session,
        session.get(f"{browser.origin}/console/setup/stream", headers={"Cookie": cookie}) as got,
    ):
        assert got.headers["Content-Type"].startswith("text/event-stream")
        first = await got.content.readuntil(b"data: ")
        assert first.startswith(b"retry: ")
        await Scim(served, fresh.token).find("/Users", **PROBE)
        await got.content.readuntil(b"data: ")
    part = await browser.get("/setup/request", HX_Request="true")
    assert "<html" not in part.html
    assert "Entra is connected" in part.text


async def test_later_steps_wait_for_the_earlier_ones(served: Served, fresh: Tenant) -> None:
    browser = Browser(served)
    await browser.sign_in(fresh.id)
    for step in ("credential", "url", "mapping", "request", "test-user", "cycle"):
        assert (await browser.get(f"/setup/{step}")).location == "/console/setup/account"
    assert (await browser.get("/setup/nothing")).status == 404
    auditor = Browser(served)
    await auditor.sign_in(fresh.id, "auditor")
    assert (await auditor.get("/setup/account")).status == 403


async def test_an_account_is_made_or_refused(served: Served, fresh: Tenant) -> None:
    browser = Browser(served)
    await browser.sign_in(fresh.id)
    shown = await browser.get("/setup/account")
    assert (await browser.post(shown, "/setup/account", account="new", userName="")).status == 422
    assert (
        await browser.post(shown, "/setup/account", account=fresh.account_id[:-1])
    ).status == 422
    shown = await browser.follow(
        await browser.post(shown, "/setup/account", account="new", userName="scim-<entra>")
    )
    assert "This account has no token and no client that works yet." in shown.text
    assert "scim-<entra>" in shown.text
    assert (await browser.post(shown, "/setup/credential")).status == 422
    again = await browser.get("/setup/account")
    assert (
        await browser.post(again, "/setup/account", account="new", userName="scim-<entra>")
    ).status == 422


async def test_the_generator_makes_the_expression(served: Served, fresh: Tenant) -> None:
    browser, _ = await at_request(served, fresh)
    shown = await browser.get("/setup/mapping")
    shown = await browser.follow(
        await browser.post(
            shown,
            "/setup/mapping",
            do="generate",
            title=['General "Counsel"', "", "<b>"],
            role=["Administrator", "Editor", "Editor"],
            default="Validator",
        )
    )
    wanted = expression(
        "entra",
        [('General "Counsel"', "Administrator"), ("<b>", "Editor")],
        "Validator",
        fresh.roles,
    )
    assert wanted in dict(shown.form("/setup/mapping").fields).get("", "") or wanted in " ".join(
        "".join(shown.page.words).split()
    )
    okta = await browser.get("/setup/mapping?provider=okta")
    assert "Connect Okta" in okta.text
    assert "user.title ==" in okta.text
    groups = await browser.follow(
        await browser.post(okta, "/setup/mapping", do="generate", source="groups")
    )
    assert groups.link("Choose the role groups") == "/console/roles/groups"


@pytest.mark.parametrize(
    ("provider", "cases", "made"),
    [
        ("entra", [], 'Switch([jobTitle], "r-1")'),
        ("entra", [('a"b\\c', "Editor")], 'Switch([jobTitle], "r-1", "a\\"b\\\\c", "e-1")'),
        ("okta", [], '"r-1"'),
        ("okta", [("Head", "Editor")], 'user.title == "Head" ? "e-1" : "r-1"'),
    ],
)
def test_an_expression_is_what_the_provider_reads(
    provider: str, cases: list[tuple[str, str]], made: str
) -> None:
    assert expression(provider, cases, "Reader", ROLES) == made
