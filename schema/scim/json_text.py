"""What the JSON parser leaves to us in clients' texts: the byte-order mark, and keys given twice."""

import json  # It shows every key of an object; of equal keys, orjson keeps only the last.
import re
from typing import Any

import orjson

from schema.scim.errors import InvalidSyntax

MARK = b"\xef\xbb\xbf"  # The byte-order mark, which editors and .NET put before UTF-8.
QUOTED_MAX = 100  # Characters of a key that a refusal repeats.
# An escaped colon does not end a key, and bytes.lower does not see an escaped capital.
ESCAPED = re.compile(rb"\\u00(?:3a|4|5)")


def without_mark(text: bytes) -> bytes:
    """Return a text without a leading byte-order mark."""
    return text.removeprefix(MARK)


def refuse_repeated_keys(text: bytes) -> None:
    """Raise InvalidSyntax if an object in a valid JSON text has a key twice, in any letter case.

    Parsers differ in which of the two they keep, so a proxy may have checked the other one.
    """
    if not _may_repeat_keys(text):
        return
    try:
        json.loads(text, object_pairs_hook=_refuse_repeated, parse_int=str, parse_float=str)
    except RecursionError:
        raise InvalidSyntax("The JSON nests too deep; flatten it.") from None


def _may_repeat_keys(text: bytes) -> bool:
    """Return whether the text loses colons when it is read and written in lower case: equal keys become one.

    Each key has one colon, and a colon inside a string stays. This takes a hundredth of a request's time;
    a look at each key in Python would take a tenth.
    """
    lower = text.lower()
    if b"\\u00" in lower and ESCAPED.search(lower):
        return True
    try:
        return orjson.dumps(orjson.loads(lower)).count(b":") != text.count(b":")
    except orjson.JSONEncodeError:  # It nests deeper than orjson can write.
        return True


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    seen = set[str]()
    for key, _ in pairs:
        # A key that is a value path holds a value, whose letter case may matter.
        name = key if "[" in key else key.lower()
        if name in seen:
            raise repeated(key)
        seen.add(name)


def repeated(key: str) -> InvalidSyntax:
    """Return the refusal of a key that an object has twice."""
    return InvalidSyntax(
        f"The key {key[:QUOTED_MAX]!r} is given twice in one object; send it once. "
        "Names compare without case."
    )
