"""The endpoint /Groups: what each method answers (RFC 7644 §3.3 to §3.6)."""

from typing import Any

import pytest

from schema.scim.urns import GROUP
from tests.protocol.resources import by_value, group_body, member, values
from tests.serving import Scim

SALES = {"displayName": "Sales", "externalId": "g-1"}


async def test_a_group_is_created_with_its_members(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada", "displayName": "Ada"})
    team = await scim.post("/Groups", {"displayName": "Team"})
    sent = values([ada.body["id"], team.body["id"]])

    made = await scim.post("/Groups", {**SALES, "members": sent})

    members = by_value([member(scim, ada.body), member(scim, team.body)])
    assert (made.status, made.headers["ETag"]) == (201, 'W/"3"')
    assert made.headers["Location"] == f"{scim.base}/Groups/{made.body['id']}"
    assert made.body == group_body(made, scim, **SALES, members=members)


async def test_a_group_is_read_as_it_was_answered(scim: Scim) -> None:
    made = await scim.post("/Groups", SALES)

    read = await scim.get(f"/Groups/{made.body['id']}")

    assert (read.status, read.body) == (200, made.body)
    assert read.body == group_body(read, scim, **SALES)


async def test_a_group_that_was_only_made_was_modified_as_it_was_made(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    made = await scim.post("/Groups", {**SALES, "members": values([ada.body["id"]])})
    meta = made.body["meta"]
    assert meta["lastModified"] == meta["created"]

    path = f"/Groups/{made.body['id']}"
    assert (await scim.get(path)).body["meta"] == meta
    await scim.patch(path, {"op": "remove", "path": "members"})
    assert (await scim.get(path)).body["meta"]["lastModified"] > meta["created"]


async def test_a_group_that_is_put_without_members_keeps_them(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    made = await scim.post("/Groups", {**SALES, "members": values([ada.body["id"]])})

    replaced = await scim.put(f"/Groups/{made.body['id']}", {"displayName": "Sales EMEA"})

    members = [member(scim, ada.body)]
    assert replaced.status == 200
    assert replaced.body == group_body(replaced, scim, displayName="Sales EMEA", members=members)


@pytest.mark.parametrize("members", [[], None])
async def test_a_group_that_is_put_with_no_members_is_emptied_by_a_list_only(
    scim: Scim, members: list[object] | None
) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    made = await scim.post("/Groups", {**SALES, "members": values([ada.body["id"]])})

    replaced = await scim.put(f"/Groups/{made.body['id']}", {**SALES, "members": members})

    assert ("members" in replaced.body) is (members is None)


async def test_a_patch_answers_with_the_group(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    made = await scim.post("/Groups", SALES)
    add = {"op": "add", "path": "members", "value": values([ada.body["id"]])}

    patched = await scim.patch(f"/Groups/{made.body['id']}", add)

    assert (patched.status, patched.headers["ETag"]) == (200, 'W/"2"')
    assert patched.body == group_body(patched, scim, **SALES, members=[member(scim, ada.body)])


async def test_members_are_added_once_and_removed_by_name_only(scim: Scim) -> None:
    ada = (await scim.post("/Users", {"userName": "ada"})).body
    bob = (await scim.post("/Users", {"userName": "bob"})).body
    group = await scim.post("/Groups", {**SALES, "members": values([ada["id"]])})
    path = f"/Groups/{group.body['id']}"

    same = await scim.patch(path, {"op": "add", "path": "members", "value": values([ada["id"]])})
    assert same.body == group.body
    both = await scim.patch(path, {"op": "add", "path": "members", "value": values([bob["id"]])})
    assert len(both.body["members"]) == 2
    one = await scim.patch(path, {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'})
    assert one.body["members"] == [member(scim, bob)]
    same = await scim.patch(path, {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'})
    assert same.body == one.body
    none = await scim.patch(path, {"op": "remove", "path": "members"})
    assert none.body == group_body(none, scim, **SALES)


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("is_list", [True, False])
async def test_members_may_be_bare_ids(scim: Scim, op: str, *, is_list: bool) -> None:
    ada = (await scim.post("/Users", {"userName": "ada"})).body["id"]
    path = f"/Groups/{(await scim.post('/Groups', SALES)).body['id']}"
    sent = [ada] if is_list else ada

    added = await scim.patch(path, {"op": op, "path": "members", "value": sent})
    assert [each["value"] for each in added.body["members"]] == [ada]

    removed = await scim.patch(path, {"op": "remove", "path": "members", "value": sent})
    assert "members" not in removed.body


@pytest.mark.parametrize("unknown", ["nobody", "01a20ac2-c1ba-72cf-a811-23dbe6a27250"])
async def test_an_unknown_member_is_refused_by_name(scim: Scim, unknown: str) -> None:
    group = await scim.post("/Groups", SALES)
    add = {"op": "add", "path": "members", "value": values([unknown])}

    refused = await scim.patch(f"/Groups/{group.body['id']}", add)

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert unknown in refused.body["detail"]


async def test_a_group_is_no_member_of_itself(scim: Scim) -> None:
    group = await scim.post("/Groups", SALES)
    add = {"op": "add", "path": "members", "value": values([group.body["id"]])}

    refused = await scim.patch(f"/Groups/{group.body['id']}", add)

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")


async def test_a_deleted_group_answers_404_and_frees_its_name(scim: Scim) -> None:
    made = await scim.post("/Groups", SALES)
    path = f"/Groups/{made.body['id']}"

    gone = await scim.delete(path)

    assert (gone.status, gone.body) == (204, None)
    answers = [
        await scim.get(path),
        await scim.delete(path),
        await scim.put(path, SALES),
        await scim.patch(path, {"op": "replace", "path": "displayName", "value": "x"}),
    ]
    assert [each.status for each in answers] == [404] * 4
    assert (await scim.post("/Groups", SALES)).status == 201


async def test_a_display_name_is_taken_in_any_case(scim: Scim) -> None:
    made = await scim.post("/Groups", SALES)

    refused = await scim.post("/Groups", {"displayName": "SALES"})

    assert (refused.status, refused.body["scimType"]) == (409, "uniqueness")
    assert made.body["id"] in refused.body["detail"]


@pytest.mark.parametrize(
    "emptied",
    [{"members": []}, {"MEMBERS": []}, {f"{GROUP}:members": []}, {GROUP: {"members": []}}],
)
async def test_a_put_empties_a_group_under_each_name_of_its_members(
    scim: Scim, emptied: dict[str, Any]
) -> None:
    ada = (await scim.post("/Users", {"userName": "ada"})).body["id"]
    group = {"displayName": "Sales", "members": [{"value": ada}]}
    path = f"/Groups/{(await scim.post('/Groups', group)).body['id']}"

    replaced = await scim.put(path, {"displayName": "Sales", **emptied})

    assert (replaced.status, "members" in replaced.body) == (200, False)


async def test_a_deleted_user_leaves_its_groups_and_their_versions_move(scim: Scim) -> None:
    ada = await scim.post("/Users", {"userName": "ada"})
    bob = await scim.post("/Users", {"userName": "bob"})
    both = values([ada.body["id"], bob.body["id"]])
    group = await scim.post("/Groups", {**SALES, "members": both})

    await scim.delete(f"/Users/{ada.body['id']}")

    read = await scim.get(f"/Groups/{group.body['id']}")
    assert read.body["members"] == [member(scim, bob.body)]
    assert read.headers["ETag"] == 'W/"3"'


async def test_a_deleted_group_leaves_the_groups_it_was_in(scim: Scim) -> None:
    inner = await scim.post("/Groups", {"displayName": "Inner"})
    outer = await scim.post("/Groups", {**SALES, "members": values([inner.body["id"]])})

    await scim.delete(f"/Groups/{inner.body['id']}")

    read = await scim.get(f"/Groups/{outer.body['id']}")
    assert read.body == group_body(read, scim, **SALES)
    assert read.headers["ETag"] == 'W/"3"'


@pytest.mark.parametrize("blank", ["   ", "\t", "\u00a0\u2003", "\u200b", "\x1f\x7f"], ids=ascii)
async def test_a_blank_name_of_a_group_is_refused_everywhere(scim: Scim, blank: str) -> None:
    made = await scim.post("/Groups", SALES)
    path = f"/Groups/{made.body['id']}"

    answers = [
        await scim.post("/Groups", {"displayName": blank}),
        await scim.put(path, {"displayName": blank}),
        await scim.patch(path, {"op": "replace", "path": "displayName", "value": blank}),
        await scim.patch(path, {"op": "add", "value": {"displayName": [{"value": blank}]}}),
    ]

    refused = [(each.status, each.body["scimType"]) for each in answers]
    assert refused == [(400, "invalidValue")] * 4
    assert {each.body["detail"][:20] for each in answers} == {"displayName is blank"}
    assert (await scim.get(path)).body == made.body


async def test_groups_whose_names_only_resemble_each_other_are_two(scim: Scim) -> None:
    made = [await scim.post("/Groups", {"displayName": each}) for each in ("Maße", "Masse")]
    taken = await scim.post("/Groups", {"displayName": "MAẞE"})

    assert [each.status for each in (*made, taken)] == [201, 201, 409]
    found = await scim.find("/Groups", filter='displayName eq "maẞe"')
    assert [each["id"] for each in found.body["Resources"]] == [made[0].body["id"]]
