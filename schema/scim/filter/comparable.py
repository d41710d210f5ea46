"""The comparable form of a value: the same for documents, literals of filters and search documents.

Because of it, the two readings of a filter agree: predicate.py, and SQL over search documents.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from schema.scim.attributes import Attribute, AttributeType
from schema.scim.text import fold

Convert = Callable[[Any], Any]  # A value as a document holds it → its comparable form, or None.


def comparable(attribute: Attribute, value: Any) -> Any:
    """Return the comparable form of a single value; None if it does not have the attribute's type.

    Texts that are not caseExact are folded. Instants become UTC texts of one width, which sort as the
    instants do. Booleans, numbers and complex values stay as they are.
    """
    return converter(attribute)(value)


def converter(attribute: Attribute) -> Convert:
    """Return the function that makes single values of an attribute comparable."""
    return _folded if is_folded(attribute) else CONVERTERS[attribute.type]


def is_folded(attribute: Attribute) -> bool:
    """Return whether the texts of an attribute compare without case."""
    return attribute.type is AttributeType.STRING and not attribute.case_exact


def kept_type(attribute: Attribute) -> type | None:
    """Return the type whose values are comparable as they are; None if there is none."""
    return None if is_folded(attribute) else KEPT_TYPES.get(attribute.type)


@lru_cache(maxsize=1024)
def identifier(attribute: Attribute) -> Callable[[Any], Hashable]:
    """Return the function that gives a value's identity, which two values share if they are the same one.

    The identity is `value` and `type`, or all that the value holds, in comparable form (RFC 7643 §2.2
    caseExact, §2.4). A PATCH of a thousand operations needs it for every value of an attribute, each time.
    """
    if not attribute.is_complex:
        return _form_or_itself(attribute)
    forms = {sub.name: _form_or_itself(sub) for sub in attribute.sub_attributes.values()}
    form, form_of_type = forms.get("value"), forms.get("type", _itself)

    def identity(element: Any) -> Hashable:
        if form is not None and "value" in element:
            return form(element["value"]), form_of_type(element.get("type"))
        return frozenset((name, forms[name](value)) for name, value in element.items())

    return identity


def _form_or_itself(attribute: Attribute) -> Callable[[Any], Hashable]:
    convert = converter(attribute)
    if convert is _folded:
        return _folded_or_itself
    return _itself if convert is _exact else lambda value: _or(convert(value), value)


def _folded_or_itself(value: Any) -> Hashable:
    if type(value) is not str:
        return _itself(value)
    return value.lower() if value.isascii() else fold(value)


def _itself(value: Any) -> Hashable:
    known: Hashable = value
    return known


def _or(form: Hashable, value: Any) -> Hashable:
    return _itself(value) if form is None else form


def is_present(value: Any) -> bool:
    """Return whether a value is present: null, "", and what holds nothing else are absent (RFC 7643 §2.5)."""
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

    Without a zone it is read as UTC. If its year in UTC would be 0 or 10000, the nearest limit is returned.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        limit = datetime.min if moment.year == 1 else datetime.max  # noqa: DTZ901 - the next line adds UTC.
        moment = limit.replace(tzinfo=UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _folded(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value.lower() if value.isascii() else fold(value)  # As fold does, without the call.


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
KEPT_TYPES: dict[AttributeType, type] = {
    AttributeType.STRING: str,
    AttributeType.REFERENCE: str,
    AttributeType.BINARY: str,
    AttributeType.BOOLEAN: bool,
}
