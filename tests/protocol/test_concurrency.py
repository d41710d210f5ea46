"""Requests that arrive together share a batch: each is answered as if it came alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.protocol.resources import people, values
from tests.serving import Scim, Served, Tenant


async def test_of_many_who_take_one_name_one_gets_it(scim: Scim) -> None:
    answers = await asyncio.gather(*(scim.post("/Users", {"userName": "Ada"}) for _ in range(50)))

    assert sorted(each.status for each in answers) == [201] + [409] * 49


async def test_of_many_who_change_one_version_one_does(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    path, tag = f"/Users/{ada.body['id']}", ada.headers["ETag"]
    changes = [{"op": "add", "path": "title", "value": f"T{number}"} for number in range(20)]

    answers = await asyncio.gather(*(scim.patch(path, each, If_Match=tag) for each in changes))

    assert sorted(each.status for each in answers) == [200] + [412] * 19


async def test_a_refused_request_fails_alone(scim: Scim) -> None:
    bodies = [
        {"userName": f"u{number}", "active": number % 5 != 0 or "perhaps"} for number in range(50)
    ]

    answers = await asyncio.gather(*(scim.post("/Users", each) for each in bodies))

    assert [each.status for each in answers] == [400 if n % 5 == 0 else 201 for n in range(50)]


async def test_a_name_moves_from_a_user_to_the_next_at_once(scim: Scim) -> None:
    [ada] = await people(scim, 1)
    path = f"/Users/{ada}"

    for number in range(10):
        rename = {"op": "replace", "path": "userName", "value": f"former-{number}"}
        first, second = await asyncio.gather(
            scim.patch(path, rename), scim.post("/Users", {"userName": f"former-{number - 1}"})
        )
        assert (first.status, second.status in (201, 409)) == (200, True)


async def test_a_user_that_is_renamed_and_deleted_in_one_batch_is_gone_under_its_last_name(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    ada = await scim.post("/Users", {"userName": "ada", "externalId": "a-1"})
    path = f"/Users/{ada.body['id']}"
    rename = {"op": "replace", "value": {"userName": "ada king", "externalId": "a-2"}}

    async with held_back(served, organization):
        # The first is a batch alone and waits for the log; the others form the next batch.
        first = asyncio.create_task(scim.post("/Users", {"userName": "first"}))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(scim.patch(path, rename))
        await asyncio.sleep(0.1)
        third = asyncio.create_task(scim.delete(path))
        await asyncio.sleep(0.1)

    answers = await asyncio.gather(first, second, third)
    assert [each.status for each in answers] == [201, 200, 204]


@asynccontextmanager
async def held_back(served: Served, organization: Tenant) -> AsyncIterator[None]:
    """Hold the lock of an organization's log for the duration of the block."""
    async with served.owner.transaction():
        await served.owner.execute("SELECT eventstore.lock_log($1)", organization.id)
        yield


async def test_members_come_and_go_while_users_and_groups_do(scim: Scim) -> None:
    ids = await people(scim, 30)
    group = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids[:10])})
    path = f"/Groups/{group.body['id']}"

    answers = await asyncio.gather(
        *(
            scim.patch(path, {"op": "add", "path": "members", "value": values([each])})
            for each in ids
        ),
        *(scim.delete(f"/Users/{each}") for each in ids[::3]),
        *(
            scim.patch(path, {"op": "remove", "path": f'members[value eq "{each}"]'})
            for each in ids[::2]
        ),
    )

    assert {each.status for each in answers} <= {200, 204, 400}
    shown = (await scim.get(path)).body.get("members", [])
    left = {each["value"] for each in shown}
    assert left <= set(ids) - set(ids[::3])
