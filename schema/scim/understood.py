"""Refuse values that were not understood: a write must never delete anything because of one.

A reader leaves out what it does not know. If a value replaces another one, or says what to remove, leaving
it out would remove more than the client asked for.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from schema.scim.attributes import Attribute
from schema.scim.errors import InvalidValue
from schema.scim.resource_type import AttributePath
from schema.scim.value import KIND, NAMED_MAX, QUOTED_MAX, unwrapped

EMPTY: tuple[Any, ...] = (None, "", [], {})


def refuse_unread(path: AttributePath, sent: Any, known: Any, *, is_put: bool = False) -> None:
    """Raise InvalidValue if a value was sent, and reading it left out something that may matter.

    `known` is the value as read. A PUT states all that a resource has, so an object without any value is
    absent in it (RFC 7643 §2.5); in a PATCH such an object is a mistake.
    """
    if sent in EMPTY[:3]:
        return
    if sent == [{}] and not is_put:
        refuse_nothing(path)
    if path.target.multi_valued:
        values = sent if isinstance(sent, list) else [sent]
        _refuse_unread_values(path, values, known or [], is_put=is_put)
    elif known is None and path.target.is_complex:
        _refuse_unread_object(path, sent, is_put=is_put)
    elif not is_put and isinstance(known, dict) and "value" not in known:
        raise InvalidValue(f"{path} needs a value; without one, its present value would be lost.")


def _refuse_unread_values(
    path: AttributePath, values: Sequence[Any], known: list[Any], *, is_put: bool
) -> None:
    if is_reference(path.target):
        refuse_without_id(path, values, known)
    if len(known) == len(values):
        return
    for each in values:
        if isinstance(each, dict) and not _says_something(path.target, each):
            _refuse_unknown(path, each, is_put=is_put)
    if not known and not any(_is_kind(path.target, each, is_put=is_put) for each in values):
        refuse_nothing(path)


def _refuse_unread_object(path: AttributePath, sent: Any, *, is_put: bool) -> None:
    """Refuse an object that would clear a single value without saying so, as {"value": ""} does."""
    one = unwrapped(sent[0] if isinstance(sent, list) else sent)
    if not isinstance(one, dict):
        return
    attribute = path.target
    stated = {sub.name for key in one if (sub := writable(attribute, key))}
    is_stated = "value" in stated if "value" in attribute.sub_attributes else bool(stated)
    if not is_stated:
        _refuse_unknown(path, one, is_put=is_put)
        if not is_put:
            refuse_nothing(path)


def is_emptying(path: AttributePath, one: Any) -> bool:
    """Return whether an object clears what it is sent for: {"value": ""}. Errors: InvalidValue."""
    if not isinstance(one, dict):
        return False
    _refuse_unknown(path, one, is_put=False)
    return any(writable(path.target, key) for key in one)


def _refuse_unknown(path: AttributePath, one: dict[str, Any], *, is_put: bool) -> None:
    """Refuse an object whose only contents are under names that are not accepted."""
    stated = {sub.name for key in one if (sub := writable(path.target, key))} - KIND
    is_empty_enough = is_put or bool(stated)
    others = [
        key
        for key, each in one.items()
        if not writable(path.target, key) and not (is_empty_enough and each in EMPTY)
    ]
    if [key for key in others if key != "$ref" or one[key] is not None]:
        refuse_names(path, others)


def refuse_names(path: AttributePath, keys: Sequence[str]) -> NoReturn:
    """Raise InvalidValue that names the sub-attributes that are not accepted, and those that are."""
    named = ", ".join(f"{path}.{key}" for key in keys[:NAMED_MAX])
    taken = [sub.name for sub in path.target.sub_attributes.values() if not sub.is_read_only]
    raise InvalidValue(
        f"{named[:QUOTED_MAX]}: unknown here, or set by the service alone. Ignoring it could delete "
        f"values, so nothing is changed. Send only {', '.join(taken) or 'value'}."
    )


def refuse_nothing(path: AttributePath) -> NoReturn:
    """Raise InvalidValue for a value that holds nothing."""
    remedy = "a list with a value in it, or [] for none" if path.target.multi_valued else "a value"
    raise InvalidValue(f"{path}: what was sent holds no value; send {remedy}. Nothing is changed.")


def is_reference(attribute: Attribute) -> bool:
    """Return whether the values of an attribute name other resources by id, as members do."""
    return attribute.multi_valued and "$ref" in attribute.sub_attributes


def refuse_without_id(path: AttributePath, values: Sequence[Any], known: Sequence[Any]) -> None:
    """Raise InvalidValue if a value of a reference has no id."""
    if len(known) < len(values) or any("value" not in each for each in known):
        raise InvalidValue(
            f"Each of {path} needs a value: the id of a user or group. Nothing is changed."
        )


def writable(attribute: Attribute, key: str) -> Attribute | None:
    """Return the sub-attribute that a key means, if a client may send it; for a simple value, the attribute."""
    if not attribute.is_complex:
        return attribute if key.lower() == "value" else None
    sub = attribute.sub_attribute(key)
    return None if sub is None or sub.is_read_only else sub


def _says_something(attribute: Attribute, one: dict[str, Any]) -> bool:
    return any(
        each not in EMPTY and sub.name not in KIND
        for key, each in one.items()
        if (sub := writable(attribute, key))
    )


def _is_kind(attribute: Attribute, one: Any, *, is_put: bool) -> bool:
    """Return whether an object states the kind of a value that is empty: {"type": "work", "value": ""}."""
    if not isinstance(one, dict):
        return False
    stated = {sub.name: each for key, each in one.items() if (sub := writable(attribute, key))}
    has_kind = any(stated.get(name) not in EMPTY for name in KIND)
    return has_kind and (is_put or bool(stated.keys() - KIND))
