"""Groups with many members: written without an echo, read as a stream, never cut short."""

from tests.protocol.resources import people, values
from tests.serving import Scim


async def test_a_write_to_a_group_of_more_than_100_answers_204(scim: Scim) -> None:
    ids = await people(scim, 101)
    made = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids[:100])})
    path = f"/Groups/{made.body['id']}"
    add = {"op": "add", "path": "members", "value": values(ids[100:])}
    remove = {"op": "remove", "path": "members", "value": values(ids[:1])}

    larger = await scim.patch(path, add)
    replaced = await scim.put(path, {"displayName": "Sales", "externalId": "g"})
    smaller = await scim.patch(path, remove)

    assert (larger.status, larger.body, larger.headers["ETag"]) == (204, None, 'W/"3"')
    assert (replaced.status, replaced.body, replaced.headers["ETag"]) == (204, None, 'W/"4"')
    assert (smaller.status, len(smaller.body["members"])) == (200, 100)


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
