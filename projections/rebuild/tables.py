"""Create the tables that a rebuild fills. Indexes are built later, when the rows are there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import Span, divide, read_tails
from projections.maintenance.builds import add_shards, forget_build, record_build
from projections.maintenance.context import CONNECT_TIMEOUT_S, RebuildContext
from projections.maintenance.create import create
from projections.maintenance.ownership import drop_schema
from projections.rebuild.priority import connect_low_priority

statement = statements_in(__package__)
maintenance_statement = statements_in("projections.maintenance")
projections_statement = statements_in("projections")


INDEX_MEMORY = "128MB"  # For each of the connections that build indexes.


@dataclass(frozen=True, slots=True)
class Index:
    """An index that a schema lacks: the statements that make it, and the constraint that uses it."""

    make: str  # Empty: the index exists, only its constraint is missing.
    attach: str  # Empty: no constraint uses the index.


async def begin(context: RebuildContext, connection: Connection) -> None:
    """Create the schema to fill, empty and without indexes, and plan the shards to load.

    What an earlier rebuild left is dropped. The caller owns the transaction. Errors: NotOurs.
    """
    projection, schema = context.projection, context.schema
    await drop_schema(connection, schema)
    await forget_build(connection, schema)
    await create(connection, projection.name, schema)
    await drop_indexes(connection, schema)
    await plan(connection, schema, context.shard_events)
    await record_build(connection, schema, projection)


async def plan(connection: Connection, schema: str, shard_events: int) -> None:
    """Record the spans of all logs as shards. Those of one log are expected to have equally many events."""
    spans: list[Span] = []
    events: list[int] = []
    for organization_id, position in (await read_tails(connection)).items():
        count = -(-position // shard_events)
        of_log = await divide(connection, organization_id, position=position, count=count)
        share, rest = divmod(position, len(of_log))
        spans += of_log
        events += [share + (index < rest) for index in range(len(of_log))]
    await add_shards(connection, schema, spans, events)


async def drop_indexes(connection: Connection, schema: str) -> None:
    """Drop all indexes of a schema, with the constraints that use them."""
    for row in await connection.fetch(statement("table_indexes"), schema):
        if row["constraint_type"]:
            table = f'"{schema}"."{row["table_name"]}"'
            await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{row["index_name"]}"')
        else:
            await connection.execute(f'DROP INDEX "{schema}"."{row["index_name"]}"')


async def missing_indexes(context: RebuildContext, connection: Connection) -> list[Index]:
    """Return the indexes and constraints of the DDL that the schema lacks. Those of large tables come first.

    Their definitions are read from an empty copy, which is rolled back. Postgres itself writes them.
    """
    rows = await connection.fetch(statement("table_indexes"), context.schema)
    held = {row["index_name"]: bool(row["constraint_type"]) for row in rows}
    shape = context.projection.shape
    transaction = connection.transaction()
    await transaction.start()
    try:
        await create(connection, context.projection.name, shape)
        # Definitions leave out a schema that is on the search path. They then fit any schema.
        await connection.execute(projections_statement("enter_schema"), shape)
        wanted = await connection.fetch(statement("table_indexes"), shape)
    finally:
        await transaction.rollback()
    indexes = [index_of(row, held) for row in wanted]
    return [each for each in indexes if each.make or each.attach]


def index_of(row: asyncpg.Record, held: dict[str, bool]) -> Index:
    """Return what is missing of an index. `held` has the existing ones, and whether a constraint uses them.

    The statements name no schema. The connection that runs them has the schema on its search path.
    """
    name, kind = row["index_name"], row["constraint_type"]
    word = {b"p": "PRIMARY KEY", b"u": "UNIQUE"}.get(kind)
    attach = (
        f'ALTER TABLE "{row["table_name"]}" ADD CONSTRAINT "{name}" {word} USING INDEX "{name}"'
    )
    return Index(
        make="" if name in held else row["definition"],
        attach=attach if word and not held.get(name) else "",
    )


async def build_indexes(context: RebuildContext, indexes: Sequence[Index]) -> None:
    """Build indexes, as many at a time as there are processes, then the constraints that use them."""
    waiting = [each.make for each in reversed(indexes) if each.make]

    async def make_waiting() -> None:
        settings = {**context.session, "maintenance_work_mem": INDEX_MEMORY}
        connection = await connect_low_priority(context.dsn, settings, timeout_s=CONNECT_TIMEOUT_S)
        try:
            while waiting:
                await connection.execute(waiting.pop())
        finally:
            await connection.close()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(context.processes):
                group.create_task(make_waiting())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    connection = await connect(
        context.dsn, timeout_s=CONNECT_TIMEOUT_S, server_settings=context.session
    )
    try:
        for each in indexes:
            if each.attach:
                await connection.execute(each.attach)
    finally:
        await connection.close()


@asynccontextmanager
async def analyzed(context: RebuildContext) -> AsyncIterator[None]:
    """Analyze the tables during the block, on a connection of its own. At its end they are analyzed."""
    analyzing = asyncio.create_task(_analyze_beside(context), name="rebuild analyze")
    try:
        yield
        await analyzing
    finally:
        if not analyzing.done():
            analyzing.cancel()
        await asyncio.wait([analyzing])
        if not analyzing.cancelled():
            analyzing.exception()  # That of the block is reported. This one is seen, so nothing logs it later.


async def _analyze_beside(context: RebuildContext) -> None:
    connection = await connect_low_priority(
        context.dsn, context.session, timeout_s=CONNECT_TIMEOUT_S
    )
    try:
        await analyze(connection, context.schema)
    finally:
        connection.terminate()


async def analyze(connection: Connection, schema: str) -> None:
    """Analyze newly filled tables, because the planner has no statistics for them yet."""
    tables = {
        row["table_name"]
        for row in await connection.fetch(maintenance_statement("table_columns"), schema)
    }
    for table in sorted(tables):
        await connection.execute(f'ANALYZE "{schema}"."{table}"')
