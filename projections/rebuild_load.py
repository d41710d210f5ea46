"""Loads shards of the log into tables, and reads them back: each in a transaction with its row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.seal import Sealer
from eventstore.streams import Span
from projections.fold import STREAM_COLUMNS, TABLES, Row, rows
from projections.fold_span import Stream, fold_span, load_user_type
from projections.load import Connection
from projections.rebuild_mark import MARKS_MAX, marker
from projections.rebuild_state import Shard, claim_shard
from projections.statements import statement
from schema.scim.resource_type import ResourceType

COPY_ROWS = 4_000  # In one COPY: more costs memory, fewer cost round trips.
PAGE_ROWS = 2_000

Marker = Callable[[Iterable[Row]], int]


class ReadBackDiffers(Exception):
    """Rows that were read back are not those that were made; nothing was swapped."""


@dataclass(slots=True)
class Loading:
    """The rows of a shard that are still to copy, and the sum of the marks of those that are."""

    schema: str
    users: ResourceType
    markers: dict[str, Marker]
    buffers: dict[str, list[Row]] = field(default_factory=dict)
    waiting: int = 0
    mark: int = 0
    events: int = 0

    def add(self, organization_id: UUID, streams: Iterable[Stream]) -> None:
        """Take in the rows of streams."""
        for _, folded in streams:
            for table, row in rows(organization_id, folded, self.users):
                self.buffers.setdefault(table, []).append(row)
                self.waiting += 1

    async def copy(self, connection: Connection) -> None:
        """Write the rows that wait."""
        for table, records in self.buffers.items():
            self.mark = (self.mark + self.markers[table](records)) % MARKS_MAX
            await connection.copy_records_to_table(
                table, schema_name=self.schema, columns=TABLES[table], records=records
            )
        self.buffers, self.waiting = {}, 0


async def load_shards(reader: Connection, writer: Connection, sealer: Sealer, schema: str) -> None:
    """Load shards until none is left. The reader is for the log, the writer for the tables."""
    markers = await load_markers(writer, schema)
    is_done = False
    while not is_done:
        async with writer.transaction():
            shard = await claim_shard(writer, schema, to="load")
            if shard is not None:
                users = await load_user_type(reader, sealer, shard.span)
                loading = Loading(schema, users, markers)
                await load_shard(reader, writer, sealer, shard, loading)
        is_done = shard is None


async def load_shard(  # noqa: PLR0917 - what it reads by, what it writes by.
    reader: Connection, writer: Connection, sealer: Sealer, shard: Shard, loading: Loading
) -> None:
    """Load one shard; the caller owns the writer's transaction."""
    async for page in fold_span(reader, sealer, shard.span):
        loading.events += page.events
        loading.add(shard.span.organization_id, page.streams)
        if loading.waiting >= COPY_ROWS:
            await loading.copy(writer)
    await loading.copy(writer)
    await writer.execute(
        statement("end_shard_load"), loading.schema, shard.number, loading.mark, loading.events
    )


async def verify_shards(connection: Connection, schema: str) -> None:
    """Read shards back until none is left. Errors: ReadBackDiffers."""
    markers = await load_markers(connection, schema)
    is_done = False
    while not is_done:
        async with connection.transaction():
            shard = await claim_shard(connection, schema, to="verify")
            if shard is not None:
                await verify_shard(connection, schema, shard, markers)
        is_done = shard is None


async def verify_shard(
    connection: Connection, schema: str, shard: Shard, markers: dict[str, Marker]
) -> None:
    """Compare the rows of a shard with the mark of those that its events came to."""
    mark = 0
    for table, sum_of_marks in markers.items():
        query, arguments = rows_of_span(schema, table, shard.span)
        cursor = await connection.cursor(query, *arguments)
        while records := await cursor.fetch(PAGE_ROWS):
            mark = (mark + sum_of_marks(records)) % MARKS_MAX
    if mark != shard.mark:
        raise ReadBackDiffers(f"{ReadBackDiffers.__doc__} Shard {shard.number} of {schema}.")
    await connection.execute(statement("end_shard_verify"), schema, shard.number)


def rows_of_span(schema: str, table: str, span: Span) -> tuple[str, tuple[UUID, UUID, UUID]]:
    """Return the query for a table's rows of the streams of a span, and its arguments."""
    # Composed of our own names: one text for each table and schema would be the same text 18 times.
    query = (
        f'SELECT {", ".join(TABLES[table])} FROM "{schema}".{table} '  # noqa: S608
        f"WHERE organization_id = $1 AND {STREAM_COLUMNS[table]} BETWEEN $2 AND $3"
    )
    return query, (span.organization_id, span.first, span.last)


async def load_markers(connection: Connection, schema: str) -> dict[str, Marker]:
    """Return what marks the rows of each table of the directory."""
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in await connection.fetch(statement("table_columns"), schema):
        types.setdefault(table, {})[column] = kind
    return {
        table: marker([types[table][column] for column in columns])
        for table, columns in TABLES.items()
    }
