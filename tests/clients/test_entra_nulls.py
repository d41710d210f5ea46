"""The nulls and empty strings that Entra sends: a POST ignores them, a PATCH removes the value."""

from typing import Any

import pytest

from schema.scim.urns import CLM_USER, USER
from tests.clients.entra import MISSPELT, new_user, provision
from tests.serving import Scim

NULLS: dict[str, Any] = {
    "schemas": [USER, MISSPELT],
    "externalId": "jyoung",
    "userName": "jyoung@testuser.com",
    "active": True,
    "addresses": None,
    "displayName": "Joy Young",
    "emails": [{"type": "work", "value": "jyoung@Contoso.com", "primary": True}],
    "meta": {"resourceType": "User"},
    "name": {"familyName": "Young", "givenName": "Joy"},
    "phoneNumbers": None,
    "preferredLanguage": None,
    "title": None,
    "department": None,
    "manager": None,
}


async def test_a_body_with_nulls_is_taken_without_them(scim: Scim) -> None:
    made = await scim.post("/Users", NULLS)

    sent = {name for name, value in NULLS.items() if value is not None}
    assert made.status == 201
    assert made.body.keys() == sent | {"id", "roleId", CLM_USER}
    assert made.body["schemas"] == [USER, CLM_USER]


async def test_nulls_in_sub_attributes_are_taken_without_them(scim: Scim) -> None:
    address = {"type": "work", "streetAddress": None, "locality": "London", "region": None}

    made = await scim.post("/Users", new_user("Ada Lovelace", addresses=[address], roles=[]))

    assert made.body["addresses"] == [{"type": "work", "locality": "London"}]


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("is_verbose", [True, False])
async def test_an_empty_value_clears_an_optional_attribute(
    scim: Scim, empty: str | None, *, is_verbose: bool
) -> None:
    user_id = await provision(scim, new_user("Ada Lovelace", title="Countess"))
    verbose = [
        {"op": "replace", "path": "title", "value": empty},
        {"op": "replace", "path": "name.formatted", "value": empty},
    ]
    short = [{"op": "replace", "value": {"title": empty, "name.formatted": empty}}]

    cleared = await scim.patch(f"/Users/{user_id}", *(verbose if is_verbose else short))

    assert cleared.status == 200
    assert "title" not in cleared.body
    assert cleared.body["name"] == {"familyName": "Lovelace", "givenName": "Ada"}
