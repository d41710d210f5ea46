"""Texts that people choose: names and labels."""

import unicodedata

from schema.scim.errors import InvalidValue

CONTROLS = frozenset(
    {"Cc", "Zl", "Zp"}
)  # Unicode's categories of control characters and line breaks.


def refuse_control_characters(what: str, text: str, *, field: str | None = None) -> None:
    """Raise InvalidValue for characters that would break a list into lines, or steer a terminal."""
    if any(unicodedata.category(each) in CONTROLS for each in text):
        raise invalid(
            field, f"{what} is one line of text: leave out line breaks and control characters."
        )


def invalid(field: str | None, detail: str) -> InvalidValue:
    """Return the refusal of a field's value."""
    refusal = InvalidValue(detail)
    refusal.attribute = field
    return refusal
