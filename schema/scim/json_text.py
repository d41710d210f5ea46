"""JSON as clients send it, beside what a parser says of it: the byte-order mark, and keys given twice."""

import json  # It shows every key of an object; orjson keeps the last of those that are alike.
import re
from typing import Any

import orjson

from schema.scim.errors import InvalidSyntax

MARK = b"\xef\xbb\xbf"  # The byte-order mark, which editors and .NET put before UTF-8.
QUOTED_MAX = 100  # Characters of a key that a refusal repeats.
# An escaped colon is none of those that end keys, and an escaped capital is none that bytes.lower sees.
ESCAPED = re.compile(rb"\\u00(?:3a|4|5)")


def without_mark(text: bytes) -> bytes:
    """Return a text without the byte-order mark that may stand before it."""
    return text.removeprefix(MARK)


def refuse_repeated_keys(text: bytes) -> None:
    """Raise InvalidSyntax where an object of a valid JSON text has a key twice, in any case.

    Parsers differ in which of the two they take, so that a proxy may have judged the other one.
    """
    if not _may_repeat_keys(text):
        return
    try:
        json.loads(text, object_pairs_hook=_refuse_repeated, parse_int=str, parse_float=str)
    except RecursionError:
        raise InvalidSyntax("The JSON nests too deep; flatten it.") from None


def _may_repeat_keys(text: bytes) -> bool:
    """Tell whether fewer colons are left when keys that are alike, but for case, are one.

    Each key has a colon, and each that is in a text stays with its text. It is a hundredth of what a
    request takes, where a look at each key in Python would be a tenth.
    """
    lower = text.lower()
    if b"\\u00" in lower and ESCAPED.search(lower):
        return True
    try:
        return orjson.dumps(orjson.loads(lower)).count(b":") != text.count(b":")
    except orjson.JSONEncodeError:  # It nests deeper than orjson writes.
        return True


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    seen = set[str]()
    for key, _ in pairs:
        # A value path as a key holds a value, which may count with its case.
        mark = key if "[" in key else key.lower()
        if mark in seen:
            raise InvalidSyntax(
                f"The key {key[:QUOTED_MAX]!r} is given twice in one object; send it once. "
                "Names compare without case."
            )
        seen.add(mark)
