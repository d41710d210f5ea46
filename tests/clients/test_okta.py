"""Okta's requests, from its SCIM 2.0 reference and its SPEC test."""

from typing import Any

from schema.scim.urns import USER
from tests.protocol.resources import people, values
from tests.serving import Scim

ADA: dict[str, Any] = {
    "schemas": [USER],
    "userName": "ada@contoso.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"primary": True, "value": "ada@contoso.com", "type": "work"}],
    "displayName": "Ada Lovelace",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}


async def made(scim: Scim) -> dict[str, Any]:
    """Return Ada as Okta creates her: it first searches for her."""
    query = "/Users?filter=userName%20eq%20%22ada%40contoso.com%22&startIndex=1&count=100"
    asked = await scim.get(query)
    assert (asked.status, asked.body["totalResults"]) == (200, 0)
    answer = await scim.post("/Users", ADA)
    assert answer.status == 201
    assert (await scim.get(query)).body["Resources"] == [answer.body]
    return dict(answer.body)


async def test_a_profile_is_read_and_put_back_changed(scim: Scim) -> None:
    ada = await made(scim)
    path = f"/Users/{ada['id']}"
    read = (await scim.get(path)).body

    put = await scim.put(path, {**read, "name": {"givenName": "Ada", "familyName": "King"}})

    meta = {**put.body["meta"], "version": 'W/"2"'}
    assert put.status == 200
    assert put.body == {**ada, "name": {"givenName": "Ada", "familyName": "King"}, "meta": meta}
    assert (await scim.put(path, put.body)).body == put.body


async def test_a_user_is_deactivated_without_a_path_and_never_deleted(scim: Scim) -> None:
    ada = await made(scim)

    off = await scim.patch(f"/Users/{ada['id']}", {"op": "replace", "value": {"active": False}})
    on = await scim.patch(f"/Users/{ada['id']}", {"op": "replace", "value": {"active": True}})

    assert (off.body["active"], on.body["active"]) == (False, True)


async def test_a_user_is_deactivated_by_put(scim: Scim) -> None:
    ada = await made(scim)

    off = await scim.put(f"/Users/{ada['id']}", {**ada, "active": False})

    meta = {**off.body["meta"], "version": 'W/"2"'}
    assert off.body == {**ada, "active": False, "meta": meta}


async def test_a_user_that_is_assigned_again_is_a_conflict_that_names_it(scim: Scim) -> None:
    ada = await made(scim)
    await scim.patch(f"/Users/{ada['id']}", {"op": "replace", "value": {"active": False}})

    again = await scim.post("/Users", ADA)

    assert (again.status, again.body["scimType"]) == (409, "uniqueness")
    assert ada["id"] in again.body["detail"]


async def test_a_group_is_renamed_with_its_own_id_in_the_value(scim: Scim) -> None:
    group = await scim.post("/Groups", {"displayName": "Sales", "members": []})
    value = {"id": group.body["id"], "displayName": "Sales EMEA"}

    renamed = await scim.patch(f"/Groups/{group.body['id']}", {"op": "replace", "value": value})

    assert (renamed.status, renamed.body["displayName"]) == (200, "Sales EMEA")
    assert renamed.body["id"] == group.body["id"]


async def test_a_group_keeps_its_id_when_another_is_sent(scim: Scim) -> None:
    group = await scim.post("/Groups", {"displayName": "Sales"})
    value = {"id": "01a20ac2-c1ba-72cf-a811-23dbe6a27250", "displayName": "Sales EMEA"}

    refused = await scim.patch(f"/Groups/{group.body['id']}", {"op": "replace", "value": value})

    assert (refused.status, refused.body["scimType"]) == (400, "mutability")


async def test_one_member_goes_and_another_comes_in_one_request(scim: Scim) -> None:
    old, new = await people(scim, 2)
    group = await scim.post("/Groups", {"displayName": "Sales", "members": values([old])})
    remove = {"op": "remove", "path": f'members[value eq "{old}"]'}
    add = {"op": "add", "path": "members", "value": [{"value": new, "display": "new@contoso.com"}]}

    patched = await scim.patch(f"/Groups/{group.body['id']}", remove, add)

    assert [each["value"] for each in patched.body["members"]] == [new]


async def test_the_members_are_replaced(scim: Scim) -> None:
    ids = await people(scim, 4)
    group = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids[:2])})
    path = f"/Groups/{group.body['id']}"

    patched = await scim.patch(path, {"op": "replace", "path": "members", "value": values(ids[1:])})
    emptied = await scim.patch(path, {"op": "replace", "path": "members", "value": []})

    assert sorted(each["value"] for each in patched.body["members"]) == sorted(ids[1:])
    assert "members" not in emptied.body


async def test_an_import_pages_through_users_and_groups(scim: Scim) -> None:
    ids = await people(scim, 7)
    for number in range(3):
        await scim.post("/Groups", {"displayName": f"Group {number}"})

    users = await imported(scim, "/Users")
    groups = await imported(scim, "/Groups")

    assert set(ids) == {each["id"] for each in users}  # The technical account is not listed.
    assert (len(users), len(groups)) == (7, 3)


async def imported(scim: Scim, endpoint: str) -> list[dict[str, Any]]:
    """Return all resources, read in pages of two."""
    found: list[dict[str, Any]] = []
    while True:
        page = (await scim.get(f"{endpoint}?startIndex={len(found) + 1}&count=2")).body
        found += page["Resources"]
        if len(found) >= page["totalResults"]:
            return found
