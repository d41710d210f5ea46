"""How Entra sends roleId: not in the POST if it is in the core URN, but one cycle later; or as app roles."""

from typing import Any

import orjson
import pytest

from eventstore.read import read
from schema.scim.urns import CLM_USER, USER
from tests.clients.entra import APP_ROLE, DIALECTS, Dialect, new_user, provision
from tests.serving import Scim, Served, Tenant

CORE_PATH = f"{USER}:roleId"
EDITOR = "Editor"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_role_comes_one_cycle_later_and_repeats_without_an_event(
    served: Served, scim: Scim, organization: Tenant, dialect: Dialect
) -> None:
    user_id = await provision(scim, new_user("Ada Lovelace"))
    first = (await scim.get(f"/Users/{user_id}")).body
    role = dialect.add(CORE_PATH, organization.roles[EDITOR])

    second = await scim.patch(f"/Users/{user_id}", role)
    third = await scim.patch(f"/Users/{user_id}", role)

    assert first["roleId"] == organization.roles["Reader"]
    assert second.body["roleId"] == organization.roles[EDITOR]
    assert second.body[CLM_USER] == {"roleId": organization.roles[EDITOR]}
    assert third.body == second.body
    events = await read(served.owner, organization.id, after=4, limit=10)
    assert [each.type for each in events] == ["UserProvisioned", "RoleAssigned"]
    assert orjson.loads(events[1].data) == {
        "roleId": organization.roles[EDITOR],
        "previousRoleId": organization.roles["Reader"],
    }


SHAPES = [
    {"roleId": "{role}"},
    {"ROLEID": "{role}"},
    {CORE_PATH: "{role}"},
    {USER: {"roleId": "{role}"}},
    {CLM_USER: {"roleId": "{role}"}},
    {f"{CLM_USER}:roleId": "{role}"},
    {"roles": [{"primary": True, "type": APP_ROLE, "value": "Editor"}]},
    {"roles": [{"primary": "True", "type": APP_ROLE, "value": "editor"}]},
    {"roles": [{"primary": False, "type": APP_ROLE, "displayName": "X", "value": "{role}"}]},
]


def filled(shape: Any, organization: Tenant) -> Any:
    """Return a shape with the role's UUID filled in."""
    return orjson.loads(orjson.dumps(shape).decode().replace("{role}", organization.roles[EDITOR]))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_role_is_taken_in_every_shape(
    scim: Scim, organization: Tenant, shape: dict[str, Any], method: str
) -> None:
    sent = filled(shape, organization)
    if method == "POST":
        answer = await scim.post("/Users", new_user("Ada Lovelace", **sent))
    else:
        path = f"/Users/{await provision(scim, new_user('Ada Lovelace'))}"
        patch = {"op": "replace", "value": sent}
        answer = (
            await scim.patch(path, patch)
            if method == "PATCH"
            else await scim.put(path, new_user("Ada Lovelace", **sent))
        )

    assert answer.status in (200, 201), answer.body
    assert answer.body["roleId"] == organization.roles[EDITOR]


PATHS = ["roleId", "ROLEID", CORE_PATH, CORE_PATH.upper(), f"{CLM_USER}:roleId"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("op", ["Add", "replace"])
async def test_a_role_is_taken_by_every_path(
    scim: Scim, organization: Tenant, path: str, op: str
) -> None:
    user_id = await provision(scim, new_user("Ada Lovelace"))
    change = {"op": op, "path": path, "value": organization.roles[EDITOR]}

    patched = await scim.patch(f"/Users/{user_id}", change)

    assert patched.body["roleId"] == organization.roles[EDITOR]


@pytest.mark.parametrize("path", ["roleId", CORE_PATH, f"{CLM_USER}:roleId"])
async def test_a_role_is_found_by_its_names(scim: Scim, organization: Tenant, path: str) -> None:
    role_id = organization.roles[EDITOR]
    made = await scim.post("/Users", new_user("Ada Lovelace", roleId=role_id))

    found = await scim.find("/Users", filter=f'{path} eq "{role_id}"')

    assert found.body["Resources"] == [made.body]


async def test_a_role_that_is_removed_makes_a_reader(scim: Scim, organization: Tenant) -> None:
    body = new_user("Ada Lovelace", roleId=organization.roles[EDITOR])
    made = await scim.post("/Users", body)

    removed = await scim.patch(f"/Users/{made.body['id']}", {"op": "Remove", "path": CORE_PATH})

    assert removed.body["roleId"] == organization.roles["Reader"]


async def test_an_app_role_that_is_updated_comes_as_json_in_a_text(
    scim: Scim, organization: Tenant
) -> None:
    user_id = await provision(scim, new_user("Ada Lovelace"))
    app_role = {"id": "06b07648-ecfe-589f-9d2f-6325724a46ee", "value": "25", "displayName": EDITOR}
    value = [{"value": orjson.dumps(app_role).decode()}]

    patched = await scim.patch(f"/Users/{user_id}", {"op": "Add", "path": "roles", "value": value})

    assert patched.body["roleId"] == organization.roles[EDITOR]
    assert patched.body["roles"] == value


async def test_an_app_role_that_follows_another_wins(scim: Scim, organization: Tenant) -> None:
    first, second = (
        [{"primary": False, "type": APP_ROLE, "value": each}] for each in (EDITOR, "Validator")
    )
    made = await scim.post("/Users", new_user("Ada Lovelace", roles=first))
    change = {"op": "replace", "path": "roles", "value": second}

    patched = await scim.patch(f"/Users/{made.body['id']}", change)

    assert made.body["roleId"] == organization.roles[EDITOR]
    assert patched.body["roleId"] == organization.roles["Validator"]
    assert patched.body["roles"] == second


async def test_a_primary_app_role_is_replaced_by_its_value_path(
    scim: Scim, organization: Tenant
) -> None:
    roles = [{"primary": "True", "type": APP_ROLE, "value": EDITOR}]
    made = await scim.post("/Users", new_user("Ada Lovelace", roles=roles))
    path = 'roles[primary eq "True"].value'
    change = {"op": "Replace", "path": path, "value": "Contributor"}

    patched = await scim.patch(f"/Users/{made.body['id']}", change)

    assert patched.body["roleId"] == organization.roles["Contributor"]
    assert patched.body["roles"] == [{"primary": True, "type": APP_ROLE, "value": "Contributor"}]


async def test_an_app_role_that_names_none_of_the_five_roles_is_only_stored(
    scim: Scim, organization: Tenant
) -> None:
    roles = [{"primary": True, "type": APP_ROLE, "value": "msiam_access"}]

    made = await scim.post("/Users", new_user("Ada Lovelace", roles=roles))

    assert made.body["roles"] == roles
    assert made.body["roleId"] == organization.roles["Reader"]


async def test_app_roles_and_a_role_id_that_disagree_are_refused(
    scim: Scim, organization: Tenant
) -> None:
    named = {"roles": [{"value": EDITOR}], "roleId": organization.roles["Reader"]}

    refused = await scim.post("/Users", new_user("Ada Lovelace", **named))

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")


async def test_a_user_with_two_app_roles_gets_an_account_with_the_stronger_one(
    scim: Scim, organization: Tenant
) -> None:
    roles = [
        {"primary": False, "type": APP_ROLE, "displayName": each, "value": each}
        for each in ("Reader", "Administrator", EDITOR)
    ]

    made = await scim.post("/Users", new_user("Ada Lovelace", roles=roles))

    assert (made.status, made.body["roles"]) == (201, roles)
    assert made.body["roleId"] == organization.roles[EDITOR]
