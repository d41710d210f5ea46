"""Groups by hand, and their members: /groups of the admin API."""

import secrets
from typing import Any

import pytest

from service.ids import new_id
from tests.admin.client import Admin
from tests.serving import Scim, Served, Tenant


def name() -> str:
    """Return a name that nothing has."""
    return f"Sales {secrets.token_hex(5)}"


async def person(admin: Admin, **fields: Any) -> str:
    """Return the id of a person made by hand."""
    answer = await admin.post("/users", {"userName": name(), **fields})
    return str(answer.body["id"])


async def made(admin: Admin, **fields: Any) -> dict[str, Any]:
    """Return a group made by hand."""
    answer = await admin.post("/groups", {"displayName": name(), **fields})
    assert answer.status == 201, answer
    return dict(answer.body)


async def test_a_group_is_created_read_changed_listed_and_deleted(admin: Admin) -> None:
    group = await made(admin, externalId="7")
    path = f"/groups/{group['id']}"

    assert (group["memberCount"], group["lastChangedBy"]["source"]) == (0, "api")
    assert (await admin.get(path)).body == group
    listed = await admin.get(f"/groups?q={group['displayName'].upper().replace(' ', '%20')}")
    assert listed.body["items"] == [group]
    changed = await admin.patch(
        path, {"displayName": "New " + group["displayName"], "externalId": None}
    )
    assert (changed.status, changed.body["externalId"], changed.body["warnings"]) == (200, None, [])
    assert (await admin.patch(path, {})).body["changedAt"] == changed.body["changedAt"]
    assert (await admin.send("DELETE", path)).status == 204
    assert (await admin.get(path)).status == 404


async def test_members_join_leave_and_are_paged(admin: Admin) -> None:
    people = sorted([await person(admin, displayName=f"P{n}") for n in range(5)])
    group = await made(admin, members=people[:2])
    path = f"/groups/{group['id']}"

    joined = await admin.post(f"{path}/members", {"members": people[2:]})
    assert (joined.status, joined.body["memberCount"]) == (200, 5)
    pages = await admin.pages(f"{path}/members", 2)
    assert [[row["id"] for row in page] for page in pages] == [people[:2], people[2:4], people[4:]]
    assert {row["type"] for page in pages for row in page} == {"User"}
    assert pages[0][0]["displayName"].startswith("P")
    left = await admin.send("DELETE", f"{path}/members", {"members": people[1:]})
    assert (left.status, left.body["memberCount"]) == (200, 1)


async def test_who_does_not_exist_cannot_join(admin: Admin, other_admin: Admin) -> None:
    group, stranger = await made(admin), await person(other_admin)

    for each in (stranger, str(new_id())):
        answer = await admin.post(f"/groups/{group['id']}/members", {"members": [each]})
        assert answer.status == 422
        assert each in answer.body["detail"]


@pytest.mark.parametrize("body", [{}, {"members": []}, {"members": ["x"]}, {"members": None}])
async def test_members_that_are_refused_are_named(admin: Admin, body: dict[str, Any]) -> None:
    group = await made(admin)

    for method in ("POST", "DELETE"):
        answer = await admin.send(method, f"/groups/{group['id']}/members", body)
        assert answer.status == 422
        assert answer.body["errors"][0]["pointer"].startswith("#/members")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/members"),
        ("POST", "/members"),
        ("DELETE", "/members"),
    ],
)
async def test_a_group_of_another_organization_is_not_there(
    admin: Admin, other_admin: Admin, method: str, path: str
) -> None:
    group = await made(other_admin)
    body = {"members": [str(new_id())]} if path and method != "GET" else None
    body = {} if method == "PATCH" else body

    answer = await admin.send(method, f"/groups/{group['id']}{path}", body)

    assert answer.status == 404


async def test_a_name_that_is_taken_is_a_conflict(admin: Admin) -> None:
    group = await made(admin)

    assert (
        await admin.post("/groups", {"displayName": group["displayName"].upper()})
    ).status == 409


async def test_what_the_provider_made_is_changed_with_a_warning(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    scim = Scim(served, tenant.token)
    group_id = (await scim.post("/Groups", {"displayName": name()})).body["id"]
    member = await person(admin)

    joined = await admin.post(f"/groups/{group_id}/members", {"members": [member]})
    assert [each["attribute"] for each in joined.body["warnings"]] == ["members"]
    renamed = await admin.patch(f"/groups/{group_id}", {"displayName": name()})
    assert [each["attribute"] for each in renamed.body["warnings"]] == ["displayName"]
