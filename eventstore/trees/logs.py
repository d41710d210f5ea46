"""How far the tree of each log is, its tiles, and the checkpoints that are kept."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.examination import Row
from eventstore.proof.leaf import origin_of
from eventstore.proof.outside_lines import Closed
from eventstore.proof.tiles import WIDTH, Address, split_hashes

statement = statements_in(__package__)

ERASED = "OrganizationErased"  # The last event of an organization.
ROWS_MAX = 4_096  # Events that are read at once.
DATA_MAX = 4_000_000  # Characters of their data.
PLAIN_ROWS = (
    512  # Plain rows that are read at once, however long: 20 MB if each names 1,000 members.
)


class LogState(NamedTuple):
    """How far the tree of a log is."""

    organization_id: UUID
    incarnation: int
    size: int
    root: bytes | None  # None: the tree is empty.
    note: str | None  # None: nothing is signed yet.
    signed_at: datetime | None
    kept_size: int
    kept_at: datetime | None
    marks_from: int | None  # None: not known yet.
    is_found: bool  # The log was there before its tree.
    restored_at: tuple[int, ...]  # Positions of the events that declare restores.

    @property
    def origin(self) -> str:
        """Return the name under which checkpoints are signed."""
        return origin_of(self.organization_id, self.incarnation)


class LogWithTail(NamedTuple):
    """A log: how far its tree is, and where it ends."""

    organization_id: UUID
    state: LogState | None  # None: it has no tree.
    tail: int


async def load_due(
    connection: Connection, before: datetime, limit: int
) -> list[tuple[UUID, datetime]]:
    """Return signed logs that were not checked since an instant, and since when: the one that waits longest first."""
    rows = await connection.fetch(statement("find_due_logs"), before, limit)
    return [(row[0], row[1]) for row in rows]


async def load_log(connection: Connection, organization_id: UUID) -> LogState | None:
    """Return how far a tree is; None if the log has none."""
    row = await connection.fetchrow(statement("load_log"), organization_id)
    return None if row is None else _state(*row)


async def load_logs(connection: Connection) -> list[LogWithTail]:
    """Return all logs, from one snapshot. Each costs a few steps in an index, however long it is."""
    rows = await connection.fetch(statement("load_logs"))
    return [
        LogWithTail(row[0], None if row["incarnation"] is None else _state(*row[:-1]), row["tail"])
        for row in rows
    ]


def _state(*values: Any) -> LogState:
    *first, restored_at = values
    return LogState._make([*first, tuple(restored_at)])


async def load_tiles(
    connection: Connection, organization_id: UUID, addresses: Iterable[Address]
) -> dict[Address, bytes]:
    """Return those of some tiles that are stored."""
    wanted = sorted(addresses)
    if not wanted:
        return {}
    levels, tiles = zip(*wanted, strict=True)
    rows = await connection.fetch(statement("load_tiles"), organization_id, levels, tiles)
    return {(level, tile): hashes for level, tile, hashes in rows}


async def save_tiles(
    connection: Connection, organization_id: UUID, tiles: Mapping[Address, bytes]
) -> None:
    """Add tiles, or overwrite those that are not full."""
    levels = [level for level, _ in tiles]
    numbers = [number for _, number in tiles]
    await connection.execute(
        statement("save_tiles"), organization_id, levels, numbers, list(tiles.values())
    )


async def load_leaf_hashes(
    connection: Connection, organization_id: UUID, first: int, last: int
) -> list[bytes]:
    """Return the stored leaf hashes of positions `first` to `last`, as far as there are any without a gap."""
    if last < first:
        return []
    begin, end = (first - 1) // WIDTH, (last - 1) // WIDTH
    rows = await connection.fetch(statement("load_leaf_tiles"), organization_id, begin, end)
    found = list[bytes]()
    for number, (tile, hashes) in enumerate(rows, begin):
        if tile != number:
            break
        found += split_hashes(hashes)
        if len(hashes) < WIDTH * len(found[0]):
            break
    skipped = first - 1 - begin * WIDTH
    return found[skipped : skipped + last - first + 1]


async def read_rows(
    connection: Connection,
    organization_id: UUID,
    *,
    after: int,
    limit: int = ROWS_MAX,
    data_max: int = DATA_MAX,
) -> list[Row]:
    """Return the rows after a position as they are stored, with their marks.

    A row that somebody tampered with may hold None where the table allows none.
    """
    rows = await connection.fetch(statement("read_rows"), organization_id, after, limit, data_max)
    return [Row(RecordedEvent(*row[:-1]), row[-1]) for row in rows]


async def read_plain_rows(
    connection: Connection, organization_id: UUID, *, after: int, last: int
) -> Sequence[asyncpg.Record]:
    """Return the rows after a position up to another one: the columns of RecordedEvent, then the mark."""
    rows: list[asyncpg.Record] = await connection.fetch(
        statement("read_plain_rows"), organization_id, after, last
    )
    return rows


async def load_kept(
    connection: Connection, organization_id: UUID, *, after: tuple[int, int] = (0, -1)
) -> list[tuple[str, datetime]]:
    """Return the kept checkpoints after an incarnation and a size, the oldest first, and when they were signed."""
    rows = await connection.fetch(statement("load_kept"), organization_id, *after)
    return [tuple(row) for row in rows]


async def find_kept(connection: Connection, organization_id: UUID, size: int) -> str | None:
    """Return the newest kept checkpoint of a size, or None."""
    found: str | None = await connection.fetchval(statement("find_kept"), organization_id, size)
    return found


async def find_tail(connection: Connection, organization_id: UUID) -> int:
    """Return the last position of a log, 0 if it has no event."""
    position: int = await connection.fetchval(statement("find_tail"), organization_id)
    return position


async def find_endings(
    connection: Connection, organization_ids: Iterable[UUID]
) -> dict[UUID, Closed]:
    """Return the logs that have moved to another database, and those of some organizations that were erased."""
    rows = await connection.fetch(statement("find_endings"), list(organization_ids), ERASED)
    return {row[0]: Closed(*row[1:]) for row in rows}


async def find_instant(
    connection: Connection, organization_id: UUID, position: int
) -> datetime | None:
    """Return the instant of an event; None if there is none."""
    found: datetime | None = await connection.fetchval(
        statement("find_recorded_at"), organization_id, position
    )
    return found


async def find_replayed_at(connection: Connection) -> datetime | None:
    """Return when the last transaction was committed that a promoted standby had received; None if it is none."""
    found: datetime | None = await connection.fetchval(statement("find_replayed_at"))
    return found


async def set_marks_from(connection: Connection, organization_id: UUID, position: int) -> None:
    """Record where the marks of a log begin: the log is no longer one that was found."""
    await connection.execute(statement("set_marks_from"), organization_id, position)


async def note_checked(connection: Connection, organization_id: UUID) -> None:
    """Record that a full check of a log found nothing."""
    await connection.execute(statement("note_checked"), organization_id)


async def begin_log(connection: Connection, organization_id: UUID) -> None:
    """Let a log that has no tree have one. The owner of the tables calls it."""
    await connection.execute(statement("begin_log"), organization_id)
