"""Texts that people choose: names and labels."""

import unicodedata

from schema.scim.errors import InvalidValue

CONTROLS = frozenset(
    {"Cc", "Zl", "Zp"}
)  # Unicode's categories of control characters and line breaks.


def refuse_control_characters(what: str, text: str) -> None:
    """Raise InvalidValue for characters that would break a list into lines, or steer a terminal."""
    if any(unicodedata.category(each) in CONTROLS for each in text):
        raise InvalidValue(
            f"{what} is one line of text: leave out line breaks and control characters."
        )
