"""A resource as a document: read what a client sent into canonical names and typed values."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from schema.scim.attributes import Document
from schema.scim.errors import InvalidSyntax, InvalidValue
from schema.scim.resource_type import NAME_LENGTH_MAX, AttributePath, ResourceType
from schema.scim.understood import is_reference, refuse_unread
from schema.scim.urns import is_urn
from schema.scim.value import Reader, plain_type, reader

ELEMENTS_MAX = 300  # Values of one multi-valued attribute of a document; members are rows instead.
DERIVED = frozenset({"schemas"})  # RFC 7643 §3: derived from the content, whatever a client sends.


@dataclass(slots=True)
class Reading:
    """A document as read, and the names in it that no schema of the organization knows."""

    document: Document
    ignored: list[str] = field(default_factory=list)
    role_ids: tuple[str, ...] = ()  # Different values for roleId under its two names, in a PUT.


def read_document(sent: Any, resource_type: ResourceType, *, is_put: bool = False) -> Reading:
    """Return a resource that a client sent, in canonical names and types, without absent values.

    Null and empty texts, lists and objects are absent (RFC 7643 §2.5). Attributes that only the service
    sets are dropped (RFC 7644 §3.3), and so is a password: nobody signs in here. Unknown names are
    ignored and reported. `schemas` is not read: Entra does not list custom extensions in it.
    Errors: InvalidSyntax if the body is no object; InvalidValue.
    """
    if not isinstance(sent, dict):
        raise InvalidSyntax("The body must be a JSON object that holds one resource.")
    reading = Reading({})
    _read_into(reading, sent, resource_type, is_put=is_put)
    _check_values(reading.document)
    return reading


def _read_into(
    reading: Reading,
    sent: Document,
    resource_type: ResourceType,
    *,
    is_put: bool,
    container: str = "",
) -> None:
    """Read the attributes of an object into a document; `container` is the URN around the keys. Errors: InvalidValue."""
    ignored = reading.ignored
    for name, value in sent.items():
        key = f"{container}:{name}" if container else name
        meaning = _meaning(key, resource_type) if len(key) <= NAME_LENGTH_MAX else UNKNOWN
        if not isinstance(meaning, Meaning):
            if inner := _inner(key, meaning, value, ignored):
                _read_into(reading, inner, resource_type, is_put=is_put, container=key)
        elif meaning.is_of_no_value:
            ignored.append(str(meaning.path))
        elif meaning.is_kept:
            if type(value) is meaning.plain:
                known = None if value == "" else value
            else:
                known = meaning.read(value, ignored)
            if is_put or meaning.is_reference:
                refuse_unread(meaning.path, value, known, is_put=True)
            if known is None:
                continue
            own_name, document = meaning.own_name, reading.document
            if own_name is not None and own_name not in document:
                document[own_name] = known  # The usual case, without a call.
            else:
                _take(reading, meaning.path, known, is_put=is_put)


def _take(reading: Reading, path: AttributePath, value: Any, *, is_put: bool) -> None:
    """Put a value into the document read so far. Errors: InvalidValue if it has another value there."""
    document, name = reading.document, path.attribute.name
    if path.sub_attribute:
        reading.document = put(document, path, value)
        return
    # Changed in place: nobody else has it yet, and a copy for each attribute takes a third of the reading time.
    holder = document.setdefault(path.extension, {}) if path.extension else document
    former = holder.get(name)
    if former is not None and former != value:
        if not is_put or str(path) != "roleId":
            raise InvalidValue(f"{path} is given twice with different values; send it once.")
        # GET answers with both names, so a client that changes one sends both in its PUT.
        reading.role_ids = (former, value)
    holder[name] = value


def _check_values(document: Document) -> None:
    """Raise InvalidValue if an attribute has two primary values, or too many values."""
    for name, values in document.items():
        if type(values) is str:
            continue
        if isinstance(values, list) and name != "members":
            if len(values) > ELEMENTS_MAX:
                raise InvalidValue(f"{name} takes no more than {ELEMENTS_MAX:,} values.")
            if len(values) > 1 and isinstance(values[0], dict):
                refuse_two_primaries(name, values)
        elif isinstance(values, dict) and is_urn(name):
            _check_values(values)


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """The attribute that a key of an object means, and how its values are read."""

    path: AttributePath
    plain: type | None  # A value of this type, except for an empty text, is taken as it is.
    read: Reader
    is_kept: bool  # A client's value is stored.
    is_of_no_value: bool  # It does not say which of several values it belongs to: emails.display.
    is_reference: bool  # Each value needs the id of another resource, in every write.
    own_name: (
        str | None
    )  # The name of a core attribute; None for a sub-attribute or an extension's.


def assignments(
    sent: Document, resource_type: ResourceType, ignored: list[str], container: str = ""
) -> Iterator[tuple[AttributePath, Any]]:
    """Yield what each key of an object means, with its value, in the object's order; `container` is the URN around it.

    Keys are paths: a name, `name.givenName`, a full URN, or the URN of a schema whose value is an
    object of attributes. Entra and Okta send all of these (docs/reference/client-quirks.md).
    """
    for name, value in sent.items():
        key = f"{container}:{name}" if container else name
        meaning = _meaning(key, resource_type) if len(key) <= NAME_LENGTH_MAX else UNKNOWN
        if isinstance(meaning, Meaning):
            yield meaning.path, value
        elif inner := _inner(key, meaning, value, ignored):
            yield from assignments(inner, resource_type, ignored, key)


def _inner(key: str, meaning: str, value: Any, ignored: list[str]) -> Document:
    """Return the attributes in the value of a key that means no attribute: those of a schema. Note an unknown key.

    Errors: InvalidValue if the value of a schema is no object.
    """
    if meaning == UNKNOWN:
        ignored.append(key)
    elif meaning == CONTAINER and value is not None and value != "":
        if not isinstance(value, dict):
            raise InvalidValue(f"{key} must be an object of attributes.")
        return value
    return {}


CONTAINER, UNKNOWN, OURS = "container", "unknown", "ours"


@lru_cache(maxsize=8192)
def _meaning(key: str, resource_type: ResourceType) -> Meaning | str:
    """Return what a key of an object means: an attribute, CONTAINER, UNKNOWN, or OURS if we derive it."""
    if key.lower() in DERIVED:
        return OURS
    if resource_type.is_container(key):
        return CONTAINER
    path = resource_type.find(key)
    if path is None:
        return UNKNOWN
    is_kept = path.attribute.is_kept and path.target.is_kept
    is_of_no_value = path.sub_attribute is not None and path.attribute.multi_valued
    own_name = None if path.extension or path.sub_attribute else path.attribute.name
    is_id = is_reference(path.target)
    plain = None if path.target.multi_valued else plain_type(path.target, str(path))
    return Meaning(path, plain, reader(path), is_kept, is_of_no_value, is_id, own_name)


def get(document: Document, path: AttributePath) -> Any:
    """Return the value of the attribute of a path; None if there is none."""
    holder = document.get(path.extension, {}) if path.extension else document
    return holder.get(path.attribute.name)


def put(document: Document, path: AttributePath, value: Any) -> Document:
    """Return the document with a value at a path; None removes it, and the container if it is then empty.

    A path with a sub-attribute merges into a complex value that is already there.
    """
    if path.sub_attribute:
        former = get(document, path) or {}
        value = _with(former, path.sub_attribute.name, value) or None
    if not path.extension:
        return _with(document, path.attribute.name, value)
    inner = _with(document.get(path.extension, {}), path.attribute.name, value)
    return _with(document, path.extension, inner or None)


def _with(holder: Document, name: str, value: Any) -> Document:
    if value is None:
        return {key: each for key, each in holder.items() if key != name}
    return {**holder, name: value}


def refuse_two_primaries(name: str, values: list[Document]) -> None:
    """Raise InvalidValue if more than one value is primary (RFC 7643 §2.4)."""
    if sum(1 for value in values if value.get("primary") is True) > 1:
        raise InvalidValue(f"Only one value of {name} may be primary.")


def require(document: Document, resource_type: ResourceType) -> None:
    """Raise InvalidValue if a required attribute is missing (RFC 7643 §2.2)."""
    for name in _required(resource_type):
        if name not in document:
            raise InvalidValue(f"{name} is required and is missing or empty.")


@lru_cache(maxsize=64)
def _required(resource_type: ResourceType) -> tuple[str, ...]:
    attributes = resource_type.schema.attributes.values()
    asked = (each.name for each in attributes if each.required and each.is_kept)
    return tuple(name for name in asked if name not in DERIVED)


def schemas_of(document: Document, resource_type: ResourceType) -> list[str]:
    """Return the `schemas` of a document: the core URN and the extensions it holds."""
    held = [each.id for each in resource_type.extensions if each.id in document]
    return [resource_type.schema.id, *held]
