"""Which role a request assigns: by roleId, or by Entra's app roles in `roles`.

docs/reference/client-quirks.md lists what Entra sends.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from schema.events.organization import ROLE_PRECEDENCE, Organization
from schema.scim.attributes import Document
from schema.scim.errors import InvalidValue
from schema.scim.patch.operations import Kind, Operation
from schema.scim.value import read_value


def role_by_id(text: str, organization: Organization) -> UUID:
    """Return the role that a roleId means. Errors: InvalidValue if the organization has no such role."""
    role_id = _as_role(text, organization, by_name=False)
    if role_id is None:
        raise InvalidValue(
            f"roleId {text[:100]!r} is none of this organization's roles; list them with GET /Roles."
        )
    return role_id


class Assigned(NamedTuple):
    """The role that a request assigns (None if it names none), and the roles it was chosen from."""

    role_id: UUID | None
    conflict: tuple[
        UUID, ...
    ] = ()  # In the order of ROLE_PRECEDENCE; empty if there was no choice.
    is_default: bool = False  # Nothing names a role any more: what a role group gives counts again.


NO_ROLE = Assigned(None)


def assigned_role(organization: Organization, role_text: str | None, named: set[UUID]) -> Assigned:
    """Return the role that one request assigns. If `roles` names several, roleId chooses among them.

    Errors: InvalidValue if `roles` names roles and roleId is not one of them.
    """
    if role_text is None:
        return chosen_role(named, organization)
    by_id = role_by_id(role_text, organization)
    if named and by_id not in named:
        raise InvalidValue(
            "roles and roleId name different roles; a user has exactly one: send one of them."
        )
    return Assigned(by_id)


def chosen_role(named: set[UUID], organization: Organization) -> Assigned:
    """Return the first named role in ROLE_PRECEDENCE: a refusal would leave a person without an account."""
    if not named:
        return NO_ROLE
    ordered = (organization.roles[name] for name in ROLE_PRECEDENCE)
    found = tuple(role_id for role_id in ordered if role_id in named)
    return Assigned(found[0] if found else None, found if len(found) > 1 else ())


def named_roles(elements: list[Document] | None, organization: Organization) -> set[UUID]:
    """Return the organization's roles that the elements of `roles` name; other elements are ignored."""
    found = (_named_role(each, organization) for each in elements or ())
    return {role_id for role_id in found if role_id}


def effective_roles(elements: list[Document] | None, organization: Organization) -> set[UUID]:
    """Return the named roles that count: if primary elements name any of the five, only those."""
    if not elements:
        return set()
    primary = [each for each in elements if each.get("primary") is True]
    return named_roles(primary, organization) or named_roles(elements, organization)


def role_left(elements: list[Document] | None, organization: Organization) -> Assigned:
    """Return the role of a user whose role was withdrawn: one that is still named, else the default role."""
    left = effective_roles(elements, organization)
    return chosen_role(left, organization) if left else default_role(organization)


def default_role(organization: Organization) -> Assigned:
    """Return the role of a user for whom a request takes back the role that it named before."""
    return Assigned(organization.default_role_id, is_default=True)


def sent_roles(operations: tuple[Operation, ...], after: list[Document]) -> list[Document]:
    """Return the elements of `roles` that a PATCH writes and that are in `after`, the list after all operations.

    Operations apply in order: an element that a later one removes again assigns nothing.
    """
    left = {each.get("value") for each in after}
    return [each for each in _written_roles(operations) if each.get("value") in left]


def _written_roles(operations: tuple[Operation, ...]) -> list[Document]:
    elements: list[Document] = []
    for operation in operations:
        path = operation.path
        is_roles = path.attribute.name == "roles" and not path.attribute_path.extension
        if not is_roles or operation.kind is Kind.REMOVE:
            continue
        value = read_value(path.attribute_path, operation.value, [])
        if path.sub_attribute:
            elements.append({path.sub_attribute.name: value})
        else:
            elements += value or []
    return elements


def _named_role(element: Document, organization: Organization) -> UUID | None:
    """Return the role that an app role names by its value or, failing that, by its display name."""
    roles = (
        _as_role(text, organization, by_name=True)
        for text in _names(element)
        if isinstance(text, str)
    )
    return next((role_id for role_id in roles if role_id), None)


def _names(element: Document) -> Iterator[Any]:
    value = element.get("value")
    if not value:
        return
    if isinstance(value, str) and value.startswith("{"):
        # Entra sends {"id": …, "value": …, "displayName": …} as text when it updates a user.
        with suppress(orjson.JSONDecodeError):
            sent = orjson.loads(value)
            yield from (sent.get(key) for key in ("value", "displayName", "id"))
    yield from (value, element.get("displayName"), element.get("display"))


def _as_role(text: str, organization: Organization, *, by_name: bool) -> UUID | None:
    wanted = text.lower()
    for name, role_id in organization.roles.items():
        if wanted == str(role_id) or (by_name and wanted == name.lower()):
            return role_id
    return None
