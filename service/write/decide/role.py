"""Which role a request assigns: by roleId, or by Entra's app roles in `roles` (reference §6)."""

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
    """Return the role that a roleId means. Errors: InvalidValue for one of no role here."""
    role_id = _as_role(text, organization, by_name=False)
    if role_id is None:
        raise InvalidValue(
            f"roleId {text[:100]!r} is none of this organization's roles; list them with GET /Roles."
        )
    return role_id


class Assigned(NamedTuple):
    """The role that a request assigns, None where it speaks of none, and those it had to be chosen from."""

    role_id: UUID | None
    conflict: tuple[UUID, ...] = ()  # Strongest first; empty where there was nothing to choose.


def assigned_role(organization: Organization, role_text: str | None, named: set[UUID]) -> Assigned:
    """Return the role that one request assigns: roleId decides where `roles` names it, too.

    Errors: InvalidValue where roleId is a role that `roles` does not name.
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
    """Return the one of the roles that `roles` names: a refusal would leave a person without an account."""
    ordered = (organization.roles[name] for name in ROLE_PRECEDENCE)
    found = tuple(role_id for role_id in ordered if role_id in named)
    return Assigned(found[0] if found else None, found if len(found) > 1 else ())


def named_roles(elements: list[Document] | None, organization: Organization) -> set[UUID]:
    """Return the organization's roles that the elements of `roles` name; other elements name none."""
    found = (_named_role(each, organization) for each in elements or ())
    return {role_id for role_id in found if role_id}


def effective_roles(elements: list[Document] | None, organization: Organization) -> set[UUID]:
    """Return those of the named roles that count: where primary elements name any, theirs."""
    primary = [each for each in elements or () if each.get("primary") is True]
    return named_roles(primary, organization) or named_roles(elements, organization)


def role_left(elements: list[Document] | None, organization: Organization) -> Assigned:
    """Return the role of who has lost another: one that is still named, else the default one."""
    left = effective_roles(elements, organization)
    return chosen_role(left or {organization.default_role_id}, organization)


def sent_roles(operations: tuple[Operation, ...], after: list[Document]) -> list[Document]:
    """Return the elements of `roles` that the operations of a PATCH write and leave, `after` all of them.

    Operations apply in order: what a later one takes away again assigns nothing.
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
    """Return the role that an app role names by its value or, where that names none, by what it is called."""
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
        # Entra sends {"id": …, "value": …, "displayName": …} as text when it updates (CUSTOM).
        with suppress(orjson.JSONDecodeError):
            told = orjson.loads(value)
            yield from (told.get(key) for key in ("value", "displayName", "id"))
    yield from (value, element.get("displayName"), element.get("display"))


def _as_role(text: str, organization: Organization, *, by_name: bool) -> UUID | None:
    wanted = text.lower()
    for name, role_id in organization.roles.items():
        if wanted == str(role_id) or (by_name and wanted == name.lower()):
            return role_id
    return None
