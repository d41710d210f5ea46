"""The operations of a PATCH request (RFC 7644 §3.5.2), read into one shape from both dialects."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from schema.scim.attributes import Document
from schema.scim.errors import InvalidSyntax, InvalidValue, Mutability, NoTarget, PayloadTooLarge
from schema.scim.json_slices import NotJson, loads
from schema.scim.json_text import without_mark
from schema.scim.json_values import count_values
from schema.scim.patch.operation_value import is_set_of_subs, only, read_removed, read_written
from schema.scim.patch.path import Path, parse_path
from schema.scim.resource import DERIVED, assignments
from schema.scim.resource_type import ResourceType
from schema.scim.value import refuse_nul

OPERATIONS_MAX = 1_000  # In one request; a client that needs more sends another.
PATHS_LENGTH_MAX = (
    400_000  # Characters of all paths of a request; to parse them takes a few tenths of a second.
)
TEXT_VALUES_MAX = (
    600_000  # Of JSON that is sent as text: 100,000 members with all that clients send.
)


class Kind(StrEnum):
    """What an operation does; clients write it in any case (Entra: `Add`, `Replace`, `Remove`)."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of one attribute; `value` is what read_written or read_removed returned."""

    kind: Kind
    path: Path
    value: Any = None


@dataclass(frozen=True, slots=True)
class Patch:
    """The operations of one request in order, and the unknown names in it."""

    operations: tuple[Operation, ...]
    ignored: tuple[str, ...] = ()


def read_patch(body: Any, resource_type: ResourceType, resource_id: str) -> Patch:
    """Return the operations of a PatchOp message; a value without a path is one operation per key.

    An empty list is a no-op (SCIMReferenceCode#112). Errors: InvalidSyntax, InvalidPath, InvalidFilter,
    InvalidValue, Mutability for attributes that only the service sets, NoTarget.
    """
    reader = _Reader(resource_type, resource_id)
    operations = [each for sent in _sent_operations(body) for each in reader.read(sent)]
    return Patch(tuple(operations), tuple(reader.ignored))


@dataclass(slots=True)
class _Reader:
    """Reads the operations on one resource, and collects the unknown names."""

    resource_type: ResourceType
    resource_id: str
    ignored: list[str] = field(default_factory=list)
    paths: dict[str, Path | None] = field(default_factory=dict)
    paths_length: int = 0  # Of all paths, in characters.

    def read(self, sent: Document) -> Iterator[Operation]:
        """Yield the changes that one operation of the message asks for."""
        kind, text, value = _read_kind(sent.get("op")), sent.get("path"), sent.get("value")
        if kind is not Kind.REMOVE and "value" not in sent:
            raise InvalidValue(
                f'{kind.capitalize()} needs a value; to clear an attribute, send "".'
            )
        if text is None or text == "":
            yield from self._read_pathless(kind, value)
            return
        if not isinstance(text, str):
            raise InvalidSyntax("path must be a string.")
        if self.resource_type.is_container(text):
            yield from self._read_container(kind, text, value)
            return
        path = self._parse_path(text)
        if path is None or path.attribute.name.lower() in DERIVED:
            self.ignored.append(text)
            return
        self._refuse_read_only(path, value)
        if path.attribute.is_kept:
            yield from self._operations(kind, path, value)

    def _parse_path(self, text: str) -> Path | None:
        """Return what a path selects, as parse_path does; a path that is repeated is parsed once."""
        if text not in self.paths:
            self.paths[text] = parse_path(text, self.resource_type)
            self.paths_length += len(text)
            if self.paths_length > PATHS_LENGTH_MAX:
                raise PayloadTooLarge(
                    f"The paths of the PATCH take more than {PATHS_LENGTH_MAX:,} characters in all; "
                    "send several requests."
                )
        return self.paths[text]

    def _operations(self, kind: Kind, path: Path, sent: Any) -> Iterator[Operation]:
        """Yield the changes at a path; there is none if the operation adds or removes nothing."""
        sent = _embedded_json(path, sent)
        if kind is Kind.REMOVE:
            yield from self._removals(path, sent)
            return
        value = read_written(path, sent, self.ignored)
        if kind is Kind.REPLACE or value != []:
            yield Operation(kind, path, value)

    def _removals(self, path: Path, sent: Any) -> Iterator[Operation]:
        """Yield the changes of a remove: with an empty list none, but a value path selects without a list."""
        if path.filter is not None and sent in ([], ""):
            sent = None
        if sent == [] or (sent == "" and path.attribute_path.target.multi_valued):
            return
        value, subs = read_removed(path, sent, self.ignored), only(sent)
        if not (is_set_of_subs(path) and isinstance(subs, dict)):
            yield Operation(Kind.REMOVE, path, value)
            return
        for name in subs:
            sub = path.attribute.sub_attribute(name)
            yield Operation(Kind.REMOVE, Path(replace(path.attribute_path, sub_attribute=sub)))

    def _read_pathless(self, kind: Kind, value: Any) -> Iterator[Operation]:
        if kind is Kind.REMOVE:
            # RFC 7644 §3.5.2.2: a remove without a path fails with noTarget.
            raise NoTarget("A remove operation needs a path that says what to remove.")
        if isinstance(value, str):
            value = _read_json_text(value)  # Keycloak's plug-ins send the object as text.
        if not isinstance(value, dict):
            raise InvalidValue(
                "An operation without a path needs an object of attributes as its value."
            )
        plain = {key: each for key, each in value.items() if "[" not in key}
        yield from self._read_attributes(kind, plain, self.ignored)
        for key in value:
            if key not in plain:  # A value path as a key: emails[type eq "work"].value
                yield from self.read({"op": kind, "path": key, "value": value[key]})

    def _read_attributes(
        self, kind: Kind, attributes: Document, ignored: list[str]
    ) -> Iterator[Operation]:
        for attribute_path, each in assignments(attributes, self.resource_type, ignored):
            path = Path(attribute_path)
            if path.attribute.is_kept or path.attribute.name == "id":
                self._refuse_read_only(path, each)
            if path.attribute.is_kept:
                yield from self._operations(kind, path, each)

    def _read_container(self, kind: Kind, urn: str, value: Any) -> Iterator[Operation]:
        """Read an operation whose path is the URN of a schema: its value is an object of attributes."""
        if value in (None, "") or (value == [] and kind is Kind.REPLACE):
            yield from self._clear_container(kind, urn)
        elif value == []:
            return
        elif kind is not Kind.REMOVE:
            yield from self._read_attributes(kind, {urn: value}, self.ignored)
        else:
            unknown: list[str] = []
            yield from self._read_attributes(kind, {urn: value}, unknown)
            if unknown:
                raise InvalidValue(
                    f"{unknown[0][:200]} is unknown; remove attributes of {urn} only."
                )

    def _clear_container(self, kind: Kind, urn: str) -> Iterator[Operation]:
        schema = self.resource_type.extension(urn)
        if schema is None:
            raise Mutability("The core schema cannot be removed; name the attributes to remove.")
        for name in schema.attributes if kind is not Kind.ADD else ():
            path = parse_path(f"{schema.id}:{name}", self.resource_type)
            if path and path.attribute.is_kept:
                yield Operation(Kind.REMOVE, path)

    def _refuse_read_only(self, path: Path, value: Any) -> None:
        # Okta repeats the id of the group that it renames.
        is_own_id = path.attribute.name == "id" and value == self.resource_id
        if path.attribute.is_read_only and not is_own_id:
            raise Mutability(f"{path.attribute.name} is set by the service and cannot be changed.")
        sub = path.sub_attribute
        if sub and sub.is_read_only:
            raise Mutability(f"{path} is set by the service and cannot be changed.")
        if sub and sub.mutability == "immutable":
            raise Mutability(f"{path} cannot be changed; replace the whole value instead.")


def _sent_operations(body: Any) -> list[Document]:
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a PatchOp message: an object with Operations.")
    sent = next((value for key, value in body.items() if key.lower() == "operations"), None)
    if not isinstance(sent, list):
        raise InvalidSyntax("Operations must be a list of objects with op, path and value.")
    if len(sent) > OPERATIONS_MAX:
        raise InvalidSyntax(
            f"Operations holds more than {OPERATIONS_MAX:,}; send several requests."
        )
    for each in sent:
        if not isinstance(each, dict):
            raise InvalidSyntax("Each of Operations must be an object with op, path and value.")
    return [{key.lower(): value for key, value in each.items()} for each in sent]


def _read_kind(op: Any) -> Kind:
    try:
        return Kind(op.lower() if isinstance(op, str) else op)
    except ValueError:
        raise InvalidSyntax("op must be add, replace or remove.") from None


def _embedded_json(path: Path, value: Any) -> Any:
    """Return the object or list that a client sent as JSON text for a complex attribute."""
    is_json = isinstance(value, str) and value[:2].removeprefix("\ufeff")[:1] in ("{", "[")
    return _read_json_text(value) if is_json and path.attribute_path.target.is_complex else value


def _read_json_text(text: str) -> Any:
    sent = without_mark(text.encode())
    count_values(sent, TEXT_VALUES_MAX)
    try:
        value = loads(sent)
    except NotJson:
        raise InvalidValue("The value is a string that holds no JSON; send an object.") from None
    refuse_nul(value)
    return value
