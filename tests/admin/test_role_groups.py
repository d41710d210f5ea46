"""Role groups over the admin API: a list is saved, and membership gives roles from then on, by every way."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.ids import new_id
from service.write import batch, load_state
from service.write.load_guard import load_guard
from tests.admin.client import Admin, with_scope
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant, patch_op


@pytest.fixture
async def tenant(served: Served) -> AsyncIterator[Tenant]:
    """Give an organization of the test's own: a list of role groups concerns everybody in it."""
    made = await make_tenant(served.runtime, f"Contoso {new_id()}")
    yield made
    await check_log(served.owner, served.runtime.sealer, made.id)


@pytest.fixture
def scim(served: Served, tenant: Tenant) -> Scim:
    """Give the provisioning client of the organization."""
    return Scim(served, tenant.token)


async def user(scim: Scim, name: str, **attributes: Any) -> str:
    """Make a user and return its id."""
    made = await scim.post("/Users", {"userName": name, **attributes})
    return str(made.body["id"])


async def group(scim: Scim, name: str, *members: str) -> str:
    """Make a group and return its id."""
    body = {"displayName": name, "members": [{"value": each} for each in members]}
    return str((await scim.post("/Groups", body)).body["id"])


async def role(scim: Scim, tenant: Tenant, user_id: str) -> str:
    """Return the name of a user's role, as a client reads it, by both names of the attribute and by a filter."""
    shown = (await scim.get(f"/Users/{user_id}")).body
    clm = shown["urn:ietf:params:scim:schemas:extension:clm:2.0:User"]
    assert clm["roleId"] == shown["roleId"]
    found = await scim.find("/Users", filter=f'roleId eq "{shown["roleId"]}" and id eq "{user_id}"')
    assert found.body["totalResults"] == 1
    return next(name for name, each in tenant.roles.items() if each == shown["roleId"])


async def save(admin: Admin, *items: dict[str, Any], query: str = "", **more: Any) -> Any:
    """Save a list; return the answer's body."""
    answer = await admin.send("PUT", f"/role-groups{query}", {"items": items, **more})
    assert answer.status == 200, answer
    return answer.body


async def test_a_role_follows_its_group_by_every_way(
    admin: Admin, scim: Scim, tenant: Tenant
) -> None:
    jo, ann = await user(scim, "jo"), await user(scim, "ann")
    editors = await group(scim, "Editors")
    await save(
        admin, {"groupId": editors, "role": "Editor"}, {"displayName": "V", "role": "validator"}
    )

    async def roles() -> tuple[str, str]:
        return await role(scim, tenant, jo), await role(scim, tenant, ann)

    add = {"op": "add", "path": "members", "value": [{"value": jo}]}
    await scim.patch(f"/Groups/{editors}", add)
    assert await roles() == ("Editor", "Reader")
    members = [{"value": ann}]
    await scim.put(f"/Groups/{editors}", {"displayName": "Editors", "members": members})
    assert await roles() == ("Reader", "Editor")
    validators = await group(scim, "v", jo, ann)
    assert await roles() == ("Validator", "Editor")
    await scim.patch(
        f"/Groups/{validators}", {"op": "replace", "path": "displayName", "value": "W"}
    )
    assert await roles() == ("Reader", "Editor")
    operations = [
        {"method": "PATCH", "path": f"/Groups/{validators}", "data": patch_op(each)}
        for each in (
            {"op": "replace", "path": "displayName", "value": "V"},
            {"op": "remove", "path": f'members[value eq "{jo}"]'},
        )
    ]
    bulk = await scim.post("/Bulk", {"Operations": operations})
    assert [each["status"] for each in bulk.body["Operations"]] == ["200", "200"]
    assert await roles() == ("Reader", "Editor")
    await scim.delete(f"/Groups/{editors}")
    assert await roles() == ("Reader", "Validator")
    shown = (await admin.get("/role-groups")).body
    assert [
        (each["displayName"], each["groupId"], each["memberCount"]) for each in shown["items"]
    ] == [
        (None, editors, 0),
        ("V", validators, 1),
    ]
    await save(admin)
    assert await roles() == ("Reader", "Reader")


async def test_events_name_the_group_and_share_the_request(
    served: Served, admin: Admin, scim: Scim, tenant: Tenant
) -> None:
    jo = await user(scim, "jo")
    editors = await group(scim, "Editors")
    await save(admin, {"groupId": editors, "role": "Editor"})
    answer = await scim.patch(
        f"/Groups/{editors}", {"op": "add", "path": "members", "value": [{"value": jo}]}
    )
    rows = await served.owner.fetch(
        "SELECT type, data::jsonb->>'groupId' AS cause FROM eventstore.events "
        "WHERE organization_id = $1 AND request_id = $2 ORDER BY position",
        tenant.id,
        answer.headers["X-Request-Id"],
    )
    assert [tuple(each) for each in rows] == [("MembersAdded", None), ("RoleAssigned", editors)]
    again = await scim.get(f"/Users/{jo}")
    assert again.headers["ETag"] == 'W/"2"'


async def test_a_preview_saves_nothing_and_its_digest_is_that_of_the_save(
    admin: Admin, scim: Scim, tenant: Tenant
) -> None:
    jo, ann = await user(scim, "jo", displayName="Jo"), await user(scim, "ann", displayName="Ann")
    readers, editors = await group(scim, "Readers", ann), await group(scim, "Editors", jo, ann)
    items = [{"groupId": readers, "role": "Reader"}, {"groupId": editors, "role": "Editor"}]

    preview = await save(
        admin, *items, {"displayName": "None", "role": "Editor"}, query="?dryRun=true"
    )
    assert [
        (each["displayName"], each["before"], each["after"]) for each in preview["changes"]
    ] == [("Jo", "Reader", "Editor")]
    assert preview["counts"] == [{"before": "Reader", "after": "Editor", "users": 1}]
    assert preview["warnings"] == ["No group is called 'None' now."]
    assert (await admin.get("/role-groups")).body == {"items": [], "explicitWins": True}

    preview = await save(admin, *items, query="?dryRun=true")
    kim = await user(scim, "kim")
    add = {"op": "add", "path": "members", "value": [{"value": kim}]}
    await scim.patch(f"/Groups/{editors}", add)
    stale = await admin.send("PUT", "/role-groups", {"items": items, "digest": preview["digest"]})
    assert (stale.status, stale.body["type"]) == (409, "urn:scim-ledger:problem:conflict")
    preview = await save(admin, *items, query="?dryRun=true")
    await save(admin, *items, digest=preview["digest"])
    assert [await role(scim, tenant, each) for each in (jo, ann, kim)] == [
        "Editor",
        "Reader",
        "Editor",
    ]

    preview = await save(admin, *reversed(items), query="?dryRun=true")
    assert [each["after"] for each in preview["changes"]] == ["Editor"]
    preview = await save(admin, *items, query="?dryRun=true", explicitWins=False)
    assert preview["changes"] == []


async def test_a_preview_warns_about_a_weaker_group_that_comes_first(
    admin: Admin, scim: Scim
) -> None:
    ann = await user(scim, "ann", displayName="Ann")
    validators, editors = await group(scim, "Validators", ann), await group(scim, "Editors", ann)

    preview = await save(
        admin,
        {"groupId": validators, "role": "Validator"},
        {"groupId": editors, "role": "Editor"},
        query="?dryRun=true",
    )
    assert preview["warnings"] == [
        "Put Editors above Validators, or remove one: Ann is in both and would be Validator."
    ]


async def test_the_last_administrator_stays_and_the_preview_says_so(
    admin: Admin, scim: Scim, tenant: Tenant
) -> None:
    ann = await user(scim, "ann", roleId=tenant.roles["Administrator"])
    editors = await group(scim, "Editors", ann)
    items = [{"groupId": editors, "role": "Editor"}]

    preview = await save(admin, *items, query="?dryRun=true", explicitWins=False)
    assert "no active Administrator" in preview["refusal"]
    refused = await admin.send("PUT", "/role-groups", {"items": items, "explicitWins": False})
    assert (refused.status, refused.body["type"]) == (
        400,
        "urn:scim-ledger:problem:last-administrator",
    )
    await save(admin, *items)
    assert await role(scim, tenant, ann) == "Administrator"


@pytest.mark.parametrize(
    ("items", "pointer"),
    [
        ([{"role": "Editor"}], "#/items/0"),
        ([{"groupId": str(new_id()), "role": "Editor"}], "#/items/0/groupId"),
        (
            [{"displayName": "Y", "role": "Editor"}, {"displayName": "X", "role": "Boss"}],
            "#/items/1/role",
        ),
        (
            [{"displayName": "X", "role": "Editor"}, {"displayName": "x", "role": "Reader"}],
            "#/items/1",
        ),
        ([{"displayName": "X", "role": "Editor", "more": 1}], "#/items/0/more"),
        ("all", "#/items"),
    ],
)
async def test_a_list_that_means_nothing_is_refused_with_its_field(
    admin: Admin, items: Any, pointer: str
) -> None:
    answer = await admin.send("PUT", "/role-groups", {"items": items})

    assert answer.status == 422
    assert answer.body["errors"][0]["pointer"] == pointer


async def test_a_group_of_another_organization_is_not_there(
    served: Served, admin: Admin, scim: Scim, other_admin: Admin, stranger: Tenant
) -> None:
    theirs = await group(Scim(served, stranger.token), f"Theirs {new_id()}")

    answer = await admin.send(
        "PUT", "/role-groups", {"items": [{"groupId": theirs, "role": "Editor"}]}
    )
    assert answer.status == 422
    reader = Admin(served, with_scope(served, stranger, "admin:read"))
    assert (await reader.send("PUT", "/role-groups", {"items": []})).status == 403
    assert (await other_admin.get("/role-groups")).body["items"] == []


async def test_a_change_of_very_many_may_take_long_and_lets_go_of_them(
    admin: Admin, scim: Scim, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []

    async def watched(connection: Any, *loaded: Any) -> None:
        idle = await connection.fetchval("SHOW idle_in_transaction_session_timeout")
        seen.append((idle, gc.isenabled()))
        await load_guard(connection, *loaded)

    people = [await user(scim, f"p{number}") for number in range(4)]
    path = f"/Groups/{await group(scim, 'Many', *people)}"
    for module in (batch, load_state):
        monkeypatch.setattr(module, "LARGE", 2)
    monkeypatch.setattr(batch, "load_guard", watched)
    await save(admin, {"displayName": "many", "role": "Editor"}, query="?dryRun=true")

    await save(admin, {"displayName": "many", "role": "Editor"})
    assert [await role(scim, tenant, each) for each in people] == ["Editor"] * 4
    assert (await scim.put(path, {"displayName": "Many", "members": []})).status == 200
    assert [await role(scim, tenant, each) for each in people] == ["Reader"] * 4
    everyone = [{"value": each} for each in people]
    assert (await scim.put(path, {"displayName": "Many", "members": everyone})).status == 200
    assert (await scim.delete(path)).status == 204
    assert [await role(scim, tenant, each) for each in people] == ["Reader"] * 4

    assert seen == [("2min", False)] * 4
    async with asyncio.timeout(30):
        while not gc.isenabled():  # noqa: ASYNC110 - nothing says when it is enabled.
            await asyncio.sleep(0.01)
