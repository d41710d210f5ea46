"""The rows of an answer about a day: those of a page, or all of them in a file."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from projections.directory.actors import Actor
from service.api.cursor import Part
from service.console.framework.call import ConsoleCall
from service.console.framework.paging import LIMIT, Listed, listed, read_after
from service.console.pages.files import CSV_MAX, refuse_too_many
from service.http.answer import Answer

RowT = TypeVar("RowT")
COLUMNS: Final = ("name", "userName", "since", "by", "until", "active", "event", "id")


@dataclass(frozen=True, slots=True)
class Held:
    """A row of an answer: who had something, since when, until when, and by which event."""

    id: UUID
    name: str
    sub: str
    since: datetime | None
    until: datetime | None
    by: Actor | None
    event: int | None
    is_active: bool
    is_person: bool = True
    role: str | None = None


def is_file(call: ConsoleCall) -> bool:
    """Return whether a file is asked for."""
    return call.query.get("format") == "csv"


def place_in(call: ConsoleCall, kind: str, part: Part) -> tuple[Any, int]:
    """Return where a page or a file begins, and how many rows to read: one more than it has room for."""
    return read_after(kind, _cursor(call), part), _limit(call) + 1


def page_of(
    call: ConsoleCall, kind: str, rows: Sequence[RowT], key: Callable[[RowT], Sequence[Any]]
) -> Listed[RowT]:
    """Return a page of rows, or those of a file."""
    return listed(kind, _cursor(call), rows, key, limit=_limit(call))


def refuse_cut(call: ConsoleCall, rows: Sequence[object]) -> None:
    """Refuse a file that would be cut; a page is never refused. Errors: BadQuery."""
    if is_file(call):
        refuse_too_many(call, len(rows))


async def count_then_and_today(
    call: ConsoleCall,
    rows: Sequence[object],
    count: Callable[[int], Awaitable[int]],
    *,
    position: int,
    last: int,
) -> tuple[int, int]:
    """Return how many there were at a position and how many there are today, each counted once at most.

    What is whole on its first page is counted by its rows, and a file needs no number.
    """
    if is_file(call):
        return 0, 0
    is_whole = len(rows) <= LIMIT and not _cursor(call)
    then = len(rows) if is_whole else await count(position)
    return then, then if position >= last else await count(last)


def file_of(call: ConsoleCall, name: str, rows: Sequence[Held]) -> Answer:
    """Return rows as a file."""
    return call.csv(name, COLUMNS, map(_cells, rows))


def _limit(call: ConsoleCall) -> int:
    return CSV_MAX if is_file(call) else LIMIT


def _cursor(call: ConsoleCall) -> str | None:
    """Return the cursor of a page. A file begins with the first row, wherever its page begins."""
    return None if is_file(call) else call.query.get("cursor")


def _cells(each: Held) -> tuple[object, ...]:
    by = each.by.name if each.by else None
    return each.name, each.sub, each.since, by, each.until, each.is_active, each.event, each.id
