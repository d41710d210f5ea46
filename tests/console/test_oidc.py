"""Sign-in at an identity provider: who is matched, with which role, and what is refused."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from service.cli.provenance import cli_provenance
from service.console.sessions.oidc import BYTES_MAX
from service.erasure.people import Place, erase_person
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.proof.folder_copy import FolderCopy
from tests.conftest import drop_database, in_database
from tests.console.client import Browser
from tests.console.provider import CLIENT, SECRET, Provider, providing
from tests.protocol.issuer import pem_of, rsa_key
from tests.serving import Scim, Served, Tenant, make_tenant, started

CLM = "urn:ietf:params:scim:schemas:extension:clm:2.0:User"


@dataclass(frozen=True, slots=True)
class Site:
    """A service with a provider, and an organization with an Administrator and a Reader."""

    served: Served
    provider: Provider
    tenant: Tenant
    anna: str
    bert: str


@pytest.fixture(scope="module")
async def module_site(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Site]:
    """Run a service whose settings name a provider."""
    name = f"oidc_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    async with (
        providing() as provider,
        started(
            in_database(postgres, name),
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=SecretStr(SECRET),
            oidc_person_claim="oid",
            oidc_user_name_claim="email",
            oidc_organization_claim="org",
            oidc_roles_claim="roles",
        ) as served,
    ):
        tenant = await make_tenant(served.runtime, "Contoso")
        await make_tenant(served.runtime, "Fabrikam")
        scim = Scim(served, tenant.token)
        people = [
            {
                "userName": "anna@contoso.com",
                "externalId": "oid-anna",
                "displayName": "Anna <b>Lindqvist</b>",
            }
            | {"roleId": tenant.roles["Administrator"]},
            {
                "userName": "bert@contoso.com",
                "externalId": "oid-bert",
                "roleId": tenant.roles["Reader"],
            },
        ]
        # One Administrator must always remain.
        people += [people[0] | {"userName": "carl@contoso.com", "externalId": "oid-carl"}]
        ids = [(await scim.post("/Users", each)).body["id"] for each in people]
        yield Site(served, provider, tenant, ids[0], ids[1])
    await drop_database(maintenance, name)


@pytest.fixture
def site(module_site: Site) -> Site:
    """Give the site; Anna signs in unless a test says otherwise."""
    provider = module_site.provider
    provider.claims = {"oid": "oid-anna", "org": "Contoso"}
    provider.key, provider.algorithm, provider.says_when = None, "RS256", True
    provider.padding = 0
    return module_site


async def test_an_administrator_is_matched_by_external_id(site: Site) -> None:
    browser = Browser(site.served)
    assert (await browser.get("/tokens")).location == "/console/signin"
    assert (await browser.get("/signin")).link("Sign in") == "/console/signin/oidc"
    assert (await site.provider.sign_in(browser)).location == "/console/tokens"
    shown = await browser.get("/tokens")
    assert "Anna <b>Lindqvist</b>" in shown.text
    await browser.post(await browser.get("/accounts"), "/accounts", userName=secrets.token_hex(4))
    actor = await site.served.owner.fetchval(
        "SELECT actor_id FROM eventstore.events WHERE organization_id = $1 AND source = 'console'"
        " ORDER BY position DESC LIMIT 1",
        site.tenant.id,
    )
    assert actor == site.anna


async def test_a_role_that_is_taken_away_ends_the_access(site: Site) -> None:
    browser, scim = Browser(site.served), Scim(site.served, site.tenant.token)
    await site.provider.sign_in(browser)
    change = {"op": "replace", "path": "roleId", "value": site.tenant.roles["Reader"]}
    await scim.patch(f"/Users/{site.anna}", change)
    assert (await browser.get("/tokens")).status == 303
    await scim.patch(f"/Users/{site.anna}", change | {"value": site.tenant.roles["Administrator"]})
    assert (await browser.get("/tokens")).status == 200


async def test_an_auditor_is_named_by_a_setting_or_by_a_claim(site: Site) -> None:
    site.provider.claims = {"oid": "oid-bert", "org": str(site.tenant.id)}
    refused = await site.provider.sign_in(Browser(site.served))
    assert refused.status == 403
    assert "You are not an Administrator of this organization" in refused.text
    site.provider.claims["roles"] = ["auditor", "administrator"]
    browser = Browser(site.served)
    assert (await site.provider.sign_in(browser)).location == "/console/audit"
    assert (await browser.get("/tokens")).status == 403
    del site.provider.claims["roles"]
    organization = await find_organization(site.served.runtime, "Contoso")
    setting = {"consoleAuditors": [site.bert]}
    await change_settings(site.served.runtime, organization, setting, provenance=cli_provenance())
    other = Browser(site.served)
    await site.provider.sign_in(other)
    assert (await other.get("/")).status == 200
    assert (await other.get("/tokens")).status == 403
    removed = {"consoleAuditors": None}
    await change_settings(site.served.runtime, organization, removed, provenance=cli_provenance())
    assert (await other.get("/")).status == 303
    # Whom a claim named is no matter of the setting.
    assert (await browser.get("/audit")).status == 200


async def test_an_operator_needs_no_organization(site: Site) -> None:
    site.provider.claims = {"oid": "nobody", "roles": "operator"}
    browser = Browser(site.served)
    assert (await site.provider.sign_in(browser)).location == "/console/operations"
    assert "Contoso" not in (await browser.get("/")).html


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"oid": "oid-none"}, "nobody with your id"),
        ({"oid": None}, "nobody with your id"),
        ({"oid": "oid-anna", "org": "Fabrikam"}, "nobody with your id"),
        ({"oid": "oid-anna", "org": "Nowhere"}, "names an organization that does not exist"),
        ({"oid": "oid-anna", "org": None}, "nobody with your id"),
        ({"oid": None, "email": "anna@contoso.com"}, "nobody with your id"),
        (
            {"oid": None, "email": "anna@contoso.com", "email_verified": "true"},
            "nobody with your id",
        ),
        ({"aud": "another"}, "cannot be trusted"),
        ({"aud": [CLIENT, "another"]}, "cannot be trusted"),
        ({"azp": "another"}, "cannot be trusted"),
        ({"iss": "https://evil.example"}, "cannot be trusted"),
        ({"nonce": "another"}, "cannot be trusted"),
        ({"exp": datetime(2020, 1, 1, tzinfo=UTC)}, "cannot be trusted"),
        ({"exp": None}, "cannot be trusted"),
    ],
)
async def test_nobody_else_gets_in(site: Site, claims: dict[str, Any], sentence: str) -> None:
    site.provider.claims |= claims
    browser = Browser(site.served)
    shown = await site.provider.sign_in(browser)
    assert shown.status == 403
    assert sentence in shown.text
    assert browser.cookies == {}


async def test_a_verified_address_may_be_the_user_name(site: Site) -> None:
    site.provider.claims = {"org": "Contoso", "email": "Anna@contoso.com", "email_verified": True}
    assert (await site.provider.sign_in(Browser(site.served))).status == 303


async def test_a_foreign_signature_is_refused(site: Site) -> None:
    site.provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert (await site.provider.sign_in(Browser(site.served))).status == 403
    for algorithm, key in (("none", ""), ("HS256", SECRET)):
        site.provider.algorithm, site.provider.key = algorithm, key
        assert (await site.provider.sign_in(Browser(site.served))).status == 403
    assert pem_of(rsa_key())


async def test_a_sign_in_ends_in_the_browser_that_began_it(site: Site) -> None:
    began, other = Browser(site.served), Browser(site.served)
    await began.get("/signin/oidc")
    for query in ("state=x&code=y", "code=y", ""):
        shown = await other.get(f"/signin/oidc/callback?{query}")
        assert (shown.status, "did not begin in this browser" in shown.text) == (403, True)
    shown = await began.get("/signin/oidc/callback?state=x&code=y")
    assert (shown.status, began.cookies) == (403, {})


async def test_a_code_is_redeemed_with_its_verifier_only(site: Site) -> None:
    browser = Browser(site.served)
    await browser.get("/signin/oidc")
    state, nonce, verifier, fresh = browser.cookies["scim_ledger_oidc"].split(".")
    browser.cookies["scim_ledger_oidc"] = ".".join((state, nonce, "x" * len(verifier), fresh))
    site.provider.codes["stolen"] = {
        "code_challenge": "another",
        "redirect_uri": f"{browser.origin}/console/signin/oidc/callback",
        "nonce": nonce,
    }
    shown = await browser.get(f"/signin/oidc/callback?state={state}&code=stolen")
    assert shown.status == 403


async def test_an_answer_in_pieces_is_read_whole_and_one_that_is_too_large_is_refused(
    site: Site,
) -> None:
    site.provider.padding = 100_000
    assert (await site.provider.sign_in(Browser(site.served))).location == "/console/"
    site.provider.padding = BYTES_MAX
    refused = await site.provider.sign_in(Browser(site.served))
    assert refused.status == 403


async def test_a_fresh_sign_in_is_proved_by_the_provider(site: Site) -> None:
    browser = Browser(site.served)
    site.provider.claims["auth_time"] = int((datetime.now(UTC) - timedelta(hours=2)).timestamp())
    await site.provider.sign_in(browser)
    assert "prompt" not in site.provider.asked
    shown = await browser.get("/tokens/new")
    assert shown.location == "/console/signin?reason=fresh"
    way = (await browser.follow(shown)).link("Sign in")
    assert way == "/console/signin/oidc?fresh=yes"
    refused = await site.provider.sign_in(browser, path=way)
    assert (site.provider.asked["prompt"], site.provider.asked["max_age"]) == ("login", "0")
    assert (refused.status, "did not ask you to sign in again" in refused.text) == (403, True)
    del site.provider.claims["auth_time"]
    assert (await site.provider.sign_in(browser, path=way)).location == "/console/tokens/new"
    assert (await browser.get("/tokens/new")).status == 200
    site.provider.says_when = False
    other = Browser(site.served)
    await site.provider.sign_in(other)
    assert (await other.get("/tokens/new")).status == 303


async def test_an_erased_person_has_no_session(site: Site, tmp_path: Path) -> None:
    scim = Scim(site.served, site.tenant.token)
    body = {"userName": "dora@contoso.com", "externalId": "oid-dora"}
    dora = await scim.post("/Users", body | {"roleId": site.tenant.roles["Administrator"]})
    site.provider.claims["oid"] = "oid-dora"
    browser = Browser(site.served)
    assert (await site.provider.sign_in(browser)).status == 303
    runtime = site.served.runtime
    receipt = await erase_person(
        runtime,
        await find_organization(runtime, "Contoso"),
        UUID(dora.body["id"]),
        reason="Asked for it.",
        is_forced=True,
        provenance=cli_provenance(),
        place=Place(FolderCopy(tmp_path / "outside", tmp_path / "mark"), 0),
    )
    assert receipt.cleared["service.console_sessions"] == 1
    assert (await browser.get("/")).status == 303
