"""Entra's connection test, its initial cycle and its incremental cycles."""

from uuid import uuid4

import pytest

from eventstore.read import read, read_tail
from schema.scim.urns import CLM_USER, ENTERPRISE_USER, LIST_RESPONSE, USER
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.users import create_user
from tests.clients.entra import (
    DIALECTS,
    LEGACY,
    Dialect,
    match_group,
    match_user,
    new_group,
    new_user,
    provision,
    provision_group,
)
from tests.serving import Scim, Served, Tenant

EMPTY = {
    "schemas": [LIST_RESPONSE],
    "totalResults": 0,
    "startIndex": 1,
    "itemsPerPage": 0,
    "Resources": [],
}


@pytest.mark.parametrize(
    "path",
    [
        "/Users?filter=userName+eq+%22{guid}%22",
        "/Users?filter=userName%20eq%20%22{guid}%22",
        "/Users?filter=userName eq {guid}",
        "/Users?aadOptscim062020&filter=externalId+eq+%22{guid}%22",
        "/Groups?excludedAttributes=members&filter=displayName+eq+%22{guid}%22",
    ],
)
async def test_the_connection_is_tested_by_asking_for_nobody(scim: Scim, path: str) -> None:
    answer = await scim.get(path.format(guid=uuid4()))

    assert (answer.status, answer.body) == (200, EMPTY)


async def test_an_initial_cycle_makes_everybody_and_the_groups(scim: Scim) -> None:
    people = [new_user("Ada Lovelace"), new_user("Bob Noyce"), new_user("Cleo Hopper")]
    ids = [await provision(scim, each) for each in people]
    group_id = await provision_group(scim, new_group("Engineers"), ids)

    for body, user_id in zip(people, ids, strict=True):
        shown = (await scim.get(f"/Users/{user_id}")).body
        assert {name: shown[name] for name in body if name not in ("schemas", "meta")} == {
            name: value for name, value in body.items() if name not in ("schemas", "meta")
        }
    group = (await scim.get(f"/Groups/{group_id}")).body
    assert sorted(each["value"] for each in group["members"]) == sorted(ids)


async def test_a_restarted_job_finds_everybody_and_changes_nothing(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    people = [new_user("Ada Lovelace"), new_user("Bob Noyce")]
    ids = [await provision(scim, each) for each in people]
    group = new_group("Engineers")
    group_id = await provision_group(scim, group, ids)
    before = (await read_tail(served.owner, organization.id)).position

    again = [await provision(scim, each) for each in people]
    group_again = await provision_group(scim, group, ids)

    assert (again, group_again) == (ids, group_id)
    assert (await read_tail(served.owner, organization.id)).position == before


async def test_a_lost_answer_is_repaired_by_the_next_match(scim: Scim) -> None:
    body = new_user("Ada Lovelace")
    lost = await scim.post("/Users", body)

    conflict = await scim.post("/Users", body)
    found = await match_user(scim, "userName", body["userName"].upper())

    assert (conflict.status, conflict.body["scimType"]) == (409, "uniqueness")
    assert [each["id"] for each in found] == [lost.body["id"]]


async def test_a_user_made_by_hand_is_linked_and_not_doubled(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    found = await find_organization(served.runtime, str(organization.id))
    by_hand = await create_user(
        served.runtime, found, {"userName": "ADA"}, role=None, provenance=cli_provenance()
    )
    made = (await read_tail(served.owner, organization.id)).position

    linked = await provision(scim, new_user("Ada Lovelace", userName="ada"))

    assert linked == str(by_hand)
    events = await read(served.owner, organization.id, after=made, limit=10)
    assert [each.type for each in events] == ["UserLinked", "UserChanged"]


async def test_a_user_is_never_adopted_by_its_mail(scim: Scim) -> None:
    mail = [{"type": "work", "value": "ada@contoso.com", "primary": True}]
    one = await provision(scim, new_user("Ada Lovelace", userName="ada-1", emails=mail))
    two = await provision(scim, new_user("Ada Lovelace", userName="ada-2", emails=mail))

    assert one != two


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_incremental_cycle_sends_differences(scim: Scim, dialect: Dialect) -> None:
    user_id = await provision(scim, new_user("Ada Lovelace"))
    path = f"/Users/{user_id}"
    before = (await scim.get(path)).body
    mail = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ada@king.com"}
    changes = dialect.change(
        displayName="Ada King",
        name__familyName="King",
        **{f"{ENTERPRISE_USER}:department": "Engines"},
    )
    phone = dialect.add('phoneNumbers[type eq "work"].value', "+44 1")

    after = await scim.patch(path, mail, *changes, dialect.add("title", "Countess"), phone)

    assert after.status == 200
    assert after.body == {
        **before,
        "schemas": [USER, ENTERPRISE_USER, CLM_USER],
        "displayName": "Ada King",
        "name": {**before["name"], "familyName": "King"},
        "emails": [{"primary": True, "type": "work", "value": "ada@king.com"}],
        "title": "Countess",
        "phoneNumbers": [{"type": "work", "value": "+44 1"}],
        ENTERPRISE_USER: {"department": "Engines"},
        "meta": {**after.body["meta"], "version": 'W/"2"'},
    }
    assert (await scim.patch(path, mail, *changes)).body == after.body


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_user_that_is_disabled_is_found_and_keeps_its_groups(
    scim: Scim, dialect: Dialect
) -> None:
    body = new_user("Ada Lovelace")
    user_id = await provision(scim, body)
    group_id = await provision_group(scim, new_group("Engineers"), [user_id])

    disabled = await scim.patch(f"/Users/{user_id}", dialect.activate(active=False))

    assert disabled.body["active"] is False
    assert [each["value"] for each in disabled.body["groups"]] == [group_id]
    assert await match_user(scim, "userName", body["userName"]) == [disabled.body]
    restored = await scim.patch(f"/Users/{user_id}", dialect.activate(active=True))
    assert restored.body["active"] is True
    assert [each["value"] for each in restored.body["groups"]] == [group_id]


async def test_a_user_that_is_restored_by_add_is_active(scim: Scim) -> None:
    user_id = await provision(scim, new_user("Ada Lovelace", active=False))

    restored = await scim.patch(f"/Users/{user_id}", LEGACY.add("active", "True"))

    assert restored.body["active"] is True


async def test_a_user_that_is_deleted_for_good_may_come_back_as_another(scim: Scim) -> None:
    body = new_user("Ada Lovelace")
    user_id = await provision(scim, body)
    await scim.patch(f"/Users/{user_id}", LEGACY.activate(active=False))

    assert (await scim.delete(f"/Users/{user_id}")).status == 204

    assert await match_user(scim, "externalId", body["externalId"]) == []
    assert (await scim.delete(f"/Users/{user_id}")).status == 404
    assert await provision(scim, body) != user_id


async def test_two_users_swap_their_names_by_way_of_a_third(scim: Scim) -> None:
    ada = await provision(scim, new_user("Ada Lovelace"))
    bob = await provision(scim, new_user("Bob Noyce"))
    ada_name, bob_name = "Ada.Lovelace@contoso.com", "Bob.Noyce@contoso.com"

    taken = await scim.patch(f"/Users/{ada}", *LEGACY.change(userName=bob_name.upper()))
    await scim.patch(f"/Users/{ada}", *LEGACY.change(userName="between@contoso.com"))
    second = await scim.patch(f"/Users/{bob}", *LEGACY.change(userName=ada_name))
    third = await scim.patch(f"/Users/{ada}", *LEGACY.change(userName=bob_name))

    assert (taken.status, second.status, third.status) == (409, 200, 200)
    assert [each["id"] for each in await match_user(scim, "userName", ada_name)] == [bob]
    assert [each["id"] for each in await match_user(scim, "userName", bob_name)] == [ada]


async def test_groups_are_matched_without_case_and_members(scim: Scim) -> None:
    user_id = await provision(scim, new_user("Ada Lovelace"))
    group_id = await provision_group(scim, new_group("Engineers"), [user_id])

    found = await match_group(scim, "ENGINEERS")

    assert [each["id"] for each in found] == [group_id]
