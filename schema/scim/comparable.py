"""The form in which a value compares: one for documents, literals of filters and search documents.

That filters have two readings which agree (predicate.py, and SQL over search documents) rests on it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from schema.scim.attributes import Attribute, AttributeType
from schema.scim.text import fold

Convert = Callable[[Any], Any]  # A value as a document holds it → its comparable form, or None.


def comparable(attribute: Attribute, value: Any) -> Any:
    """Return the form in which a single value compares; None if it has not the attribute's type.

    Texts that are not caseExact are folded, instants are UTC texts of one width, which order as
    instants do, booleans and numbers stay, complex values stay as they are.
    """
    return converter(attribute)(value)


def converter(attribute: Attribute) -> Convert:
    """Return the function that makes single values of an attribute comparable."""
    if attribute.type is AttributeType.STRING and not attribute.case_exact:
        return _folded
    return CONVERTERS[attribute.type]


def is_present(value: Any) -> bool:
    """Tell whether a value counts: null, "", and what holds nothing else is absent (RFC 7643 §2.5)."""
    match value:
        case None | "":
            return False
        case dict():
            return any(map(is_present, value.values()))
        case list():
            return any(map(is_present, value))
        case _:
            return True


def instant(text: str) -> str | None:
    """Return a dateTime as UTC text, 2011-05-13T04:42:34.000000Z; None if it is no dateTime.

    Without a zone it is UTC. What UTC cannot write, near the years 1 and 9999, is the limit itself.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        limit = datetime.min if moment.year == 1 else datetime.max  # noqa: DTZ901 - UTC follows.
        moment = limit.replace(tzinfo=UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _folded(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value.lower() if value.isascii() else fold(value)  # What fold does, without its call.


def _exact(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _instant(value: Any) -> str | None:
    return instant(value) if isinstance(value, str) else None


def _complex(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


CONVERTERS: dict[AttributeType, Convert] = {
    AttributeType.STRING: _exact,
    AttributeType.REFERENCE: _exact,
    AttributeType.BINARY: _exact,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.INTEGER: _number,
    AttributeType.DECIMAL: _number,
    AttributeType.DATE_TIME: _instant,
    AttributeType.COMPLEX: _complex,
}
