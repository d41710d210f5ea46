"""A write that is not understood changes nothing, whichever form it has."""

from collections.abc import Coroutine
from typing import Any

import pytest
from prometheus_client import REGISTRY

from schema.scim import urns
from tests.protocol.resources import values
from tests.serving import Answer, Scim, patch_op


async def group_of_two(scim: Scim) -> tuple[str, list[str]]:
    """Make three users and a group of the first two; return its path and the ids of the three."""
    made = [await scim.post("/Users", {"userName": each}) for each in ("ada", "bob", "cid")]
    ids = [each.body["id"] for each in made]
    group = await scim.post("/Groups", {"displayName": "Sales", "members": values(ids[:2])})
    return f"/Groups/{group.body['id']}", ids


async def send(scim: Scim, door: str, path: str, sent: Any) -> Answer:
    """Send values of members in one of the forms that a write can have."""
    match door:
        case "put":
            return await scim.put(path, {"displayName": "Sales", "members": sent})
        case "post":
            return await scim.post("/Groups", {"displayName": "Staff", "members": sent})
        case "pathless":
            return await scim.patch(path, {"op": "replace", "value": {"members": sent}})
        case _:
            return await scim.patch(path, {"op": door, "path": "members", "value": sent})


@pytest.mark.parametrize("sent", [[{"display": "Ada"}], [{"id": "x"}], [None], [{"value": ""}]])
@pytest.mark.parametrize("door", ["put", "post", "pathless", "Add", "Replace", "Remove"])
async def test_a_member_without_an_id_changes_nothing(scim: Scim, door: str, sent: Any) -> None:
    path, _ = await group_of_two(scim)
    before = await scim.get(path)

    refused = await send(scim, door, path, sent)
    results = await in_bulk(scim, "PATCH", path, patch_replace(sent))

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert (results[0]["status"], results[0]["response"]["scimType"]) == ("400", "invalidValue")
    after = await scim.get(path)
    assert (after.body, after.headers["ETag"]) == (before.body, before.headers["ETag"])
    assert (await scim.get("/Groups")).body["totalResults"] == 1


def patch_replace(sent: Any) -> dict[str, Any]:
    """Return the PatchOp that replaces members."""
    return patch_op({"op": "replace", "path": "members", "value": sent})


async def in_bulk(scim: Scim, method: str, path: str, data: Any, *more: Any) -> list[Any]:
    """Return the results of a bulk that ends with this operation; `more` come before it."""
    sent = [*more, {"method": method, "path": path, "data": data}]
    body = {"schemas": [urns.BULK_REQUEST], "Operations": sent}
    results: list[Any] = (await scim.post("/Bulk", body)).body["Operations"]
    return results


async def test_the_member_that_a_value_path_selects_is_replaced(scim: Scim) -> None:
    path, (ada, bob, cid) = await group_of_two(scim)
    operation = {"op": "replace", "path": f'members[value eq "{ada}"]', "value": {"value": cid}}

    patched = await scim.patch(path, operation)

    assert patched.status == 200
    assert {each["value"] for each in patched.body["members"]} == {bob, cid}


@pytest.mark.parametrize("is_pathless", [True, False])
async def test_a_value_path_of_a_bulk_names_whom_the_bulk_makes(
    scim: Scim, *, is_pathless: bool
) -> None:
    path, (ada, bob, _) = await group_of_two(scim)
    chosen, new = 'members[value eq "bulkId:old"]', {"value": "bulkId:new"}
    operation = (
        {"op": "replace", "value": {chosen: new}}
        if is_pathless
        else {"op": "replace", "path": chosen, "value": new}
    )
    old = {"method": "PUT", "path": f"/Users/{ada}", "bulkId": "old", "data": {"userName": "ada"}}
    made = {"method": "POST", "path": "/Users", "bulkId": "new", "data": {"userName": "new"}}

    results = await in_bulk(scim, "PATCH", path, patch_op(operation), old, made)

    assert [each["status"] for each in results] == ["200", "201", "200"]
    members = {each["value"] for each in (await scim.get(path)).body["members"]}
    assert members == {bob, results[1]["location"].rpartition("/")[2]}


async def test_a_value_path_that_names_no_operation_of_the_bulk_is_refused(scim: Scim) -> None:
    path, _ = await group_of_two(scim)
    operation = {"op": "remove", "path": 'members[value eq "bulkId:nobody"]'}

    results = await in_bulk(scim, "PATCH", path, patch_op(operation))

    assert results[0]["status"] == "400"
    assert "belongs to no operation" in results[0]["response"]["detail"]


async def test_an_operation_without_a_value_changes_nothing(scim: Scim) -> None:
    path, _ = await group_of_two(scim)

    refused = await scim.patch(path, {"op": "replace", "path": "members"})

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert len((await scim.get(path)).body["members"]) == 2


async def test_what_is_ignored_is_counted_in_every_write(scim: Scim) -> None:
    emails = [{"value": "a@x", "verified": True}]
    user = {"userName": "ada", "emails": emails}

    made = await counted(scim.post("/Users", user))
    path = f"/Users/{made[1].body['id']}"
    put = await counted(scim.put(path, user))
    patched = await counted(scim.patch(path, {"op": "add", "path": "emails", "value": emails}))

    assert (made[0], put[0], patched[0]) == (1, 1, 1)


async def counted(request: Coroutine[None, None, Answer]) -> tuple[float, Answer]:
    """Return how many attributes of a request were ignored, and its answer."""
    before = count()
    answer = await request
    return count() - before, answer


def count() -> float:
    """Return how many attributes of users were ignored so far."""
    labels = {"resource_type": "User"}
    return REGISTRY.get_sample_value("scim_ignored_attributes_total", labels) or 0.0
