"""The bulkIds that an operation of a bulk refers to: found and resolved wherever an id may be. Pure.

RFC 7644 §3.7.2 shows them as the value of a member or a manager. They may also be in the filter of a PATCH path,
in any form of PATCH, in JSON that a client sends as text, and at the end of a `$ref`.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson

from schema.scim.attributes import Document

PREFIX = "bulkId:"
DEPTH_MAX = 20  # No attribute nests deeper, nor do references to bulkIds.
# A string as filters and JSON write it. One without an end is one match too: a new search at each of its quotes would
# take a time that grows with the square of its length.
QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)

Resolve = Callable[[str], str]  # bulkId → the text that replaces a reference to it.


def is_reference(text: str) -> bool:
    """Return whether a text refers to a bulkId; clients write the word before the colon in any case."""
    return text[: len(PREFIX)].lower() == PREFIX.lower()


def references(operation: Document) -> set[str]:
    """Return the bulkIds that an operation refers to, in its path or anywhere in its data."""
    in_path = str(operation.get("path", "")).split("/")
    found = {each[len(PREFIX) :] for each in in_path if is_reference(each)}

    def take(bulk_id: str) -> str:
        found.add(bulk_id)
        return ""

    resolved(operation.get("data"), take)
    return found


def resolved(value: Any, resolve: Resolve, key: str = "", depth: int = 0) -> Any:
    """Return data with each reference to a bulkId replaced; `key` names the value in its object."""
    if isinstance(value, str):
        return _resolved_text(value, resolve, key.lower())
    if depth == DEPTH_MAX:
        return value
    if isinstance(value, dict):
        return {
            _resolved_quotes(name, resolve): resolved(each, resolve, name, depth + 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [resolved(each, resolve, key, depth + 1) for each in value]
    return value


def _resolved_text(text: str, resolve: Resolve, key: str) -> str:
    if is_reference(text):
        return resolve(text[len(PREFIX) :])
    if key == "path" or text[:1] in ("{", "["):
        return _resolved_quotes(text, resolve)
    start, slash, last = text.rpartition("/")
    if key == "$ref" and is_reference(last):
        return f"{start}{slash}{resolve(last[len(PREFIX) :])}"
    return text


def _resolved_quotes(text: str, resolve: Resolve) -> str:
    """Return a path, or JSON as text, with the references in its quotes replaced."""
    return QUOTED.sub(lambda found: _resolved_quote(found[0], resolve), text)


def _resolved_quote(quoted: str, resolve: Resolve) -> str:
    try:
        text: str = orjson.loads(quoted)
    except orjson.JSONDecodeError:
        return quoted  # Reading the filter or the JSON refuses it later.
    if is_reference(text):
        return orjson.dumps(resolve(text[len(PREFIX) :])).decode()
    inner = _resolved_quotes(text, resolve)  # A path that is a key of JSON as text.
    return quoted if inner == text else orjson.dumps(inner).decode()
