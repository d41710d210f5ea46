"""Groups with many members: written without an echo, read as a stream, never cut short."""

import pytest

from tests.protocol.resources import people, values
from tests.serving import Scim, patch_op


async def test_a_patch_of_a_group_of_more_than_100_answers_204(scim: Scim) -> None:
    ids = await people(scim, 101)
    made = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids[:100])})
    path = f"/Groups/{made.body['id']}"
    add = {"op": "add", "path": "members", "value": values(ids[100:])}
    remove = {"op": "remove", "path": "members", "value": values(ids[:1])}

    larger = await scim.patch(path, add)
    smaller = await scim.patch(path, remove)

    assert (larger.status, larger.body, larger.headers["ETag"]) == (204, None, 'W/"3"')
    assert (smaller.status, len(smaller.body["members"])) == (200, 100)


@pytest.mark.parametrize("blank", ["", "?attributes=", "?excludedAttributes=%20&attributes="])
async def test_a_put_on_a_group_of_more_than_100_shows_it_without_members(
    scim: Scim, blank: str
) -> None:
    ids = await people(scim, 102)
    made = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids[:101])})
    path = f"/Groups/{made.body['id']}"
    alone = f"{path}?excludedAttributes=members"

    for body in (
        {"displayName": "Sales", "externalId": "g"},
        {"displayName": "Sales", "externalId": "h", "members": values(ids)},
        {"displayName": "Sales", "externalId": "h", "members": values(ids)},
    ):
        replaced = await scim.put(path + blank, body)

        assert (replaced.status, replaced.body) == (200, (await scim.get(alone)).body)
        assert replaced.headers["ETag"] == replaced.body["meta"]["version"]
        assert replaced.headers["Location"] == f"{scim.base}{path}"


SELECTIONS = [
    "attributes=displayName",
    "attributes=id",
    "attributes=nobodyKnows",
    "attributes=members",
    "attributes=members.value,externalId",
    "attributes=members.display",
    "excludedAttributes=members",
    "excludedAttributes=members.display,members.$ref",
    "excludedAttributes=nobodyKnows",
    "ExcludedAttributes=externalId",
]


STREAMED = [SELECTIONS[each] for each in (0, 3, 7)]


@pytest.mark.parametrize(
    ("count", "query"),
    [*((101, each) for each in SELECTIONS), *((1_001, each) for each in STREAMED)],
)
async def test_a_write_to_a_group_of_many_shows_what_is_selected(
    scim: Scim, count: int, query: str
) -> None:
    ids = await nameless(scim, count)
    group = {"displayName": "Sales", "members": values(ids)}
    patch = {"op": "add", "path": "externalId", "value": "g"}
    made = await scim.post(f"/Groups?{query}", group)
    path = f"/Groups/{made.body['id']}?{query}"
    first = await scim.get(path)

    replaced = await scim.put(path, group)
    patched = await scim.patch(path, patch)

    assert (made.status, made.body) == (201, first.body)
    assert made.headers["Location"] == first.headers["Location"]
    assert (replaced.status, replaced.body) == (200, first.body)
    read = await scim.get(path)
    assert (patched.status, patched.body) == (200, read.body)
    assert patched.headers["ETag"] == read.headers["ETag"] != first.headers["ETag"]


async def test_all_members_are_shown_where_they_are_asked_for(scim: Scim) -> None:
    ids = await people(scim, 1_101)
    made = await scim.post("/Groups", {"displayName": "Everyone", "members": values(ids[1:])})
    path = f"/Groups/{made.body['id']}?attributes=members"

    joined = await scim.patch(path, {"op": "add", "path": "members", "value": values(ids[:1])})

    assert joined.status == 200
    assert [each["value"] for each in joined.body["members"]] == sorted(ids)
    assert joined.headers["ETag"] == 'W/"4"'


@pytest.mark.parametrize("query", ["attributes=members.display", "attributes=members.nobodyKnows"])
async def test_members_of_a_stream_without_the_sub_attribute_leave_no_empty_list(
    scim: Scim, query: str
) -> None:
    ids = await nameless(scim, 1_001)
    made = await scim.post("/Groups", {"displayName": "Everyone", "members": values(ids)})

    read = await scim.get(f"/Groups/{made.body['id']}?{query}")

    assert read.body == {"schemas": made.body["schemas"], "id": made.body["id"]}


async def test_a_bulk_shows_no_group_however_large(scim: Scim) -> None:
    ids = await people(scim, 101)
    made = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids)})
    path = f"/Groups/{made.body['id']}"
    patch = {"op": "add", "path": "externalId", "value": "g"}
    operations = [
        {"method": "PATCH", "path": path, "data": patch_op(patch)},
        {"method": "PUT", "path": path, "data": {"displayName": "Sales"}},
    ]

    answer = await scim.post("/Bulk?attributes=members", {"Operations": operations})

    assert answer.body["Operations"] == [
        {"method": each, "location": f"{scim.base}{path}", "status": "200", "version": version}
        for each, version in (("PATCH", 'W/"3"'), ("PUT", 'W/"4"'))
    ]


async def nameless(scim: Scim, count: int) -> list[str]:
    """Make users without a display name, by bulks, and return their ids."""
    found = []
    for begin in range(0, count, 1_000):
        names = [f"user-{number}" for number in range(begin, min(count, begin + 1_000))]
        sent = [{"method": "POST", "path": "/Users", "data": {"userName": each}} for each in names]
        results = (await scim.post("/Bulk", {"Operations": sent})).body["Operations"]
        found += [str(each["location"]).rpartition("/")[2] for each in results]
    return found


async def test_a_group_created_with_more_than_100_shows_no_members_at_once(scim: Scim) -> None:
    ids = await people(scim, 101)

    made = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids)})

    assert (made.status, "members" in made.body) == (201, False)
    read = await scim.get(f"/Groups/{made.body['id']}")
    assert [each["value"] for each in read.body["members"]] == sorted(ids)


async def test_a_group_of_1500_is_streamed_whole(scim: Scim) -> None:
    ids = await people(scim, 1_500)
    made = await scim.post("/Groups", {"displayName": "Everyone", "members": values(ids)})
    path = f"/Groups/{made.body['id']}"

    read = await scim.get(path)
    listed = await scim.get("/Groups?count=1")
    alone = await scim.get(f"{path}?excludedAttributes=members")
    narrow = await scim.get(f"{path}?attributes=displayName,members.value")

    assert (read.status, read.headers["ETag"]) == (200, made.headers["ETag"])
    assert read.headers["Location"] == f"{scim.base}{path}"
    assert [each["value"] for each in read.body["members"]] == sorted(ids)
    assert {each["display"] for each in read.body["members"]} == {f"U {n}" for n in range(1_500)}
    assert read.body == {**alone.body, "members": read.body["members"]}
    assert listed.body["Resources"] == [read.body]
    assert narrow.body == {
        "schemas": read.body["schemas"],
        "id": read.body["id"],
        "displayName": "Everyone",
        "members": values(sorted(ids)),
    }


async def test_a_member_joins_a_group_of_1100_by_one_event(scim: Scim) -> None:
    ids = await people(scim, 1_101)
    made = await scim.post("/Groups", {"displayName": "Everyone", "members": values(ids[1:])})
    path = f"/Groups/{made.body['id']}"

    joined = await scim.patch(path, {"op": "add", "path": "members", "value": values(ids[:1])})

    assert (made.headers["ETag"], joined.headers["ETag"]) == ('W/"3"', 'W/"4"')
    query = f'/Groups?filter=id eq "{made.body["id"]}" and members eq "{ids[0]}"'
    assert (await scim.get(f"{query}&excludedAttributes=members")).body["totalResults"] == 1
