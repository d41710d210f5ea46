"""What Microsoft Entra sends, in both of its dialects (from its docs: use-scim-to-provision-users-and-groups)."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from schema.scim.urns import ENTERPRISE_USER, GROUP, USER
from tests.serving import Answer, Scim

MISSPELT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"  # From an older version of its documentation.
AD_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
APP_ROLE = "WindowsAzureActiveDirectoryRole"


def new_user(name: str, **more: Any) -> dict[str, Any]:
    """Return the body of a POST /Users for somebody in Entra's directory."""
    given, _, family = name.partition(" ")
    mail = f"{given}.{family}@contoso.com"
    return {
        "schemas": [USER, ENTERPRISE_USER],
        "externalId": str(uuid4()),
        "userName": mail,
        "active": True,
        "displayName": name,
        "emails": [{"primary": True, "type": "work", "value": mail}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": name, "familyName": family, "givenName": given},
        **more,
    }


def new_group(name: str, **more: Any) -> dict[str, Any]:
    """Return the body of a POST /Groups."""
    return {
        "schemas": [GROUP, AD_GROUP],
        "externalId": str(uuid4()),
        "displayName": name,
        "meta": {"resourceType": "Group"},
        **more,
    }


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a provisioning job writes changes: with `?aadOptscim062020` on the Tenant URL (flag), or without."""

    has_flag: bool

    def activate(self, *, active: bool) -> dict[str, Any]:
        """Return the operation that disables or restores a user."""
        if self.has_flag:
            return {"op": "replace", "path": "active", "value": active}
        return {"op": "Replace", "path": "active", "value": str(active)}

    def change(self, **attributes: Any) -> list[dict[str, Any]]:
        """Return the operations that change attributes. In a name, __ stands for a dot."""
        values = {name.replace("__", "."): value for name, value in attributes.items()}
        if self.has_flag:
            return [{"op": "replace", "value": values}]
        return [{"op": "Replace", "path": path, "value": each} for path, each in values.items()]

    def add(self, path: str, value: Any) -> dict[str, Any]:
        """Return the operation that gives a value to an attribute that had none."""
        if self.has_flag and path.startswith("urn:"):
            return {"op": "add", "value": {path: value}}
        return {"op": "add" if self.has_flag else "Add", "path": path, "value": value}

    def add_members(self, *ids: str) -> dict[str, Any]:
        """Return the operation that adds members to a group."""
        value = [{"$ref": None, "value": each} for each in ids]
        return {"op": "add" if self.has_flag else "Add", "path": "members", "value": value}

    def remove_members(self, *ids: str) -> list[dict[str, Any]]:
        """Return the operations that remove members from a group."""
        if self.has_flag:
            return [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in ids]
        value = [{"$ref": None, "value": each} for each in ids]
        return [{"op": "Remove", "path": "members", "value": value}]


LEGACY = Dialect(has_flag=False)
FLAG = Dialect(has_flag=True)
DIALECTS = [LEGACY, FLAG]


async def match_user(scim: Scim, attribute: str, value: str) -> list[dict[str, Any]]:
    """Return the users that a matching attribute finds."""
    return _found(await scim.find("/Users", filter=f'{attribute} eq "{value}"'))


async def match_group(scim: Scim, name: str) -> list[dict[str, Any]]:
    """Return the groups with a name. Entra asks for them without members."""
    query = {"excludedAttributes": "members", "filter": f'displayName eq "{name}"'}
    return _found(await scim.find("/Groups", **query))


def _found(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200
    found = answer.body["Resources"]
    assert answer.body["totalResults"] == answer.body["itemsPerPage"] == len(found)
    assert not any("members" in each for each in found)
    return list(found)


async def provision(scim: Scim, body: dict[str, Any]) -> str:
    """Match a user by externalId, then by userName. Create or link it. Return its id."""
    found = await match_user(scim, "externalId", body["externalId"])
    found = found or await match_user(scim, "userName", body["userName"])
    if not found:
        made = await scim.post("/Users", body)
        assert made.status == 201, made
        return str(made.body["id"])
    assert len(found) == 1
    missing = {
        name: value
        for name, value in body.items()
        if name not in ("schemas", "meta") and found[0].get(name) != value
    }
    if missing:
        linked = await scim.patch(f"/Users/{found[0]['id']}", *LEGACY.change(**missing))
        assert linked.status == 200, linked
    return str(found[0]["id"])


async def provision_group(scim: Scim, body: dict[str, Any], members: list[str]) -> str:
    """Match a group by name, or create it. Then add its members."""
    found = await match_group(scim, body["displayName"])
    shown = found[0] if found else (await scim.post("/Groups", body)).body
    added = await scim.patch(f"/Groups/{shown['id']}", LEGACY.add_members(*members))
    assert added.status in (200, 204), added
    return str(shown["id"])
