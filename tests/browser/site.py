"""An organization with people, groups, tokens, refusals and a hold, for a browser to look at."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from service.callers.issuers import read_rules
from service.cli.provenance import cli_provenance
from service.console.pages.setup.saved import Setup, save_setup
from service.console.pages.setup.steps import NAMES
from service.console.routes import PAGES
from service.console.sessions.caller import ADMINISTRATOR, OPERATOR
from service.console.sessions.links import make_link
from service.organizations.access.guard import set_guard, show_holds
from service.organizations.clients import NewClient, register_client
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token, revoke_token
from service.replay.cycles import CountedCycle, list_cycles
from service.requests.read import CycleFilter
from tests.browser.chromium import Window
from tests.console.client import Browser as Administrator
from tests.following import until_followed
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
WAIT_S = 20.0
REFUSED = 6  # Requests of the cycle, of which the guard holds most.
# They need something in their address, or answer something other than a page.
NOT_OPENED = frozenset(
    {
        *("/signin/oidc", "/signin/oidc/callback"),
        *("/activity/stream", "/operations/stream"),
        "/cycles/{id}/compare",  # There is one cycle.
    }
)
WITH_ID = (
    *("/tokens/{id}", "/clients/{id}", "/people/{id}", "/groups/{id}"),
    *("/cycles/{id}", "/guard/{id}"),
    *("/organization/legal-holds/{id}", "/organization/erasures/{id}"),
)
OPENED = tuple(
    dict.fromkeys(
        each.path
        for each in PAGES
        if each.method == "GET"
        and not each.is_stream
        and each.path not in NOT_OPENED
        and (
            "{" not in each.path
            or each.path.startswith(("/audit/", "/operations/"))
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
        page = page.replace("/audit/reports/{name}", "/audit/reports/access")
        page = page.replace("{projection}", "history").replace("{kind}", "rebuild")
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
    groups = []
    for name in ("Legal EU", strange):
        members = [{"value": each} for each in ids[:10]]
        made = await scim.post("/Groups", {"displayName": name, "members": members})
        groups.append(made.body["id"])
    for change in (
        {"op": "replace", "path": "title", "value": "Senior Counsel"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "active", "value": True},
        {"op": "replace", "path": "roleId", "value": tenant.roles["Editor"]},
    ):
        await scim.patch(f"/Users/{ids[2]}", change)
    await scim.patch(f"/Users/{ids[1]}", {"op": "replace", "path": "active", "value": False})
    await scim.ask("POST", "/Users", {"userName": "", "displayName": "no mailbox"})
    await scim.ask("POST", "/Users", {"userName": "person3@contoso.com"})
    organization = await find_organization(served.runtime, str(tenant.id))
    acting = cli_provenance()
    hostile = await issue_token(served.runtime, organization, strange[:80], provenance=acting)
    await issue_token(
        served.runtime,
        organization,
        "Archive of the log",
        scopes=("audit:read",),
        provenance=acting,
    )
    await revoke_token(served.runtime, organization, hostile.token_id, provenance=acting)
    client = await register_client(
        served.runtime,
        organization,
        NewClient("Entra gallery", "secret"),
        rules=read_rules("", may_be_private=False),
        provenance=acting,
    )
    named = {
        "/tokens/": str(tenant.token_id),
        "/clients/": str(client.client_id),
        "/people/": ids[2],
        "/groups/": groups[0],
        **await _privacy(served, tenant, ids[5], ids[2], strange),
        **await _hold(served, tenant, ids),
    }
    await begin_setup(served, tenant)
    return Seeded(served, tenant, named)


async def begin_setup(served: Served, tenant: Tenant) -> None:
    """Bring the set-up to its last step, so that each of its pages opens."""
    done = frozenset(NAMES)
    setup = Setup("entra", UUID(tenant.account_id), tenant.token_id, done=done)
    setup = replace(setup, cases=(("General Counsel", "Administrator"), ("Paralegal", "Reader")))
    await save_setup(served.runtime.pool, tenant.id, setup)


async def _privacy(
    served: Served, tenant: Tenant, person_id: str, other_id: str, strange: str
) -> dict[str, str]:
    """Set a legal hold and erase somebody, at the console; return the begins of the paths of its pages with their ids."""
    left = {"userName": "left@contoso.com", "displayName": "Noor Left"}
    left_id = (await Scim(served, tenant.token).post("/Users", left)).body["id"]
    administrator = Administrator(served)
    await administrator.sign_in(tenant.id)
    holds, erasures = "/organization/legal-holds", "/organization/erasures"
    set_here = await administrator.get(holds)
    await administrator.post(set_here, holds, person=person_id, reason=f"Case 12 {strange}"[:200])
    asked = await administrator.get(f"{erasures}/{left_id}/erase")
    filled = {"confirm": left["userName"], "reason": "Request 4711"}
    assert (await administrator.post(asked, "/erase", **filled)).status == 200
    return {
        f"{erasures}/{{id}}/erase": other_id,
        f"{erasures}/": left_id,
        f"{holds}/": person_id,
    }


async def _hold(served: Served, tenant: Tenant, ids: list[str]) -> dict[str, str]:
    """Let the guard hold a wave; return the begins of the paths of its pages with their ids, once they can be shown."""
    organization = await find_organization(served.runtime, str(tenant.id))
    limits = {"enabled": True, "maxUsers": 2, "maxPercent": 5, "windowMinutes": 60}
    await set_guard(served.runtime, organization, limits, provenance=cli_provenance())
    for each in ids[3:12]:
        inactive = {"op": "replace", "path": "active", "value": False}
        await Scim(served, tenant.token).patch(f"/Users/{each}", inactive)
    await until_followed(served, tenant)
    async with asyncio.timeout(WAIT_S):
        while await _refused(served, tenant) < REFUSED:  # noqa: ASYNC110 - the service writes them.
            await asyncio.sleep(0.2)
    found = await _cycles(served, tenant)
    [hold] = await show_holds(served.runtime, organization, None, 2)
    return {"/cycles/": str(found[0].cycle.id), "/guard/": str(hold.hold.id)}


async def _cycles(served: Served, tenant: Tenant) -> Sequence[CountedCycle]:
    organization = await find_organization(served.runtime, str(tenant.id))
    return (await list_cycles(served.runtime, organization, CycleFilter())).items


async def _refused(served: Served, tenant: Tenant) -> int:
    return sum(each.counts["refused"] for each in await _cycles(served, tenant))
