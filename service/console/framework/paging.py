"""Pages of lists: a keyset forward, and the way back through the addresses that led here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from service.api.cursor import Part, bad_cursor, read_cursor, read_parts, write_cursor

RowT = TypeVar("RowT")
LIMIT: Final = 50
BACK_MAX: Final = 200  # Pages that Previous remembers.
COUNTED_MAX: Final = 1_000  # More rows are "more than 1,000".


@dataclass(frozen=True, slots=True)
class Listed(Generic[RowT]):
    """A page of a list, as `ui.pager` shows it.

    `next` and `previous` are values of the parameter `cursor`; None: there is no such page. The first page has
    the cursor "".
    """

    rows: Sequence[RowT]
    next: str | None
    previous: str | None


def read_place(kind: str, cursor: str | None, *parts: Part) -> list[Any] | None:
    """Return the key after which a page begins, each part as it is read; None for the first page.

    Errors: BadQuery for a cursor that no page of the list gave.
    """
    found = _read(kind, cursor)
    return None if found is None else read_parts(found[0], parts)


def read_after(kind: str, cursor: str | None, part: Part) -> Any:
    """Return the key after which a page begins, in a list whose key has one part; None for the first page.

    Errors: BadQuery for a cursor that no page of the list gave.
    """
    place = read_place(kind, cursor, part)
    return place[0] if place else None


def _read(kind: str, cursor: str | None) -> tuple[list[Any], list[Any]] | None:
    """Return the key in a cursor, and those of the pages before it. Errors: BadQuery."""
    found = read_cursor(kind, cursor or None)
    if found is None:
        return None
    match found:
        case [list(place), list(before)]:
            return place, before
        case _:
            raise bad_cursor()


def listed(
    kind: str,
    cursor: str | None,
    rows: Sequence[RowT],
    key: Callable[[RowT], Sequence[Any]],
    *,
    limit: int = LIMIT,
) -> Listed[RowT]:
    """Return a page, of which one row more than `limit` was read if there are so many.

    A cursor holds the key that its page begins after, and those of the pages before, so that Previous leads back the
    same way. Errors: BadQuery.
    """
    place, before = _read(kind, cursor) or (None, [])
    shown, following, previous = list(rows[:limit]), None, None
    if len(rows) > limit:
        trail = [*before, place][-BACK_MAX:]
        following = write_cursor(kind, list(key(shown[-1])), trail)
    if place is not None:
        last = before[-1] if before else None
        previous = "" if last is None else write_cursor(kind, last, before[:-1])
    return Listed(shown, following, previous)
