"""Compare a projection's rows with the log, stream by stream, while writes go on."""

import json  # It reads numbers of any size; somebody may have edited a row by hand.
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import (
    FIRST_ID,
    LAST_ID,
    PROVENANCE,
    Span,
    read_streams,
    read_tails,
    touched_streams,
)
from projections.directory.user_type import load_user_type
from projections.fold import (
    Fold,
    Parked,
    Row,
    Stream,
    Table,
    fold_span,
    fold_streams,
    not_folded,
)
from projections.followers.follower import load_checkpoints
from projections.maintenance.context import RebuildContext
from projections.registry import Projection
from projections.table_rows import rows_of_span
from projections.verify.explain import explained
from projections.verify.findings import Difference
from schema.scim.resource_type import ResourceType

followers_statement = statements_in("projections.followers")


JSON_VALUES = frozenset(
    {"search", "facts"}
)  # Compared as values, because jsonb does not keep the text.
UNLOGGED_MAX = 100  # Rows of a table that belong to no log. More of them would not help.
STREAMS_MAX = 500  # Compared at a time, if only some streams are compared.

Held = dict[tuple[str, Row], Row]  # Table and key → row.


@dataclass(frozen=True, slots=True)
class Compared:
    """A part of a log that was compared: how many events (or streams), and what differs."""

    count: int
    differences: list[Difference]


# One connection reads the tables of the context's schema, another reads the log. `tables` is in a transaction with
# the schema on its search path. The transaction is REPEATABLE READ if others write the schema meanwhile. The log up
# to a position never changes.


async def compare_log(
    context: RebuildContext,
    tables: Connection,
    log: Connection,
    organization_id: UUID,
    *,
    position: int,
) -> AsyncGenerator[Compared, None]:
    """Compare a log up to a position; yield the result of each page."""
    whole = Span(organization_id, FIRST_ID, LAST_ID, position)
    users = await load_user_type(log, context.sealer, whole)
    low = FIRST_ID
    parked = await load_parked_positions(tables, context.schema, organization_id)
    folding = fold_span(log, context.sealer, context.fold, whole, parked)
    async with aclosing(folding) as pages:
        async for page in pages:
            if page.streams:
                high = page.streams[-1][0]
                part = Span(organization_id, low, high, position)
                expected = expected_rows(context, organization_id, page.streams, users)
                yield Compared(page.events, await compare_span(context, tables, part, expected))
                low = UUID(int=min(high.int + 1, LAST_ID.int))
    rest = Span(organization_id, low, LAST_ID, position)
    yield Compared(0, await compare_span(context, tables, rest, {}))


async def compare_touched(
    context: RebuildContext,
    tables: Connection,
    log: Connection,
    organization_id: UUID,
    *,
    after: int,
    position: int,
) -> AsyncGenerator[Compared, None]:
    """Compare the streams that have events after one position and up to another; yield results."""
    whole = Span(organization_id, FIRST_ID, LAST_ID, position)
    users = await load_user_type(log, context.sealer, whole)
    parked = await load_parked_positions(tables, context.schema, organization_id)
    ids = await touched_streams(log, organization_id, after=after, position=position)
    for begin in range(0, len(ids), STREAMS_MAX):
        some = ids[begin : begin + STREAMS_MAX]
        streams = await fold_streams(log, context.sealer, context.fold, whole, some, parked)
        expected = expected_rows(context, organization_id, streams, users)
        found = await rows_of_streams(context.fold, tables, organization_id, some)
        yield Compared(len(some), await explain(context, tables, whole, expected, found))


async def find_unlogged(
    context: RebuildContext, tables: Connection, organization_ids: Sequence[UUID]
) -> list[Difference]:
    """Return rows of organizations other than these, which have no log: up to UNLOGGED_MAX per table."""
    found: Held = {}
    for name, table in context.fold.tables.items():
        query = (
            f"SELECT {', '.join(table.columns)} FROM {name} "  # noqa: S608 - ours.
            f"WHERE organization_id <> ALL($1::uuid[]) LIMIT {UNLOGGED_MAX}"
        )
        found |= held_rows(name, table, await tables.fetch(query, organization_ids))
    return list(compare_rows(context.fold, {}, found))


async def compare_span(
    context: RebuildContext, tables: Connection, part: Span, expected: Held
) -> list[Difference]:
    """Return how the rows of a span's streams differ from the expected ones."""
    found: Held = {}
    for name, table in context.fold.tables.items():
        query, arguments = rows_of_span(name, table, part)
        found |= held_rows(name, table, await tables.fetch(query, *arguments))
    return await explain(context, tables, part, expected, found)


async def rows_of_streams(
    fold: Fold, tables: Connection, organization_id: UUID, ids: Sequence[UUID]
) -> Held:
    """Return the rows of some streams."""
    found: Held = {}
    for name, table in fold.tables.items():
        query = (
            f"SELECT {', '.join(table.columns)} FROM {name} "  # noqa: S608 - ours.
            f"WHERE organization_id = $1 AND {table.stream} = ANY($2::uuid[])"
        )
        found |= held_rows(name, table, await tables.fetch(query, organization_id, ids))
    return found


async def explain(  # noqa: PLR0917 - which rows were expected and found, and where.
    context: RebuildContext, tables: Connection, part: Span, expected: Held, found: Held
) -> list[Difference]:
    """Return how rows differ, with the events that explain the expected rows."""
    differences = list(compare_rows(context.fold, expected, found))
    ids = list({each.stream_id for each in differences})
    if not ids:
        return []
    # On the connection of the tables, because the other one may be fetching the next page.
    events = await read_streams(tables, context.sealer, part, PROVENANCE, ids)
    return explained(differences, (row for row, _ in events))


async def served_positions(connection: Connection, projection: Projection) -> dict[UUID, int]:
    """Return the position up to which the serving tables contain each log, in this snapshot."""
    if projection.follower is None:
        return await read_tails(connection)
    return await load_checkpoints(connection, projection.name)


async def load_parked_positions(
    connection: Connection, schema: str, organization_id: UUID
) -> Parked:
    """Return the parked streams, each with the position of its first waiting event."""
    rows = await connection.fetch(followers_statement("load_parked_ids"), schema, organization_id)
    return {row["stream_id"]: row["position"] for row in rows}


def expected_rows(
    context: RebuildContext, organization_id: UUID, streams: Iterable[Stream], users: ResourceType
) -> Held:
    """Return the rows that streams lead to. Errors: NotFolded, if an event fails that is not parked."""
    expected: Held = {}
    fold, sealer = context.fold, context.sealer
    for _, folded in streams:
        if folded.failure is not None:
            raise not_folded(organization_id, folded.failure.event, folded.failure.error)
        for name, row in folded.rows(organization_id, users, sealer):
            expected[name, fold.tables[name].key_of(row)] = row
    return expected


def held_rows(name: str, table: Table, records: Iterable[Iterable[Any]]) -> Held:
    """Return rows of a table as they were read, by table and key."""
    held = [tuple(record) for record in records]
    return {(name, table.key_of(row)): row for row in held}


def compare_rows(fold: Fold, expected: Held, found: Held) -> Iterator[Difference]:
    """Yield how rows differ, without events."""
    for place in expected.keys() | found.keys():
        name, key = place
        table = fold.tables[name]
        wanted, held = expected.get(place), found.get(place)
        row = wanted or held or ()
        made = Difference(row[0], table.stream_of(row), name, tuple(map(str, key[1:])))
        if wanted is None or held is None:
            yield replace(made, kind="extra" if wanted is None else "missing")
        elif columns := differing(table, wanted, held):
            yield replace(
                made,
                columns=columns,
                personal=table.personal.intersection(columns),
                expected={each: wanted[table.columns.index(each)] for each in columns},
                found={each: held[table.columns.index(each)] for each in columns},
            )


def differing(table: Table, wanted: Row, held: Row) -> tuple[str, ...]:
    """Return the columns in which two rows differ."""
    return tuple(
        name
        for name, one, other in zip(table.columns, wanted, held, strict=True)
        if one != other and not (name in JSON_VALUES and json.loads(one) == json.loads(other))
    )
