"""Load shards of the log into tables, and read them back. Each shard is one transaction."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID
from zlib import crc32

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import FIRST_ID, LAST_ID, Span
from eventstore.sealing.sealer import Sealer
from eventstore.slices import in_slices
from projections.directory.user_type import load_user_type
from projections.fold import Failure, Fold, Row, Stream, Table, fold_span
from projections.followers.follower import describe
from projections.maintenance.builds import Shard, claim_shard
from projections.maintenance.context import RebuildContext
from projections.rebuild.binary import HEADER, TRAILER, Format, checksum_of, format_of
from projections.table_rows import rows_of_span
from schema.scim.resource_type import ResourceType

statement = statements_in(__package__)
followers_statement = statements_in("projections.followers")
projections_statement = statements_in("projections")
maintenance_statement = statements_in("projections.maintenance")


COPY_ROWS = 4_000  # In one COPY. More rows cost memory, fewer cost round trips.

ENCODED_ROWS = 250  # At once: more would not fit into the cache of a processor.
BEGUN = crc32(HEADER)  # The checksum of a COPY before its first row.
Formats = Mapping[str, Format]  # By table.


class ReadBackDiffers(Exception):
    """Rows that were read back differ from those that were written. Nothing was swapped."""


@dataclass(slots=True)
class Loading:
    """The rows of a shard that still have to be copied, and the checksum of those that were copied."""

    context: RebuildContext
    writer: Connection
    organization_id: UUID
    users: ResourceType
    sealer: Sealer
    formats: Formats
    buffers: dict[str, list[Row]] = field(default_factory=dict)
    waiting: int = 0
    checksums: dict[str, int] = field(
        default_factory=dict
    )  # Of the rows that were copied, by table.
    events: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, streams: Iterable[Stream]) -> None:
        """Add the rows of streams."""
        for _, folded in streams:
            for table, row in folded.rows(self.organization_id, self.users, self.sealer):
                self.buffers.setdefault(table, []).append(row)
                self.waiting += 1
            if folded.failure is not None:
                self.failures.append(folded.failure)

    async def copy(self) -> None:
        """Copy the waiting rows into the tables."""
        for name, records in self.buffers.items():
            await self.writer.copy_to_table(
                name,
                columns=self.formats[name].columns,
                source=self._sent(name, records),
                format="binary",
            )
        self.buffers, self.waiting = {}, 0

    async def _sent(self, name: str, records: list[Row]) -> AsyncIterator[bytes]:
        """Yield a table's rows as they are sent, and add those to read back to its checksum."""
        form = self.formats[name]
        records.sort(key=form.order_of)
        yield HEADER
        async for begin in in_slices(range(0, len(records), ENCODED_ROWS)):
            sent, read_back = form.encoded(records[begin : begin + ENCODED_ROWS])
            self.checksums[name] = crc32(read_back, self.checksums.get(name, BEGUN))
            yield sent
        yield TRAILER

    @property
    def checksum(self) -> int:
        """Return the checksum of all rows that were copied."""
        return checksum_of(crc32(TRAILER, self.checksums.get(name, BEGUN)) for name in self.formats)

    async def end(self, number: int) -> None:
        """Record that the shard is loaded, and which streams are parked."""
        schema = self.context.schema
        for each in self.failures:
            await park(self.writer, schema, self.organization_id, each)
        await self.writer.execute(
            statement("end_shard_load"), schema, number, self.checksum, self.events
        )


async def park(
    connection: Connection, schema: str, organization_id: UUID, failure: Failure
) -> None:
    """Park a stream, in tables that are being filled."""
    event = failure.event
    await connection.execute(
        followers_statement("park_stream"),
        schema,
        organization_id,
        event["stream_id"],
        event["position"],
        event["version"],
        event["event_id"],
        event["type"],
        describe(failure.error),
    )


async def load_shards(context: RebuildContext, reader: Connection, writer: Connection) -> None:
    """Load shards until none is left, each in its own transaction.

    The reader reads the log. The writer writes the tables; their schema is on its search path.
    """
    formats = await load_formats(writer, context.fold, context.schema)
    sealer, is_done = context.sealer, False
    while not is_done:
        async with writer.transaction():
            shard = await claim_shard(writer, context.schema, to="load")
            if shard is not None:
                organization_id = shard.span.organization_id
                users = await load_user_type(reader, sealer, shard.span)
                loading = Loading(context, writer, organization_id, users, sealer, formats)
                await load_shard(loading, reader, shard)
        is_done = shard is None


async def load_shard(loading: Loading, reader: Connection, shard: Shard) -> None:
    """Load one shard. The caller owns the writer's transaction."""
    context = loading.context
    async with aclosing(fold_span(reader, context.sealer, context.fold, shard.span)) as pages:
        async for page in pages:
            loading.events += page.events
            loading.add(page.streams)
            if loading.waiting >= COPY_ROWS:
                await loading.copy()
    await loading.copy()
    await loading.end(shard.number)


async def load_one(
    context: RebuildContext, connection: Connection, organization_id: UUID, position: int
) -> None:
    """Load one log into tables that serve and hold nothing of it, on the caller's connection and transaction.

    For a log that comes from another database. The projection is inline. Errors: NotFolded, a taken name.
    """
    await connection.execute(projections_statement("enter_schema"), context.schema)
    formats = await load_formats(connection, context.fold, context.schema)
    span = Span(organization_id, FIRST_ID, LAST_ID, position)
    sealer = context.sealer
    users = await load_user_type(connection, sealer, span)
    loading = Loading(context, connection, organization_id, users, sealer, formats)
    folding = fold_span(connection, sealer, context.fold, span, is_shared=True)
    async with aclosing(folding) as pages:
        async for page in pages:
            loading.add(page.streams)
            if loading.waiting >= COPY_ROWS:
                await loading.copy()
    await loading.copy()


async def verify_shards(context: RebuildContext, writer: Connection) -> None:
    """Read shards back until none is left. Errors: ReadBackDiffers."""
    formats = await load_formats(writer, context.fold, context.schema)
    is_done = False
    while not is_done:
        async with writer.transaction():
            shard = await claim_shard(writer, context.schema, to="verify")
            if shard is not None:
                await verify_shard(context, writer, shard, formats)
        is_done = shard is None


async def verify_shard(
    context: RebuildContext, writer: Connection, shard: Shard, formats: Formats
) -> None:
    """Compare the checksum of a shard's stored rows with that of the rows that were made. Errors: ReadBackDiffers."""
    checksums = [
        await read_back(writer, name, context.fold.tables[name], each, span=shard.span)
        for name, each in formats.items()
    ]
    if checksum_of(checksums) != shard.checksum:
        where = f"Shard {shard.number} of {context.schema}."
        raise ReadBackDiffers(f"{ReadBackDiffers.__doc__} {where}")
    await writer.execute(statement("end_shard_verify"), context.schema, shard.number)


async def read_back(
    connection: Connection, name: str, table: Table, form: Format, *, span: Span
) -> int:
    """Return the checksum of a table's rows that belong to a span's streams, in their order."""
    checksum = 0

    async def add(some: bytes) -> None:
        nonlocal checksum
        checksum = crc32(some, checksum)

    query, arguments = rows_of_span(name, table, span, form.read_back)
    in_order = f"{query} ORDER BY {', '.join(table.order)}"
    await connection.copy_from_query(in_order, *arguments, output=add, format="binary")
    return checksum


async def load_formats(connection: Connection, fold: Fold, schema: str) -> Formats:
    """Return the format of each table of a projection."""
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in await connection.fetch(
        maintenance_statement("table_columns"), schema
    ):
        types.setdefault(table, {})[column] = kind
    return {name: format_of(table, types[name]) for name, table in fold.tables.items()}
