"""Compares a projection's rows with what the log says, stream by stream, while both go on."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from eventstore.seal import Sealer
from eventstore.streams import FIRST_ID, LAST_ID, Span, read_streams, touched_streams
from projections.fold import STREAM_COLUMNS, TABLES, Row, rows
from projections.fold_span import Stream, fold_span, fold_streams, load_user_type
from projections.load import Connection
from projections.rebuild_load import rows_of_span
from schema.scim.resource_type import ResourceType

KEY_COLUMNS = {  # Table → how many of its first columns are its key.
    "organizations": 1,
    "tokens": 2,
    "users": 2,
    "former_users": 2,
    "groups": 2,
    "memberships": 3,
}
JSON_VALUES = frozenset({"search"})  # What compares as a value: jsonb keeps no text.
STREAMS_MAX = 500  # Compared at a time, where only some are.

Held = dict[tuple[str, Row], Row]  # Table and key → row.


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as the log says, and the events that say so: (position, type)."""

    organization_id: UUID
    stream_id: UUID
    table: str
    key: tuple[str, ...]
    kind: str  # missing, extra or different.
    columns: tuple[str, ...]  # Of a row that is different.
    expected: Mapping[str, Any]  # The values of those columns, as the log says: may be personal.
    found: Mapping[str, Any]
    events: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: the rows of a schema, by a connection, with the log, by another.

    The first one's transaction is REPEATABLE READ where the schema is written meanwhile; what the log
    says up to a position is always the same.
    """

    tables: Connection
    log: Connection
    sealer: Sealer
    schema: str

    async def compare_log(self, organization_id: UUID, position: int) -> AsyncIterator["Compared"]:
        """Yield what each page of a log came to, up to a position."""
        whole = Span(organization_id, FIRST_ID, LAST_ID, position)
        users = await load_user_type(self.log, self.sealer, whole)
        low = FIRST_ID
        async for page in fold_span(self.log, self.sealer, whole):
            if page.streams:
                high = page.streams[-1][0]
                part = Span(organization_id, low, high, position)
                yield Compared(page.events, await self._compare(part, page.streams, users))
                low = UUID(int=min(high.int + 1, LAST_ID.int))
        rest = Span(organization_id, low, LAST_ID, position)
        yield Compared(0, await self._compare(rest, [], users))

    async def compare_touched(
        self, organization_id: UUID, *, after: int, position: int
    ) -> AsyncIterator["Compared"]:
        """Yield what the streams with events after a position came to."""
        whole = Span(organization_id, FIRST_ID, LAST_ID, position)
        users = await load_user_type(self.log, self.sealer, whole)
        ids = await touched_streams(self.log, organization_id, after=after, position=position)
        for begin in range(0, len(ids), STREAMS_MAX):
            some = ids[begin : begin + STREAMS_MAX]
            streams = await fold_streams(self.log, self.sealer, whole, some)
            expected = expected_rows(organization_id, streams, users)
            found = await self._rows_of_streams(organization_id, some)
            yield Compared(len(some), await self._explained(whole, expected, found))

    async def _compare(
        self, part: Span, streams: Sequence[Stream], users: ResourceType
    ) -> list[Difference]:
        expected = expected_rows(part.organization_id, streams, users)
        found: Held = {}
        for table in TABLES:
            query, arguments = rows_of_span(self.schema, table, part)
            found |= held_rows(table, await self.tables.fetch(query, *arguments))
        return await self._explained(part, expected, found)

    async def _rows_of_streams(self, organization_id: UUID, ids: Sequence[UUID]) -> Held:
        found: Held = {}
        for table, columns in TABLES.items():
            query = (
                f'SELECT {", ".join(columns)} FROM "{self.schema}".{table} '  # noqa: S608 - our names.
                f"WHERE organization_id = $1 AND {STREAM_COLUMNS[table]} = ANY($2::uuid[])"
            )
            found |= held_rows(table, await self.tables.fetch(query, organization_id, ids))
        return found

    async def _explained(self, part: Span, expected: Held, found: Held) -> list[Difference]:
        differences = list(compare_rows(expected, found))
        ids = {each.stream_id for each in differences}
        events: dict[UUID, list[tuple[int, str]]] = {}
        if ids:
            for row, _ in await read_streams(self.log, self.sealer, part, list(ids)):
                events.setdefault(row["stream_id"], []).append((row["position"], row["type"]))
        return [replace(each, events=tuple(events.get(each.stream_id, ()))) for each in differences]


@dataclass(frozen=True, slots=True)
class Compared:
    """A part of a log that was compared: how many events (or streams), and what differs."""

    count: int
    differences: list[Difference]


def expected_rows(organization_id: UUID, streams: Iterable[Stream], users: ResourceType) -> Held:
    """Return the rows that streams came to."""
    return {
        (table, row[: KEY_COLUMNS[table]]): row
        for _, folded in streams
        for table, row in rows(organization_id, folded, users)
    }


def held_rows(table: str, records: Iterable[Iterable[Any]]) -> Held:
    """Return the rows of a table as they were read."""
    held = [tuple(record) for record in records]
    return {(table, row[: KEY_COLUMNS[table]]): row for row in held}


def compare_rows(expected: Held, found: Held) -> Iterator[Difference]:
    """Yield how rows differ, without the events."""
    for place in expected.keys() | found.keys():
        table = place[0]
        wanted, held = expected.get(place), found.get(place)
        if wanted is None or held is None:
            kind = "extra" if wanted is None else "missing"
            yield difference(table, kind, wanted or held or (), ())
        elif columns := differing(table, wanted, held):
            made = difference(table, "different", wanted, columns)
            names = TABLES[table]
            yield replace(
                made,
                expected={name: wanted[names.index(name)] for name in columns},
                found={name: held[names.index(name)] for name in columns},
            )


def difference(table: str, kind: str, row: Row, columns: tuple[str, ...]) -> Difference:
    """Return a difference of a row, without values and events."""
    stream_id = row[TABLES[table].index(STREAM_COLUMNS[table])]
    key = tuple(map(str, row[1 : KEY_COLUMNS[table]]))
    return Difference(row[0], stream_id, table, key, kind, columns, {}, {}, ())


def differing(table: str, wanted: Row, held: Row) -> tuple[str, ...]:
    """Return the columns in which two rows differ."""
    return tuple(
        name
        for name, one, other in zip(TABLES[table], wanted, held, strict=True)
        if one != other and not (name in JSON_VALUES and orjson.loads(one) == orjson.loads(other))
    )
