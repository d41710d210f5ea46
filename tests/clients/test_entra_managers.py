"""The shapes in which Entra sends a manager, and managers who do not exist yet."""

from typing import Any

import pytest

from schema.scim.urns import ENTERPRISE_USER
from tests.clients.entra import new_user, provision
from tests.serving import Scim

PATH = f"{ENTERPRISE_USER}:manager"
NOBODY = "01a20ac2-c1ba-72cf-a811-23dbe6a27250"
SET = [
    {"op": "Add", "path": "manager", "value": [{"$ref": "http://x/Users/id", "value": "{id}"}]},
    {"op": "Add", "path": PATH, "value": "{id}"},
    {"op": "Replace", "path": PATH, "value": "{id}"},
    {"op": "add", "path": PATH, "value": {"value": "{id}"}},
    {"op": "replace", "path": PATH, "value": {"value": "{id}"}},
    {"op": "replace", "path": f"{PATH}.value", "value": "{id}"},
    {"op": "replace", "value": {PATH: "{id}"}},
    {"op": "add", "value": {ENTERPRISE_USER: {"manager": {"value": "{id}"}}}},
]
CLEAR = [
    {"op": "Remove", "path": PATH},
    {"op": "replace", "path": PATH, "value": ""},
    {"op": "replace", "path": PATH, "value": None},
    {"op": "replace", "path": PATH, "value": {"value": ""}},
    {"op": "replace", "path": PATH, "value": {"value": {"value": ""}}},
    {"op": "replace", "path": f"{PATH}.value", "value": ""},
    {"op": "replace", "value": {PATH: ""}},
]


def naming(shape: Any, user_id: str) -> Any:
    """Return an operation that names a user as the manager."""
    if isinstance(shape, dict):
        return {key: naming(each, user_id) for key, each in shape.items()}
    if isinstance(shape, list):
        return [naming(each, user_id) for each in shape]
    return user_id if shape == "{id}" else shape


@pytest.mark.parametrize("shape", SET, ids=str)
async def test_a_manager_is_set_in_every_shape(scim: Scim, shape: dict[str, Any]) -> None:
    manager = await provision(scim, new_user("Ada Lovelace"))
    user_id = await provision(scim, new_user("Bob Noyce"))

    patched = await scim.patch(f"/Users/{user_id}", naming(shape, manager))

    assert patched.status == 200
    assert patched.body[ENTERPRISE_USER]["manager"]["value"] == manager


@pytest.mark.parametrize("shape", CLEAR, ids=str)
async def test_a_manager_is_cleared_in_every_shape(scim: Scim, shape: dict[str, Any]) -> None:
    reference = {"value": NOBODY, "$ref": f"../Users/{NOBODY}"}
    manager = {ENTERPRISE_USER: {"manager": reference, "department": "Engines"}}
    user_id = await provision(scim, new_user("Bob Noyce", **manager))

    patched = await scim.patch(f"/Users/{user_id}", shape)

    assert patched.status == 200
    assert patched.body[ENTERPRISE_USER] == {"department": "Engines"}


async def test_a_manager_who_does_not_exist_is_taken(scim: Scim) -> None:
    manager = {ENTERPRISE_USER: {"manager": {"value": NOBODY}}}

    made = await scim.post("/Users", new_user("Bob Noyce", **manager))

    assert made.status == 201
    assert made.body[ENTERPRISE_USER]["manager"]["value"] == NOBODY


async def test_a_manager_is_probed_by_filter(scim: Scim) -> None:
    manager = await provision(scim, new_user("Ada Lovelace"))
    extension = {ENTERPRISE_USER: {"manager": {"value": manager}}}
    user_id = await provision(scim, new_user("Bob Noyce", **extension))

    probes = [f"id eq {user_id} and manager eq {each}" for each in (manager, user_id)]
    answers = [await scim.find("/Users", filter=each, attributes="id") for each in probes]

    assert [each.body["totalResults"] for each in answers] == [1, 0]
