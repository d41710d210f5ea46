"""Read the value of a PATCH operation as its path defines it; what is left out is refused or reported."""

from typing import Any

from schema.scim.attributes import Document
from schema.scim.errors import InvalidValue
from schema.scim.patch.path import Path
from schema.scim.resource_type import AttributePath
from schema.scim.understood import (
    EMPTY,
    is_emptying,
    is_reference,
    refuse_names,
    refuse_nothing,
    refuse_unread,
    refuse_without_id,
    writable,
)
from schema.scim.value import read_part, read_value


def read_written(path: Path, sent: Any, ignored: list[str]) -> Any:
    """Return what add or replace writes; None if it clears a single value. Errors: InvalidValue.

    For a multi-valued attribute, and for a value path in it, this is a list. For a set of sub-attributes
    such as `name`, it is an object of those that were sent, with None for each one to clear.
    """
    if path.filter is not None and path.sub_attribute is None:
        return _read_selected(path, sent, ignored)
    target = path.attribute_path
    if is_set_of_subs(path) and isinstance(subs := only(sent), dict):
        return _read_subs(target, subs, ignored)
    known = read_value(target, sent, ignored)
    refuse_unread(target, sent, known)
    return known or [] if target.target.multi_valued else known


def is_set_of_subs(path: Path) -> bool:
    """Return whether a path means an object whose sub-attributes are set one by one, such as `name`."""
    attribute = path.attribute
    is_set = attribute.is_complex and "value" not in attribute.sub_attributes
    return is_set and not attribute.multi_valued and path.sub_attribute is None


def only(sent: Any) -> Any:
    """Return the value inside a list of one: clients wrap single values in lists, as Entra does `manager`."""
    return sent[0] if isinstance(sent, list) and len(sent) == 1 else sent


def _read_subs(path: AttributePath, sent: Document, ignored: list[str]) -> Document:
    known: Document = {}
    for key, each in sent.items():
        if sub := writable(path.attribute, key):
            target = AttributePath(path.attribute, sub, path.extension)
            known[sub.name] = read_value(target, each, ignored)
        else:
            ignored.append(f"{path}.{key}")
    if sent and not known:
        refuse_names(path, list(sent))
    return known


def _read_selected(path: Path, sent: Any, ignored: list[str]) -> list[Any]:
    """Return what replaces the values that a value path selects: one value; of members, any number."""
    target = path.attribute_path
    values = sent if isinstance(sent, list) else [] if sent in (None, "") else [sent]
    if len(values) > 1 and not is_reference(path.attribute):
        raise InvalidValue(f"A value path of {target} takes one value, not a list of several.")
    known = _read_parts(target, values, ignored)
    is_for_ids = is_reference(path.attribute)
    if known or is_for_ids or not is_emptying(target, sent):
        refuse_unread(target, sent, known)
    return known


def _read_parts(path: AttributePath, values: list[Any], ignored: list[str]) -> list[Any]:
    return [part for each in values if (part := read_part(path, each, ignored)) is not None]


def read_removed(path: Path, sent: Any, ignored: list[str]) -> list[Any] | None:
    """Return the values that a remove lists; None if it removes all that its path means.

    Every name in a list must be known: ignoring one would remove more than the client asked for.
    Errors: InvalidValue.
    """
    target = path.attribute_path
    values = sent if isinstance(sent, list) else [] if sent is None else [sent]
    for each in values:
        if isinstance(each, dict):
            _refuse_unknown(target, each)
    if not target.target.multi_valued or sent is None:
        return None
    known = _read_parts(target, values, ignored)
    if is_reference(target.target):
        refuse_without_id(target, values, known)
    elif not known:
        refuse_nothing(target)
    return known


def _refuse_unknown(path: AttributePath, one: Document) -> None:
    attribute = path.target
    if one.keys() <= attribute.sub_attributes.keys() and one.get("value"):
        return  # The usual case: a request may list a thousand members.
    unknown = [
        key
        for key, each in one.items()
        if not writable(attribute, key)
        and not attribute.sub_attribute(key)
        and (
            key.lower() != "$ref" or each is not None
        )  # Entra's library sends it with every value.
    ]
    if unknown or (one and not any(writable(attribute, key) for key in one)):
        refuse_names(path, unknown or list(one))
    given = [each for key, each in one.items() if key.lower() == "value"]
    if not one or (attribute.multi_valued and given and given[0] in EMPTY):
        refuse_nothing(path)
