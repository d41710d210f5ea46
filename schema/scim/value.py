"""Read one value as its attribute defines it (RFC 7643 §2.3), in every form that clients really send."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from schema.scim.attributes import Attribute, AttributeType, Document
from schema.scim.errors import InvalidValue
from schema.scim.resource_type import AttributePath
from schema.scim.text import is_blank

INDEXED = frozenset({"userName", "externalId", "displayName"})
INDEXED_BYTES_MAX = 800  # A btree entry of Postgres holds 2,704 bytes; folding may triple a text.
INTEGER_MAX = 2**63 - 1
NAMED_MAX = 10  # Names that a refusal repeats.
QUOTED_MAX = 200  # Characters that it repeats of them in all.
INTEGER = re.compile(r"-?[0-9]{1,19}")


Reader = Callable[[Any, list[str]], Any]  # (value as sent, names ignored so far) → typed value.


def refuse_nul(value: Any) -> None:
    """Raise InvalidValue if a text in a JSON value holds a NUL, which Postgres cannot store."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text if "\0" in text:
                raise InvalidValue("A string holds the character U+0000; remove it.")
            case dict() as holder:
                waiting += [*holder.keys(), *holder.values()]
            case list() as elements:
                waiting += elements


def read_value(path: AttributePath, value: Any, ignored: list[str]) -> Any:
    """Return the typed value that a client sent for a path; None if it is absent.

    Errors: InvalidValue, with the attribute's name and what to send instead.
    """
    return reader(path)(value, ignored)


def read_part(path: AttributePath, value: Any, ignored: list[str]) -> Any:
    """Return one typed value of a path that may be multi-valued; None if it is absent.

    An object that holds only a kind is not absent here: it is merged into a value, or compared with one.
    """
    return _part_reader(path)(value, ignored)


@lru_cache(maxsize=4096)
def _part_reader(path: AttributePath) -> Reader:
    name, attribute = str(path), path.target
    single = _single_reader(attribute, name, is_part=True)
    return (
        _unwrapping(single, name) if attribute.multi_valued and not attribute.is_complex else single
    )


@lru_cache(maxsize=4096)
def reader(path: AttributePath) -> Reader:
    """Return the reader of a path; it is cached, because every write reads about twenty values."""
    name, attribute = str(path), path.target
    if not attribute.multi_valued:
        return _one(attribute, name)
    single = _single_reader(attribute, name)
    return _many(single if attribute.is_complex else _unwrapping(single, name))


def plain_type(attribute: Attribute, name: str) -> type | None:
    """Return the type of JSON value that an attribute takes as it is, except for an empty text; None if there is none.

    Most values are of it. Who reads many values asks no reader for those: that takes half the time.
    """
    if attribute.type is AttributeType.BOOLEAN:
        return bool
    is_text = attribute.type in (AttributeType.STRING, AttributeType.REFERENCE)
    return str if is_text and name not in INDEXED and not attribute.required else None


def _unwrapping(single: Reader, name: str) -> Reader:
    """Return the reader of a simple value that may come as an object: {"value": …}.

    Entra's library sends the values of an operation as such objects, whatever the attribute is.
    """

    def read(value: Any, ignored: list[str]) -> Any:
        if not isinstance(value, dict) or not value:
            return single(value or None if isinstance(value, dict) else value, ignored)
        given = {key.lower(): each for key, each in value.items()}
        others = [f"{name}.{key}" for key in value if key.lower() not in ("value", "$ref")]
        if "value" not in given:
            named = ", ".join(others[:NAMED_MAX]) or f"{name}.$ref"
            raise InvalidValue(f"{name} must be sent as value, not as {named[:QUOTED_MAX]}.")
        ignored += others
        return single(given["value"], ignored)

    return read


def _many(single: Reader) -> Reader:
    def read(value: Any, ignored: list[str]) -> Any:
        if value is None:
            return None
        # Clients send one object in place of a list of one (RFC 7644 §3.5.2.1, for members).
        given = value if isinstance(value, list) else [value]
        return [each for one in given if (each := single(one, ignored)) is not None] or None

    return read


def _one(attribute: Attribute, name: str) -> Reader:
    single = _single_reader(attribute, name)
    listed = single if attribute.is_complex else _unwrapping(single, name)
    plain = plain_type(attribute, name)

    def read(value: Any, ignored: list[str]) -> Any:
        if type(value) is plain:
            return None if value == "" else value  # The usual case, in one call.
        if not isinstance(value, list):
            return single(value, ignored)
        # Entra has sent `manager` wrapped in a list, and `active` as [{"$ref": null, "value": …}].
        if len(value) > 1:
            raise InvalidValue(f"{name} takes a single value, not a list.")
        return listed(value[0] if value else None, ignored)

    return read


def _single_reader(attribute: Attribute, name: str, *, is_part: bool = False) -> Reader:
    """Return the reader of one value: null, "" and an empty object are absent."""
    if attribute.type is AttributeType.COMPLEX:
        return _complex_reader(attribute, name, is_part=is_part)
    convert = CONVERSIONS[attribute.type]

    def read(value: Any, _ignored: list[str]) -> Any:
        return None if value is None or value == "" else convert(value, name)

    return _not_blank(read, name) if attribute.required else read


def _not_blank(single: Reader, name: str) -> Reader:
    """Return a reader that refuses a blank text: people and clients find the resource by a required one."""

    def read(value: Any, ignored: list[str]) -> Any:
        known = single(value, ignored)
        if isinstance(known, str) and is_blank(known):
            raise InvalidValue(f"{name} is blank; send a name with a character that can be seen.")
        return known

    return read


def _complex_reader(attribute: Attribute, name: str, *, is_part: bool) -> Reader:
    subs = {
        key: (sub.name, plain_type(sub, f"{name}.{sub.name}"), _one(sub, f"{name}.{sub.name}"))
        for key, sub in attribute.sub_attributes.items()
        if not sub.is_read_only
    }
    subs |= {each[0]: each for each in subs.values()}  # Most clients send these.
    needs_more = attribute.multi_valued and "type" in attribute.sub_attributes and not is_part
    has_value = "value" in attribute.sub_attributes

    def read(value: Any, ignored: list[str]) -> Document | None:
        if value is None or value == "":
            return None
        if has_value and (isinstance(value, str) or not attribute.multi_valued):
            value = unwrapped(value)
        if not isinstance(value, dict):
            raise InvalidValue(f"{name} must be an object, not {_kind(value)}.")
        document: Document = {}
        for key, sent in value.items():
            known = subs.get(key) or subs.get(key.lower())
            if known is None:
                if attribute.sub_attribute(key) is None:
                    ignored.append(f"{name}.{key}")
                continue
            own_name, plain, read_sub = known
            if type(sent) is plain:
                each = None if sent == "" else sent
            else:
                each = read_sub(sent, ignored)
            if each is not None:
                document[own_name] = each
        is_void = needs_more and not document.keys() - KIND
        return None if is_void else document or None

    return read


def unwrapped(value: Any) -> Any:
    """Return a value as an object: clients send a plain text or number, or a manager wrapped in two objects."""
    if isinstance(value, str) or type(value) is int:
        return {"value": value}
    inner = value.get("value") if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else value


KIND = frozenset({"type", "primary"})  # The kind of a value, which means nothing without a value.


def read_boolean(value: Any, name: str) -> bool:
    """Return a boolean; Entra's default dialect sends the texts "True" and "False"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise InvalidValue(f"{name} must be true or false.")


def _read_string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{name} must be a string, not {_kind(value)}.")
    return value


def _read_text(value: Any, name: str) -> str:
    """Return a text; an integer becomes one: payroll systems send employeeNumber as a number."""
    if type(value) is str:
        text = value
    else:
        text = str(value) if type(value) is int else _read_string(value, name)
    if name in INDEXED and len(text.encode()) > INDEXED_BYTES_MAX:
        raise InvalidValue(f"{name} is longer than {INDEXED_BYTES_MAX:,} bytes; shorten it.")
    return text


def _read_date_time(value: Any, name: str) -> str:
    text = _read_string(value, name)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"{name} must be a dateTime such as 2026-01-31T09:30:00Z.") from None
    return text


def _read_integer(value: Any, name: str) -> int:
    if isinstance(value, str) and INTEGER.fullmatch(value):
        value = int(value)
    elif isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one type of number: 7.0 is 7.
    number = value if isinstance(value, int) and not isinstance(value, bool) else None
    if number is None or abs(number) > INTEGER_MAX:
        raise InvalidValue(f"{name} must be an integer of at most 64 bits.")
    return number


def _read_decimal(value: Any, name: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(Decimal(value)) if isinstance(value, str) else math.nan
    except (InvalidOperation, ValueError):
        number = math.nan
    if not math.isfinite(number):  # JSON cannot write it.
        raise InvalidValue(f"{name} must be a number.")
    return number


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a string"


CONVERSIONS: Mapping[AttributeType, Callable[[Any, str], Any]] = {
    AttributeType.STRING: _read_text,
    AttributeType.REFERENCE: _read_string,
    AttributeType.BINARY: _read_string,
    AttributeType.BOOLEAN: read_boolean,
    AttributeType.DATE_TIME: _read_date_time,
    AttributeType.INTEGER: _read_integer,
    AttributeType.DECIMAL: _read_decimal,
}
