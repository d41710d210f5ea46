"""Entra's groups: created without members, filled in batches, changed in both dialects."""

import asyncio

import pytest

from tests.clients.entra import (
    DIALECTS,
    LEGACY,
    Dialect,
    match_group,
    new_group,
    new_user,
    provision,
    provision_group,
)
from tests.protocol.resources import group_body, member, people, values
from tests.serving import Scim


async def test_a_group_is_made_without_unknown_attributes(scim: Scim) -> None:
    body = new_group("Engineers", members=[])

    made = await scim.post("/Groups", body)

    assert made.status == 201
    sent = {"displayName": "Engineers", "externalId": body["externalId"]}
    assert made.body == group_body(made, scim, **sent)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_members_come_and_go(scim: Scim, dialect: Dialect) -> None:
    ada = await provision(scim, new_user("Ada Lovelace"))
    bob = await provision(scim, new_user("Bob Noyce"))
    group = await scim.post("/Groups", new_group("Engineers"))
    path = f"/Groups/{group.body['id']}"

    both = await scim.patch(path, dialect.add_members(ada, bob))
    same = await scim.patch(path, dialect.add_members(bob))
    one = await scim.patch(path, *dialect.remove_members(ada))
    still = await scim.patch(path, *dialect.remove_members(ada))

    assert sorted(each["value"] for each in both.body["members"]) == sorted([ada, bob])
    assert same.body == both.body
    assert one.body["members"] == [member(scim, (await scim.get(f"/Users/{bob}")).body)]
    assert still.body == one.body


async def test_an_inactive_user_becomes_a_member(scim: Scim) -> None:
    ada = await provision(scim, new_user("Ada Lovelace", active=False))
    group = await scim.post("/Groups", new_group("Engineers"))

    joined = await scim.patch(f"/Groups/{group.body['id']}", LEGACY.add_members(ada))

    assert [each["value"] for each in joined.body["members"]] == [ada]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_group_is_renamed_and_keeps_its_members(scim: Scim, dialect: Dialect) -> None:
    ada = await provision(scim, new_user("Ada Lovelace"))
    group_id = await provision_group(scim, new_group("Engineers"), [ada])

    renamed = await scim.patch(f"/Groups/{group_id}", *dialect.change(displayName="Builders"))

    assert (renamed.status, renamed.body["displayName"]) == (200, "Builders")
    assert [each["value"] for each in renamed.body["members"]] == [ada]
    assert await match_group(scim, "Engineers") == []


async def test_the_validator_adds_and_removes_a_member_in_one_request(scim: Scim) -> None:
    ada = await provision(scim, new_user("Ada Lovelace"))
    group = await scim.post("/Groups", new_group("Engineers"))
    add = {"op": "add", "path": "members", "value": values([ada])}
    remove = {"op": "remove", "path": f'members[value eq "{ada}"]'}

    patched = await scim.patch(f"/Groups/{group.body['id']}", add, remove)

    assert patched.body == group.body


async def test_the_validator_replaces_the_members(scim: Scim) -> None:
    ada = await provision(scim, new_user("Ada Lovelace"))
    bob = await provision(scim, new_user("Bob Noyce"))
    group_id = await provision_group(scim, new_group("Engineers"), [ada])
    replace = {"op": "replace", "path": "members", "value": values([bob])}

    patched = await scim.patch(f"/Groups/{group_id}", replace)

    assert [each["value"] for each in patched.body["members"]] == [bob]


@pytest.mark.parametrize(
    "text", ['id eq "{g}" and members eq "{u}"', 'members eq "{u}" and id eq "{g}"']
)
async def test_a_membership_is_probed_by_filter(scim: Scim, text: str) -> None:
    ada = await provision(scim, new_user("Ada Lovelace"))
    bob = await provision(scim, new_user("Bob Noyce"))
    group_id = await provision_group(scim, new_group("Engineers"), [ada])

    probes = [text.format(g=group_id, u=each) for each in (ada, bob)]
    answers = [
        await scim.find("/Groups", filter=each, excludedAttributes="members") for each in probes
    ]

    assert [each.body["totalResults"] for each in answers] == [1, 0]


async def test_batches_of_members_in_parallel_all_arrive(scim: Scim) -> None:
    ids = await people(scim, 300)
    group = await scim.post("/Groups", new_group("Everyone"))
    path = f"/Groups/{group.body['id']}"
    batches = [ids[start : start + 20] for start in range(0, 300, 20)]

    answers = await asyncio.gather(
        *(scim.patch(path, LEGACY.add_members(*batch)) for batch in batches)
    )

    assert {each.status for each in answers} <= {200, 204}
    read = await scim.get(path)
    assert [each["value"] for each in read.body["members"]] == sorted(ids)


async def test_a_thousand_members_in_one_request_all_arrive(scim: Scim) -> None:
    ids = await people(scim, 1_000)
    group = await scim.post("/Groups", new_group("Everyone"))
    path = f"/Groups/{group.body['id']}"

    added = await scim.patch(path, LEGACY.add_members(*ids))
    removed = await scim.patch(path, *LEGACY.remove_members(*ids[1:]))

    assert added.status == 204
    assert [each["value"] for each in removed.body["members"]] == ids[:1]


async def test_a_deleted_group_is_gone_and_its_people_stay(scim: Scim) -> None:
    ada = await provision(scim, new_user("Ada Lovelace"))
    group_id = await provision_group(scim, new_group("Engineers"), [ada])

    assert (await scim.delete(f"/Groups/{group_id}")).status == 204

    assert await match_group(scim, "Engineers") == []
    assert "groups" not in (await scim.get(f"/Users/{ada}")).body
