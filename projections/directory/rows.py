"""The rows of the directory: pure functions from a state, as `evolve` made it, to a row."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from schema.events.group import Group
from schema.events.user import User
from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.definitions import GROUP
from schema.scim.filter.search_document import search_document
from schema.scim.resource import schemas_of
from schema.scim.resource_type import ResourceType
from schema.scim.text import fold


class UserRow(NamedTuple):
    """A row of directory.users, in the order of its columns without organization_id."""

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    origin: str
    active: bool
    role_id: UUID
    user_name_key: str
    external_id: str | None
    display_name_key: str | None
    employee_number_key: str | None
    email_keys: list[str]
    document: str
    search: str


class GroupRow(NamedTuple):
    """A row of directory.groups, in the order of its columns without organization_id."""

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    member_count: int
    display_name_key: str
    external_id: str | None
    document: str
    search: str


KEY_LENGTH_MAX = 256  # Characters of an indexed key that is not unique; filters compare the rest.


def user_row(user: User, resource_type: ResourceType) -> UserRow:
    """Return the row of a user."""
    attributes = user.attributes
    document = user_document(user, resource_type)
    display_name = attributes.get("displayName")
    employee_number = attributes.get(urns.ENTERPRISE_USER, {}).get("employeeNumber")
    return UserRow(
        user.id,
        user.version,
        user.created_at,
        user.modified_at,
        user.origin,
        user.active,
        user.role_id,
        fold(attributes["userName"]),
        attributes.get("externalId"),
        fold(display_name) if display_name else None,
        fold(employee_number)[:KEY_LENGTH_MAX] if employee_number else None,
        [
            fold(each["value"])[:KEY_LENGTH_MAX]
            for each in attributes.get("emails", ())
            if "value" in each
        ],
        orjson.dumps(document).decode(),
        orjson.dumps(search_document(document, resource_type)).decode(),
    )


def user_document(user: User, resource_type: ResourceType) -> Document:
    """Return the document of a user as it is served, without id, meta and groups.

    The role is served under both its names, so that a client that mapped the alias finds the value
    that it sent and does not send it again every cycle (reference §6.2).
    """
    role_id = str(user.role_id)
    held = {**user.attributes, urns.CLM_USER: {"roleId": role_id}}
    return {
        "schemas": schemas_of(held, resource_type),
        **user.attributes,
        "active": user.active,
        "roleId": role_id,
        urns.CLM_USER: held[urns.CLM_USER],
    }


def user_attributes(document: Document) -> Document:
    """Return the attributes of a user whose document was stored: the inverse of user_document."""
    return {key: value for key, value in document.items() if key not in NOT_ATTRIBUTES}


NOT_ATTRIBUTES = frozenset({"schemas", "active", "roleId", urns.CLM_USER})


def group_row(group: Group) -> GroupRow:
    """Return the row of a group; its members are rows of their own."""
    document: dict[str, Any] = {"schemas": schemas_of(group.attributes, GROUP), **group.attributes}
    return GroupRow(
        group.id,
        group.version,
        group.created_at,
        group.modified_at,
        group.member_count,
        fold(group.attributes["displayName"]),
        group.attributes.get("externalId"),
        orjson.dumps(document).decode(),
        orjson.dumps(search_document(document, GROUP)).decode(),
    )
