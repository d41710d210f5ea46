"""Cursors of lists: where a page begins. Clients send back what `nextCursor` gave them."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import orjson

from service.api.models import FieldProblem, Page
from service.api.problem import BadQuery
from service.ids import as_id

RowT = TypeVar("RowT")


def write_cursor(kind: str, *key: Any) -> str:
    """Return the cursor of the page after the row with this key, in the list of this kind."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *key], default=str)).rstrip(b"=").decode()


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


def read_id_cursor(kind: str, text: str | None) -> UUID | None:
    """Return the id in a cursor of a list that is ordered by id. Errors: BadQuery."""
    key = read_cursor(kind, text)
    if key is None:
        return None
    found = as_id(key[0]) if len(key) == 1 and isinstance(key[0], str) else None
    if found is None:
        raise bad_cursor()
    return found


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
