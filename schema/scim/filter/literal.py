"""The literal of a comparison, read as its attribute defines it (RFC 7644 §3.4.2.2)."""

from decimal import Decimal
from typing import Any

import orjson

from schema.scim.attributes import Attribute, AttributeType
from schema.scim.filter.comparable import instant

Literal = str | bool | int | float | None


class UnfitError(ValueError):
    """An operator or a literal does not fit its attribute.

    The message is a part of a sentence. It says why, or what would fit.
    """


def read_literal(text: str, attribute: Attribute) -> Literal:
    """Return the typed value of a literal; None for null, which means that there is no value.

    A text is in double quotes, as in JSON, or a bare word, as Entra's documentation writes it. A bare word
    such as true or 5 compares with a text attribute as it is written. Errors: UnfitError.
    """
    if text == "null":
        return None
    written = _unquote(text) if text.startswith('"') else _bare(text)
    match attribute.type:
        case AttributeType.BOOLEAN:
            return _boolean(written)
        case AttributeType.INTEGER | AttributeType.DECIMAL:
            return _number(written)
        case AttributeType.DATE_TIME:
            return _date_time(written)
        case _:
            return written


def as_decimal(number: Any) -> Decimal:
    """Return a number as JSON writes it, so that 0.1 is a tenth for every reader."""
    return Decimal(repr(number))


def _unquote(text: str) -> str:
    try:
        value: str = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise UnfitError(
            'is not a JSON string; write \\" for a quote and \\\\ for a backslash in it'
        ) from None
    if "\0" in value:
        raise UnfitError("holds the character NUL, which no value can hold")
    return value


def _bare(word: str) -> str:
    if word.startswith("'"):
        raise UnfitError("is in single quotes; use double quotes")
    return word


def _boolean(text: str) -> bool:
    """Read a boolean in any letter case: Entra writes "True" and "False"."""
    if text.lower() not in ("true", "false"):
        raise UnfitError("must be true or false")
    return text.lower() == "true"


def _number(text: str) -> int | float:
    """Read a number as in a document: an integer of 64 bits or a double."""
    try:
        number = orjson.loads(text)
    except orjson.JSONDecodeError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise UnfitError("must be a number")
    return number


def _date_time(text: str) -> str:
    moment = instant(text)
    if moment is None:
        raise UnfitError('must be a dateTime such as "2026-01-31T09:30:00Z"')
    return moment
