"""Cursors of lists: where a page begins. Clients send back what `nextCursor` gave them."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from eventstore.events import POSITION_MAX
from service.api.models import FieldProblem, Page
from service.api.problem import BadQuery
from service.encoding import base64url
from service.ids import as_id

RowT = TypeVar("RowT")
Part = Callable[[Any], Any]  # Reads a part of a key. Errors: ValueError.


def write_cursor(kind: str, *key: Any) -> str:
    """Return the cursor of the page after the row with this key, in the list of this kind."""
    return base64url(orjson.dumps([kind, *key], default=str))


def read_cursor(kind: str, text: str | None) -> list[Any] | None:
    """Return the key in a cursor of this kind of list; None without a cursor. Errors: BadQuery."""
    if not text:
        return None
    try:
        made, *key = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError):
        raise bad_cursor() from None
    if made != kind or not key:
        raise bad_cursor()
    return list(key)


def read_key(kind: str, text: str | None, *parts: Part) -> list[Any] | None:
    """Return the key in a cursor of this kind of list, each part as it is read; None without one. Errors: BadQuery."""
    key = read_cursor(kind, text)
    return None if key is None else read_parts(key, parts)


def read_parts(key: Sequence[Any], parts: Sequence[Part]) -> list[Any]:
    """Return a key, each part as it is read. Errors: BadQuery."""
    try:
        return [read(part) for read, part in zip(parts, key, strict=True)]
    except ValueError:
        raise bad_cursor() from None


def read_id_cursor(kind: str, text: str | None) -> UUID | None:
    """Return the id in a cursor of a list that is ordered by id. Errors: BadQuery."""
    key = read_key(kind, text, an_id)
    return key[0] if key else None


def an_id(part: Any) -> UUID:
    """Return an id in a key. Errors: ValueError."""
    found = as_id(part) if isinstance(part, str) else None
    if found is None:
        raise ValueError(part)
    return found


def a_position(part: Any) -> int:
    """Return a position of the log in a key. Errors: ValueError."""
    if type(part) is not int or not 0 <= part <= POSITION_MAX:
        raise ValueError(part)
    return part


def a_name(part: Any) -> str:
    """Return a text in a key; the database takes no NUL. Errors: ValueError."""
    if not isinstance(part, str) or "\0" in part:
        raise ValueError(part)
    return part


def an_instant(part: Any) -> datetime:
    """Return an instant in a key. Errors: ValueError."""
    at = datetime.fromisoformat(a_name(part))
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:  # Before the year 1 or after 9999 in UTC.
        raise ValueError(part) from None


def page_of(
    rows: Sequence[RowT], limit: int, kind: str, key: Callable[[RowT], Sequence[Any]]
) -> Page[RowT]:
    """Return a page of rows, of which one more than `limit` was read if there are so many."""
    shown = list(rows[:limit])
    following = write_cursor(kind, *key(shown[-1])) if len(rows) > limit else None
    return Page[RowT](items=shown, next_cursor=following)


def bad_cursor() -> BadQuery:
    """Return the refusal of a cursor that no page of this list gave."""
    detail = "This list gave no such cursor: send the nextCursor of a page, unchanged."
    return BadQuery(detail, [FieldProblem(parameter="cursor", detail=detail)])
