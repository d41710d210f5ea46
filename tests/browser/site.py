"""An organization with people, groups, tokens, refusals and a hold, for a browser to look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.callers.issuers import read_rules
from service.cli.provenance import cli_provenance
from service.console.routes import PAGES
from service.console.sessions.caller import ADMINISTRATOR, OPERATOR
from service.console.sessions.links import make_link
from service.organizations.clients import NewClient, register_client
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token, revoke_token
from tests.browser.chromium import Window
from tests.serving import Scim, Served, Tenant

GIVEN = (
    "Anna",
    "Bastien",
    "Chiara",
    "Dmitri",
    "Elif",
    "Femke",
    "Goran",
    "Hélène",
    "Ivo",
    "Jana",
    "Kaveh",
    "Lucie",
)
FAMILY = ("Lindqvist", "Moreau", "Ricci", "Ivanov", "Yilmaz", "de Vries", "Horvat", "Dubois")
DEPARTMENTS = ("Legal", "Procurement", "Sales", "Finance")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
HOSTILE = '<img src=x onerror="document.title=1">"\'><script>alert(1)</script>{{7*7}}'
# They need something in their address, or answer something other than a page.
NOT_OPENED = frozenset({"/signin/oidc", "/signin/oidc/callback"})
WITH_ID = ("/tokens/{id}", "/clients/{id}", "/people/{id}")
OPENED = tuple(
    dict.fromkeys(
        each.path
        for each in PAGES
        if each.method == "GET"
        and each.path not in NOT_OPENED
        and (
            "{" not in each.path
            or (each.path.startswith(WITH_ID) and "{" not in each.path.replace("{id}", ""))
        )
    )
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """A service with an organization that has something of everything."""

    served: Served
    tenant: Tenant
    named: Mapping[str, str]  # Begin of the path of a page → what stands for its {id}.

    @property
    def origin(self) -> str:
        """Return the scheme and host of the service."""
        return f"http://127.0.0.1:{self.served.port}"

    @property
    def paths(self) -> list[str]:
        """Return the addresses of all pages that are opened, below /console."""
        return [self.path(each) for each in OPENED]

    def path(self, page: str) -> str:
        """Return the address of a page by its path in the table of pages."""
        found = next((self.named[each] for each in self.named if page.startswith(each)), "")
        return page.replace("{id}", found)

    async def sign_in(self, window: Window, *roles: str) -> None:
        """Sign a window in, with the roles of an administrator and an operator unless some are named."""
        path = await make_link(
            self.served.runtime.pool,
            self.tenant.id,
            roles or (ADMINISTRATOR, OPERATOR),
            "cli:1000(ada)",
        )
        await window.open(path.removeprefix("/console"))


async def seed(
    served: Served, tenant: Tenant, *, people: int = 24, is_hostile: bool = True
) -> Seeded:
    """Fill an organization, over SCIM where a client would do it."""
    scim = Scim(served, tenant.token)
    strange = HOSTILE if is_hostile else "Old integration"
    ids = []
    for index in range(people):
        given, family = GIVEN[index % len(GIVEN)], FAMILY[index % len(FAMILY)]
        name = f"{given} {family}" if index or not is_hostile else HOSTILE
        body = {
            "userName": f"person{index}@contoso.com",
            "externalId": f"entra-{index}",
            "displayName": name,
            "name": {"givenName": given, "familyName": family},
            "title": "Counsel",
            "roleId": list(tenant.roles.values())[index % 5],
            ENTERPRISE: {"department": DEPARTMENTS[index % 4]},
        }
        ids.append((await scim.post("/Users", body)).body["id"])
    for name in ("Legal EU", strange):
        members = [{"value": each} for each in ids[:10]]
        await scim.post("/Groups", {"displayName": name, "members": members})
    await scim.patch(f"/Users/{ids[1]}", {"op": "replace", "path": "active", "value": False})
    await scim.ask("POST", "/Users", {"userName": "", "displayName": "no mailbox"})
    await scim.ask("POST", "/Users", {"userName": "person3@contoso.com"})
    organization = await find_organization(served.runtime, str(tenant.id))
    acting = {"provenance": cli_provenance()}
    hostile = await issue_token(served.runtime, organization, strange[:80], **acting)
    await issue_token(
        served.runtime, organization, "Archive of the log", scopes=("audit:read",), **acting
    )
    await revoke_token(served.runtime, organization, hostile.token_id, **acting)
    client = await register_client(
        served.runtime,
        organization,
        NewClient("Entra gallery", "secret"),
        rules=read_rules("", may_be_private=False),
        **acting,
    )
    named = {
        "/tokens/": str(tenant.token_id),
        "/clients/": str(client.client_id),
        "/people/": ids[2],
    }
    return Seeded(served, tenant, named)
