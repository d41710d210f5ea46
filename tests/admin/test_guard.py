"""The guard over SCIM and the admin API: a wave is held, and people decide on it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.ids import new_id
from service.organizations.access import guard
from tests.admin.client import Admin
from tests.invariants import check_log
from tests.serving import Answer, Scim, Served, Tenant, make_tenant, patch_op

TIGHT = {"enabled": True, "maxUsers": 1, "maxPercent": 20, "windowMinutes": 60}
INACTIVE = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
async def tenant(served: Served) -> AsyncIterator[Tenant]:
    """Give an organization of the test's own: a wave concerns everybody in it."""
    made = await make_tenant(served.runtime, f"Contoso {new_id()}")
    yield made
    await check_log(served.owner, served.runtime.sealer, made.id)


@pytest.fixture
def scim(served: Served, tenant: Tenant) -> Scim:
    """Give the provisioning client of the organization."""
    return Scim(served, tenant.token)


@pytest.fixture
async def people(scim: Scim, tenant: Tenant) -> list[str]:
    """Give four people, of whom the last is an Administrator."""
    roles = ["Reader", "Editor", "Editor", "Administrator"]
    made = [
        await scim.post("/Users", {"userName": f"p{number}", "roleId": tenant.roles[each]})
        for number, each in enumerate(roles)
    ]
    return [str(each.body["id"]) for each in made]


async def tighten(admin: Admin, **values: Any) -> None:
    """Set the guard."""
    answer = await admin.send("PUT", "/guard", {**TIGHT, **values})
    assert (answer.status, answer.body["inForce"]) == (200, True), answer


async def deactivate(scim: Scim, user_id: str) -> Answer:
    """Deactivate a user as Entra does."""
    return await scim.patch(f"/Users/{user_id}", INACTIVE)


async def holds(admin: Admin) -> list[dict[str, Any]]:
    """Return the holds, latest first."""
    answer = await admin.get("/guard/holds")
    assert answer.status == 200, answer
    return list(answer.body["items"])


def ids(people: list[dict[str, Any]]) -> list[str]:
    """Return the ids of people in a hold."""
    return [each["id"] for each in people]


async def test_a_new_organization_is_guarded_after_a_day(admin: Admin, scim: Scim) -> None:
    guard = (await admin.get("/guard")).body

    assert guard.pop("inForceFrom") is not None
    assert guard == {
        "enabled": True,
        "maxUsers": 10,
        "maxPercent": 20,
        "windowMinutes": 60,
        "inForce": False,
    }


async def test_a_wave_is_held_and_the_rest_goes_on(
    admin: Admin, scim: Scim, people: list[str]
) -> None:
    await tighten(admin)

    assert (await deactivate(scim, people[0])).status == 200
    held = await deactivate(scim, people[1])
    again = await deactivate(scim, people[1])
    later = await deactivate(scim, people[2])

    (hold,) = await holds(admin)
    assert [each.status for each in (held, again, later)] == [429] * 3
    assert held.headers["Retry-After"] == "60"
    assert hold["id"] in held.body["detail"]
    assert (hold["kind"], hold["state"], hold["userCount"]) == ("deactivation", "open", 2)
    assert ids(hold["users"]) == sorted(people[1:3])
    assert (hold["users"][0]["userName"], hold["users"][0]["role"]) == ("p1", "Editor")
    assert (ids(hold["passed"]), hold["passedCount"], hold["activeUsers"]) == (people[:1], 1, 4)
    assert (
        await scim.patch(f"/Users/{people[1]}", {"op": "add", "path": "title", "value": "B"})
    ).status == 200
    assert (await scim.post("/Users", {"userName": "new"})).status == 201
    assert (await scim.get(f"/Users/{people[1]}")).body["active"] is True


async def test_approved_changes_pass_once_and_no_others(
    admin: Admin, scim: Scim, people: list[str]
) -> None:
    await tighten(admin)
    for each in people[:2]:
        await deactivate(scim, each)
    (hold,) = await holds(admin)
    path = f"/guard/holds/{hold['id']}/approve"

    stale = await admin.post(path, {"users": 2})
    assert (stale.status, stale.body["type"]) == (409, "urn:scim-ledger:problem:conflict")
    approved = await admin.post(path, {"users": 1})
    assert (approved.status, approved.body["state"]) == (200, "approved")
    assert approved.body["endsAt"] > approved.body["decidedAt"]
    assert (await admin.post(path)).body == approved.body
    assert (await deactivate(scim, people[1])).status == 200
    assert (await deactivate(scim, people[2])).status == 429
    await scim.patch(f"/Users/{people[1]}", {**INACTIVE, "value": True})
    assert (await deactivate(scim, people[1])).status == 429
    latest, first = await holds(admin)
    assert (ids(latest["users"]), first["id"]) == (sorted(people[1:3]), hold["id"])


async def test_rejected_changes_are_refused_until_they_are_approved(
    admin: Admin, scim: Scim, people: list[str]
) -> None:
    await tighten(admin)
    for each in people[:2]:
        await deactivate(scim, each)
    (hold,) = await holds(admin)

    assert (await admin.post(f"/guard/holds/{hold['id']}/reject")).body["state"] == "rejected"
    refused = await deactivate(scim, people[1])
    assert (refused.status, hold["id"] in refused.body["detail"]) == (400, True)
    await admin.post(f"/guard/holds/{hold['id']}/approve")
    assert (await deactivate(scim, people[1])).status == 200


async def test_in_a_bulk_each_operation_is_judged(
    admin: Admin, scim: Scim, people: list[str]
) -> None:
    await tighten(admin)
    operations: list[dict[str, Any]] = [
        {"method": "DELETE", "path": f"/Users/{each}"} for each in people[:3]
    ]
    operations.append(
        {"method": "POST", "path": "/Users", "bulkId": "n", "data": {"userName": "n"}}
    )

    answer = await scim.post("/Bulk", {"Operations": operations})

    assert [each["status"] for each in answer.body["Operations"]] == ["204", "429", "429", "201"]
    (hold,) = await holds(admin)
    assert (hold["kind"], ids(hold["users"])) == ("deletion", sorted(people[1:3]))
    (passed,) = hold["passed"]
    assert (passed["id"], passed["userName"], passed["active"]) == (people[0], None, False)


async def test_a_role_group_is_not_emptied_by_mistake(
    admin: Admin, scim: Scim, people: list[str]
) -> None:
    members = [{"value": each} for each in people[:3]]
    made = await scim.post("/Groups", {"displayName": "Staff", "members": members})
    path = f"/Groups/{made.body['id']}"
    items = [{"displayName": "staff", "role": "Editor"}]
    await admin.send("PUT", "/role-groups", {"items": items})
    await tighten(admin)
    removal = {"method": "DELETE", "path": path}
    rename = {"op": "replace", "path": "displayName", "value": "Other"}

    assert (await scim.put(path, {"displayName": "Staff", "members": []})).status == 429
    bulk = await scim.post("/Bulk", {"Operations": [removal]})
    assert bulk.body["Operations"][0]["status"] == "429"
    (hold,) = await holds(admin)
    assert (hold["kind"], ids(hold["users"])) == ("removal", sorted(people[:3]))
    # Only one of them has the role from the group: the rest had roles of their own.
    assert (await scim.patch(path, rename)).status == 200
    await admin.post(f"/guard/holds/{hold['id']}/approve")
    await scim.patch(path, {**rename, "value": "Staff"})
    assert (await scim.delete(path)).status == 204


async def test_the_people_of_a_hold_are_paged(
    admin: Admin, scim: Scim, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await tighten(admin, maxUsers=0, maxPercent=0)
    for each in people[:3]:
        await deactivate(scim, each)
    (hold,) = await holds(admin)

    pages = await admin.pages(f"/guard/holds/{hold['id']}/users", limit=2)
    assert [ids(page) for page in pages] == [sorted(people[:3])[:2], sorted(people[:3])[2:]]
    passed = await admin.get(f"/guard/holds/{hold['id']}/users?which=passed")
    assert passed.body == {"items": [], "nextCursor": None}
    monkeypatch.setattr(guard, "LISTED_MAX", 2)
    (hold,) = await holds(admin)
    assert (hold["userCount"], ids(hold["users"])) == (3, sorted(people[:3])[:2])
    one = (await admin.get(f"/guard/holds/{hold['id']}")).body
    assert ids(one["users"]) == sorted(people[:3])
    for each in people[:3]:
        await scim.delete(f"/Users/{each}")
    kinds = [[each["kind"] for each in page] for page in await admin.pages("/guard/holds", limit=1)]
    assert kinds == [["deletion"], ["deactivation"]]
    assert (await admin.get("/guard/holds?state=approved")).body["items"] == []


async def test_a_guard_that_is_off_holds_nothing(
    admin: Admin, scim: Scim, people: list[str]
) -> None:
    await tighten(admin, maxUsers=0, maxPercent=0)
    assert (await deactivate(scim, people[0])).status == 429

    off = await admin.send("PUT", "/guard", {**TIGHT, "enabled": False})
    assert (off.body["inForce"], off.body["inForceFrom"]) == (False, None)
    assert (await deactivate(scim, people[0])).status == 200


async def test_the_last_administrator_among_people_stays(
    admin: Admin, scim: Scim, tenant: Tenant, people: list[str]
) -> None:
    path = f"/Users/{people[3]}"
    editor = {"op": "replace", "path": "roleId", "value": tenant.roles["Editor"]}

    refused = [
        await deactivate(scim, people[3]),
        await scim.patch(path, editor),
        await scim.put(path, {"userName": "p3", "active": False}),
        await scim.delete(path),
    ]
    assert [each.status for each in refused] == [400] * 4
    await scim.patch(f"/Users/{people[0]}", {**editor, "value": tenant.roles["Administrator"]})
    assert (await scim.delete(path)).status == 204


async def test_what_is_held_is_not_there_for_others(
    admin: Admin, other_admin: Admin, scim: Scim, people: list[str]
) -> None:
    await tighten(admin, maxUsers=0, maxPercent=0)
    await deactivate(scim, people[0])
    (hold,) = await holds(admin)
    path = f"/guard/holds/{hold['id']}"

    assert (await admin.get(path)).body == hold
    assert await holds(other_admin) == []
    for answer in (
        await other_admin.get(path),
        await other_admin.get(f"{path}/users"),
        await other_admin.post(f"{path}/approve"),
        await admin.post(f"/guard/holds/{new_id()}/reject"),
    ):
        assert answer.status == 404


@pytest.mark.parametrize(
    "values", [{}, {**TIGHT, "maxUsers": -1}, {**TIGHT, "maxPercent": "5"}, {**TIGHT, "more": 1}]
)
async def test_a_guard_is_set_as_a_whole(admin: Admin, values: dict[str, Any]) -> None:
    answer = await admin.send("PUT", "/guard", values)

    assert (answer.status, bool(answer.body["errors"])) == (422, True)


async def test_one_request_is_held_as_a_whole(admin: Admin, scim: Scim, people: list[str]) -> None:
    members = [{"value": each} for each in people]
    made = await scim.post("/Groups", {"displayName": "All", "members": members})
    await admin.send("PUT", "/role-groups", {"items": [{"displayName": "All", "role": "Editor"}]})
    await tighten(admin)
    body = patch_op({"op": "remove", "path": "members", "value": members})

    answer = await scim.send("PATCH", f"/Groups/{made.body['id']}", body)

    assert answer.status == 429
    shown = await scim.get(f"/Groups/{made.body['id']}")
    assert len(shown.body["members"]) == 4
