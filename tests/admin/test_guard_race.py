"""Two processes of the service on one database: the guard's count is exact, however the changes arrive."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp
import pytest

from service.cli.provenance import cli_provenance
from service.ids import new_id
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token
from service.runtime import open_runtime
from service.scim.base_path import BASE_PATH
from tests.attack.test_attack_short import UNSAFE
from tests.conftest import quick_folder
from tests.drill.process import Process
from tests.drill.site import Site, opened
from tests.serving import Tenant, make_tenant, patch_op

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(300)]

ADMIN = "/api/admin/v1"
PEOPLE = 40
LIMIT = 10  # More than 20 % of 40, so that it is the one that counts.
GUARD = {"enabled": True, "maxUsers": LIMIT, "maxPercent": 20, "windowMinutes": 60}
HELD = "SELECT count(*) FROM eventstore.events WHERE organization_id = $1 AND type = 'GuardHeld'"
Sent = tuple[str, str, Any]  # Method, path, body.


@dataclass(frozen=True, slots=True)
class Pair:
    """Two services on one database."""

    site: Site
    origins: Sequence[str]


class Crowd(NamedTuple):
    """An organization, two clients of it, each of one process, and its people."""

    tenant: Tenant
    sessions: Sequence[aiohttp.ClientSession]
    people: Sequence[str]
    group_id: str

    async def send(self, process: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request to one of the processes; return the status and the body."""
        async with self.sessions[process].request(method, path, json=body) as answer:
            read = await answer.read()
            return answer.status, (await answer.json(content_type=None)) if read else None


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[Pair]:
    """Give two running services."""
    async with opened(quick_folder(), UNSAFE) as site:
        processes: list[Process] = [site.process(), site.process()]
        try:
            for each in processes:
                await each.start()
            yield Pair(site, [f"http://127.0.0.1:{each.port}" for each in processes])
        finally:
            for each in processes:
                if each.popen:
                    await each.stop()


@pytest.fixture
async def crowd(pair: Pair) -> AsyncIterator[Crowd]:
    """Give an organization of Editors, all in a group that gives that role."""
    async with open_runtime(pair.site.settings, is_migrating=False) as runtime:
        tenant = await make_tenant(runtime, f"Contoso {new_id()}")
        organization = await find_organization(runtime, str(tenant.id))
        scopes = ("scim", "admin")
        token = await issue_token(
            runtime, organization, "race", scopes=scopes, provenance=cli_provenance()
        )
    headers = {"Authorization": f"Bearer {token.token}"}
    sessions = [aiohttp.ClientSession(each, headers=headers) for each in pair.origins]
    crowd = Crowd(tenant, sessions, [], "")
    try:
        people = [
            (await crowd.send(n % 2, "POST", f"{ADMIN}/users", {"userName": f"p{n}"}))[1]["id"]
            for n in range(PEOPLE)
        ]
        group = {"displayName": "Editors", "members": people}
        group_id = (await crowd.send(0, "POST", f"{ADMIN}/groups", group))[1]["id"]
        items = [{"groupId": group_id, "role": "Editor"}]
        assert (await crowd.send(0, "PUT", f"{ADMIN}/role-groups", {"items": items}))[0] == 200
        assert (await crowd.send(1, "PUT", f"{ADMIN}/guard", GUARD))[0] == 200
        yield Crowd(tenant, sessions, people, group_id)
    finally:
        for each in sessions:
            await each.close()


def deactivation(_crowd: Crowd, user_id: str) -> Sent:
    """Return a deactivation as Entra sends it."""
    value = {"op": "Replace", "path": "active", "value": "False"}
    return "PATCH", f"{BASE_PATH}/Users/{user_id}", patch_op(value)


def deletion(_crowd: Crowd, user_id: str) -> Sent:
    """Return a deletion."""
    return "DELETE", f"{BASE_PATH}/Users/{user_id}", None


def removal(crowd: Crowd, user_id: str) -> Sent:
    """Return the removal of a user from the role group."""
    value = {"op": "remove", "path": f'members[value eq "{user_id}"]'}
    return "PATCH", f"{BASE_PATH}/Groups/{crowd.group_id}", patch_op(value)


def by_hand(_crowd: Crowd, user_id: str) -> Sent:
    """Return a deactivation by hand."""
    return "POST", f"{ADMIN}/users/{user_id}/deactivate", None


async def together(crowd: Crowd, sent: Sequence[Sent]) -> list[int]:
    """Send requests at once, by turns to the one and the other process; return the statuses.

    What the service was too busy for is sent again, as clients do.
    """

    async def one(number: int, request: Sent) -> int:
        while True:
            status, _ = await crowd.send(number % 2, *request)
            if status != 503:
                return status

    return list(await asyncio.gather(*(one(n, each) for n, each in enumerate(sent))))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (deactivation, "deactivation"),
        (deletion, "deletion"),
        (removal, "removal"),
        (by_hand, "deactivation"),
    ],
)
async def test_two_processes_let_exactly_so_many_pass(
    pair: Pair, crowd: Crowd, change: Callable[[Crowd, str], Sent], kind: str
) -> None:
    wave = [change(crowd, each) for each in crowd.people]

    first = await together(crowd, wave)

    passed = [each for each, status in zip(wave, first, strict=True) if status != 429]
    assert Counter(status == 429 for status in first) == {False: LIMIT, True: PEOPLE - LIMIT}
    assert {status for status in first if status != 429} <= {200, 204}
    holds = [(await crowd.send(each, "GET", f"{ADMIN}/guard/holds"))[1]["items"] for each in (0, 1)]
    (hold,) = holds[0]
    assert holds[1] == [hold]
    assert (hold["kind"], hold["state"]) == (kind, "open")
    assert (hold["passedCount"], hold["userCount"]) == (LIMIT, PEOPLE - LIMIT)
    assert hold["activeUsers"] == PEOPLE
    async with pair.site.owner() as owner:
        assert await owner.fetchval(HELD, crowd.tenant.id) == 1

    again = [each for each in wave if each not in passed]
    assert set(await together(crowd, again)) == {429}
    decision = f"{ADMIN}/guard/holds/{hold['id']}/approve"
    assert (await crowd.send(0, "POST", decision, {"users": PEOPLE - LIMIT}))[0] == 200
    assert set(await together(crowd, again)) <= {200, 204}
    async with pair.site.owner() as owner:
        assert await owner.fetchval(HELD, crowd.tenant.id) == 1
