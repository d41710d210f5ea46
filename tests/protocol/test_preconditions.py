"""If-Match and If-None-Match against meta.version (RFC 7644 §3.14)."""

from collections.abc import Awaitable, Callable

import pytest

from eventstore.since import EVENTS_MAX
from service.ids import new_id
from tests.protocol.resources import people, values
from tests.serving import Answer, Scim

RESOURCES = [("/Users", "userName", "title"), ("/Groups", "displayName", "externalId")]
OTHERS = ['W/"2"', '"7", W/"9"', "garbage", '"one"', ""]


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
@pytest.mark.parametrize("tag", OTHERS)
async def test_a_write_on_another_version_changes_nothing(
    scim: Scim, endpoint: str, name: str, attribute: str, tag: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"
    change = {"op": "add", "path": attribute, "value": "x"}

    answers = [
        await scim.patch(path, change, If_Match=tag),
        await scim.put(path, {name: "Bob"}, If_Match=tag),
        await scim.delete(path, If_Match=tag),
    ]

    assert [each.status for each in answers] == [412] * 3
    assert 'W/"1"' in answers[0].body["detail"]
    assert (await scim.get(path)).body == made.body


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
@pytest.mark.parametrize("tag", ['W/"1"', '"1"', "*", 'W/"5", W/"1"'])
async def test_a_write_on_the_version_that_is_meant_happens(
    scim: Scim, endpoint: str, name: str, attribute: str, tag: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"

    patched = await scim.patch(path, {"op": "add", "path": attribute, "value": "x"}, If_Match=tag)

    assert (patched.status, patched.headers["ETag"]) == (200, 'W/"2"')
    assert (await scim.delete(path, If_Match=patched.headers["ETag"])).status == 204


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
async def test_what_a_client_has_is_not_sent_again(
    scim: Scim, endpoint: str, name: str, attribute: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"
    tag = made.headers["ETag"]

    same = await scim.get(path, If_None_Match=f'W/"9", {tag}')
    await scim.patch(path, {"op": "add", "path": attribute, "value": "x"})
    newer = await scim.get(path, If_None_Match=tag)

    assert (same.status, same.body, same.headers["ETag"]) == (304, None, tag)
    assert (newer.status, newer.headers["ETag"]) == (200, 'W/"2"')


async def test_a_precondition_on_what_is_gone_is_404(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada"})
    path = f"/Users/{made.body['id']}"
    await scim.delete(path)

    assert (await scim.delete(path, If_Match="*")).status == 404


@pytest.mark.parametrize(("endpoint", "name", "attribute"), RESOURCES)
@pytest.mark.parametrize("tag", ["*", 'W/"1"', '"1"', 'W/"7", W/"1"'])
async def test_a_write_that_bars_the_version_changes_nothing(
    scim: Scim, endpoint: str, name: str, attribute: str, tag: str
) -> None:
    made = await scim.post(endpoint, {name: "Ada"})
    path = f"{endpoint}/{made.body['id']}"
    change = {"op": "add", "path": attribute, "value": "x"}

    answers = [
        await scim.patch(path, change, If_None_Match=tag),
        await scim.put(path, {name: "Bob"}, If_None_Match=tag),
        await scim.delete(path, If_None_Match=tag),
    ]

    assert [each.status for each in answers] == [412] * 3
    assert (await scim.get(path)).body == made.body


async def test_a_write_that_bars_another_version_happens(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada"})
    change = {"op": "add", "path": "title", "value": "x"}

    patched = await scim.patch(f"/Users/{made.body['id']}", change, If_None_Match='W/"9"')

    assert (patched.status, patched.headers["ETag"]) == (200, 'W/"2"')


async def held(scim: Scim, path: str, before: Answer, *tags: str) -> list[int]:
    """Return the statuses of reads by a client that has an answer and sends its tag in every form."""
    tag = before.headers["ETag"]
    forms = [tag, tag.removeprefix("W/"), f'W/"999" , {tag}', "*", *tags]
    answers = [await scim.get(path, If_None_Match=each) for each in forms]
    assert all(each.headers["ETag"] == tag for each in answers)
    return [each.status for each in answers]


async def joined(scim: Scim, user_id: str, name: str = "Sales") -> str:
    """Return the path of a new group with a member."""
    made = await scim.post("/Groups", {"displayName": name, "members": values([user_id])})
    return f"/Groups/{made.body['id']}"


async def leaves(scim: Scim, group: str, user_id: str) -> Answer:
    """Remove a member from a group."""
    return await scim.patch(group, {"op": "remove", "path": f'members[value eq "{user_id}"]'})


async def is_renamed(scim: Scim, group: str, _user_id: str) -> Answer:
    """Rename a group."""
    return await scim.patch(group, {"op": "replace", "path": "displayName", "value": "Marketing"})


async def is_deleted(scim: Scim, group: str, _user_id: str) -> Answer:
    """Delete a group."""
    return await scim.delete(group)


async def is_emptied(scim: Scim, group: str, _user_id: str) -> Answer:
    """Replace a group by one without members."""
    return await scim.put(group, {"displayName": "Sales", "members": []})


async def is_joined_by(scim: Scim, _group: str, user_id: str) -> Answer:
    """Let a user join another group."""
    return await scim.get(await joined(scim, user_id, "More"))


Change = Callable[[Scim, str, str], Awaitable[Answer]]
CHANGES: list[Change] = [leaves, is_renamed, is_deleted, is_emptied, is_joined_by]
WITH_GROUPS = [
    "",
    "?attributes=groups.display",
    "?attributes=userName,groups",
    "?excludedAttributes=emails",
]


@pytest.mark.parametrize("query", WITH_GROUPS)
@pytest.mark.parametrize("change", CHANGES)
async def test_a_user_is_sent_again_where_its_groups_may_have_changed(
    scim: Scim, change: Change, query: str
) -> None:
    [ada] = await people(scim, 1)
    group = await joined(scim, ada)
    path = f"/Users/{ada}{query}"
    before = await scim.get(path)

    await change(scim, group, ada)

    assert await held(scim, path, before) == [200] * 4
    assert (await scim.get(path, If_None_Match=before.headers["ETag"])).body != before.body


async def test_a_user_is_sent_again_after_it_has_joined_a_group(scim: Scim) -> None:
    [ada] = await people(scim, 1)
    before = await scim.get(f"/Users/{ada}")

    await joined(scim, ada)

    assert await held(scim, f"/Users/{ada}", before) == [200] * 4


async def test_a_user_who_was_never_in_a_group_is_not_sent_again(scim: Scim) -> None:
    ada, bob = await people(scim, 2)
    before = await scim.get(f"/Users/{ada}")

    await leaves(scim, await joined(scim, bob), bob)

    assert await held(scim, f"/Users/{ada}", before) == [304] * 4


async def test_a_user_who_changed_since_it_left_its_group_is_not_sent_again(scim: Scim) -> None:
    [ada] = await people(scim, 1)
    await scim.delete(await joined(scim, ada))
    before = await scim.patch(f"/Users/{ada}", {"op": "add", "path": "title", "value": "Countess"})

    assert await held(scim, f"/Users/{ada}", before) == [304] * 4


async def test_a_user_of_long_ago_is_sent_again_as_it_may_have_left_a_group(scim: Scim) -> None:
    [ada] = await people(scim, 1)
    before = await scim.get(f"/Users/{ada}")

    await others(scim, EVENTS_MAX)
    soon = await held(scim, f"/Users/{ada}", before)
    await others(scim, 1)

    assert soon == [304] * 4
    assert await held(scim, f"/Users/{ada}", before) == [200] * 4


async def others(scim: Scim, count: int) -> None:
    """Make so many events of other users."""
    sent = [
        {"method": "POST", "path": "/Users", "data": {"userName": str(new_id())}}
        for _ in range(count)
    ]
    await scim.post("/Bulk", {"Operations": sent})


@pytest.mark.parametrize(
    "query",
    ["?attributes=userName", "?excludedAttributes=groups", "?attributes=groups.nobodyKnows"],
)
@pytest.mark.parametrize("change", CHANGES)
async def test_a_user_without_its_groups_is_not_sent_again(
    scim: Scim, change: Change, query: str
) -> None:
    [ada] = await people(scim, 1)
    group = await joined(scim, ada)
    path = f"/Users/{ada}{query}"
    before = await scim.get(path)

    await change(scim, group, ada)

    assert await held(scim, path, before) == [304] * 4


@pytest.mark.parametrize(
    "query", ["", "?attributes=members", "?attributes=members.display", "?excludedAttributes=meta"]
)
@pytest.mark.parametrize("name", ["Ada King", ""])
async def test_a_group_is_sent_again_where_a_member_may_have_another_name(
    scim: Scim, query: str, name: str
) -> None:
    [ada] = await people(scim, 1)
    path = (await joined(scim, ada)) + query
    before = await scim.get(path)

    await scim.patch(f"/Users/{ada}", {"op": "replace", "path": "displayName", "value": name})

    assert await held(scim, path, before) == [200] * 4
    assert (await scim.get(path, If_None_Match=before.headers["ETag"])).body != before.body


async def test_a_group_is_sent_again_where_a_group_in_it_is_renamed(scim: Scim) -> None:
    [ada] = await people(scim, 1)
    inner = await joined(scim, ada)
    outer = await joined(scim, inner.rpartition("/")[2], "Outer")
    before = await scim.get(outer)

    await is_renamed(scim, inner, ada)

    assert await held(scim, outer, before) == [200] * 4


@pytest.mark.parametrize(
    "query",
    [
        "?attributes=displayName",
        "?attributes=members.value,members.type,members.$ref",
        "?excludedAttributes=members",
        "?excludedAttributes=members.display",
    ],
)
@pytest.mark.parametrize("count", [1, 1_001])
async def test_a_group_without_the_names_of_its_members_is_not_sent_again(
    scim: Scim, query: str, count: int
) -> None:
    ids = await people(scim, count)
    made = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids)})
    path = f"/Groups/{made.body['id']}{query}"
    before = await scim.get(path)

    await scim.patch(f"/Users/{ids[0]}", {"op": "replace", "path": "displayName", "value": "X"})

    assert await held(scim, path, before) == [304] * 4


async def test_a_member_who_is_gone_makes_another_version_of_the_group(scim: Scim) -> None:
    [ada] = await people(scim, 1)
    path = await joined(scim, ada)
    before = await scim.get(f"{path}?attributes=members.value")

    await scim.delete(f"/Users/{ada}")

    after = await scim.get(f"{path}?attributes=members.value", If_None_Match=before.headers["ETag"])
    assert (after.status, "members" in after.body) == (200, False)
    assert await held(scim, path, after) == [304] * 4


async def test_the_technical_account_is_sent_again_where_it_joins_a_group(scim: Scim) -> None:
    me = await scim.get("/Me")
    same = await held(scim, "/Me", me)

    await joined(scim, me.body["id"])

    assert same == [304] * 4
    assert await held(scim, "/Me", me) == [200] * 4
    assert await held(scim, "/Me?excludedAttributes=groups", me) == [304] * 4


async def test_head_is_answered_alike(scim: Scim) -> None:
    [ada] = await people(scim, 1)
    tag = (await scim.get(f"/Users/{ada}")).headers["ETag"]
    alone = await scim.send("HEAD", f"/Users/{ada}", If_None_Match=tag)

    await joined(scim, ada)

    assert alone.status == 304
    assert (await scim.send("HEAD", f"/Users/{ada}", If_None_Match=tag)).status == 200


@pytest.mark.parametrize(
    "path", ["/Users", "/Groups", "/Roles", '/Users?filter=userName eq "user-00000"']
)
async def test_a_list_has_no_version_and_is_always_sent(scim: Scim, path: str) -> None:
    await people(scim, 1)

    answers = [await scim.get(path, If_None_Match=each) for each in ("*", 'W/"1"')]

    assert [each.status for each in answers] == [200, 200]
    assert all("ETag" not in each.headers for each in answers)
