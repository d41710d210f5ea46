"""Load shards of the log into tables, and read them back. Each shard is one transaction."""

from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import FIRST_ID, LAST_ID, Span
from eventstore.sealing.sealer import Sealer
from projections.directory.user_type import load_user_type
from projections.fold import Failure, Fold, Row, Stream, fold_span
from projections.followers.follower import describe
from projections.maintenance.builds import Shard, claim_shard
from projections.maintenance.context import RebuildContext
from projections.rebuild.checksum import CHECKSUM_MODULUS, row_checksum
from projections.table_rows import rows_of_span
from schema.scim.resource_type import ResourceType

statement = statements_in(__package__)
followers_statement = statements_in("projections.followers")
projections_statement = statements_in("projections")
maintenance_statement = statements_in("projections.maintenance")


COPY_ROWS = 4_000  # In one COPY. More rows cost memory, fewer cost round trips.
PAGE_ROWS = 2_000

RowChecksum = Callable[[Iterable[Row]], int]


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
    checksums: dict[str, RowChecksum]
    buffers: dict[str, list[Row]] = field(default_factory=dict)
    waiting: int = 0
    checksum: int = 0
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
            self.checksum = (self.checksum + self.checksums[name](records)) % CHECKSUM_MODULUS
            await self.writer.copy_records_to_table(
                name,
                columns=self.context.fold.tables[name].columns,
                records=records,
            )
        self.buffers, self.waiting = {}, 0

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
    checksums = await load_row_checksums(writer, context.fold, context.schema)
    sealer, is_done = context.sealer, False
    while not is_done:
        async with writer.transaction():
            shard = await claim_shard(writer, context.schema, to="load")
            if shard is not None:
                organization_id = shard.span.organization_id
                users = await load_user_type(reader, sealer, shard.span)
                loading = Loading(context, writer, organization_id, users, sealer, checksums)
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
    checksums = await load_row_checksums(connection, context.fold, context.schema)
    span = Span(organization_id, FIRST_ID, LAST_ID, position)
    sealer = context.sealer
    users = await load_user_type(connection, sealer, span)
    loading = Loading(context, connection, organization_id, users, sealer, checksums)
    folding = fold_span(connection, sealer, context.fold, span, is_shared=True)
    async with aclosing(folding) as pages:
        async for page in pages:
            loading.add(page.streams)
            if loading.waiting >= COPY_ROWS:
                await loading.copy()
    await loading.copy()


async def verify_shards(context: RebuildContext, writer: Connection) -> None:
    """Read shards back until none is left. Errors: ReadBackDiffers."""
    checksums = await load_row_checksums(writer, context.fold, context.schema)
    is_done = False
    while not is_done:
        async with writer.transaction():
            shard = await claim_shard(writer, context.schema, to="verify")
            if shard is not None:
                await verify_shard(context, writer, shard, checksums)
        is_done = shard is None


async def verify_shard(
    context: RebuildContext, writer: Connection, shard: Shard, checksums: dict[str, RowChecksum]
) -> None:
    """Compare the checksum of a shard's stored rows with that of the rows that were made. Errors: ReadBackDiffers."""
    checksum = 0
    for name, table in context.fold.tables.items():
        query, arguments = rows_of_span(name, table, shard.span)
        cursor = await writer.cursor(query, *arguments)
        while records := await cursor.fetch(PAGE_ROWS):
            checksum = (checksum + checksums[name](records)) % CHECKSUM_MODULUS
    if checksum != shard.checksum:
        where = f"Shard {shard.number} of {context.schema}."
        raise ReadBackDiffers(f"{ReadBackDiffers.__doc__} {where}")
    await writer.execute(statement("end_shard_verify"), context.schema, shard.number)


async def load_row_checksums(
    connection: Connection, fold: Fold, schema: str
) -> dict[str, RowChecksum]:
    """Return the checksum function for the rows of each table of a projection."""
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in await connection.fetch(
        maintenance_statement("table_columns"), schema
    ):
        types.setdefault(table, {})[column] = kind
    return {
        name: row_checksum([types[name][column] for column in table.columns])
        for name, table in fold.tables.items()
    }
