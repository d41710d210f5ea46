"""What the interoperability profiles forbid and this service otherwise accepts. An organization may ask for it."""

from collections.abc import Sequence
from typing import Any

from schema.scim import urns
from schema.scim.errors import InvalidPath, InvalidSyntax, InvalidValue
from schema.scim.resource_type import ResourceType

NAME_LENGTH_MAX = 200  # Characters of a name that a refusal repeats.
NEVER_LISTED = (
    "password"  # In schemas of organizations that never listed it, it is an unknown attribute.
)


def refuse_loose_document(
    sent: Any, resource_type: ResourceType, ignored: Sequence[str], *, has_password: bool
) -> None:
    """Raise InvalidSyntax for a resource without its schema in `schemas`, InvalidValue for unknown attributes."""
    _refuse_missing_schema(sent, resource_type.schema.id)
    unknown = list(ignored)
    if not has_password:
        unknown += [key for key in sent if key.lower() == NEVER_LISTED]
    _refuse_ignored(unknown)


def refuse_loose_patch(sent: Any, ignored: Sequence[str]) -> None:
    """Raise InvalidSyntax, InvalidValue or InvalidPath for a PatchOp that only a lenient service takes."""
    _refuse_missing_schema(sent, urns.PATCH_OP)
    operations = _member(sent, "operations")
    if not operations:
        raise InvalidSyntax("Operations is empty; send at least one operation.")
    for operation in operations:
        if not _member(operation, "path"):
            raise InvalidPath("An operation has no path; name the attribute that it changes.")
    _refuse_ignored(ignored)


def _refuse_missing_schema(sent: Any, urn: str) -> None:
    schemas = _member(sent, "schemas")
    if not isinstance(schemas, list) or urn.lower() not in {str(each).lower() for each in schemas}:
        raise InvalidSyntax(f"schemas must list {urn}.")


def _refuse_ignored(names: Sequence[str]) -> None:
    if names:
        raise InvalidValue(
            f"{names[0][:NAME_LENGTH_MAX]} is an attribute that no schema here has; leave it out."
        )


def _member(sent: Any, name: str) -> Any:
    """Return a member of an object by its name in lower case."""
    if not isinstance(sent, dict):
        return None
    return next((value for key, value in sent.items() if key.lower() == name), None)
