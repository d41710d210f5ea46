"""Read and write the database's record of builds and rebuilds: the tables of migrations 0003 and 0004."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import Span
from projections.followers.follower import load_checkpoints
from projections.registry import Projection

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Build:
    """Which revision of a projection built the tables of a schema."""

    schema: str
    revision: int | None  # None: a release without revisions built them.
    built_at: datetime


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a log that is loaded in one transaction. `checksum` is that of all its rows."""

    number: int
    span: Span
    checksum: int | None  # None: the shard is not loaded yet.


@dataclass(frozen=True, slots=True)
class Shards:
    """The progress of a schema's shards, in shards and in events."""

    all: int
    to_load: int
    to_verify: int
    events: int
    events_loaded: int
    events_verified: int


def is_ours(build: Build | None, projection: Projection) -> bool:
    """Return whether tables are what this release would build. Without a build record: False."""
    return build is not None and build.revision == projection.revision


async def load_builds(connection: Connection) -> dict[str, Build]:
    """Return the builds by schema."""
    rows = await connection.fetch(statement("load_builds"))
    return {row["schema_name"]: Build(*row) for row in rows}


async def record_build(connection: Connection, schema: str, projection: Projection) -> None:
    """Record which revision built the tables of a schema."""
    await connection.execute(statement("record_build"), schema, projection.revision)


async def rename_build(connection: Connection, schema: str, new_name: str) -> None:
    """Rename a build, with its follower's checkpoints and parked streams."""
    await connection.execute(statement("rename_build"), schema, new_name)


async def forget_build(connection: Connection, schema: str) -> None:
    """Delete the record of a build, its progress and its parked streams."""
    await connection.execute(statement("forget_build"), schema)


async def add_shards(
    connection: Connection, schema: str, spans: Sequence[Span], events: Sequence[int]
) -> None:
    """Record the shards to load."""
    await connection.execute(
        statement("add_shards"),
        schema,
        [each.organization_id for each in spans],
        [each.first for each in spans],
        [each.last for each in spans],
        [each.position for each in spans],
        events,
    )


async def claim_shard(connection: Connection, schema: str, *, to: str) -> Shard | None:
    """Return a shard to `load` or to `verify`, locked for this transaction; None if none is left."""
    row = await connection.fetchrow(statement(f"claim_shard_to_{to}"), schema)
    if row is None:
        return None
    number, organization_id, first, last, position, checksum = row
    return Shard(number, Span(organization_id, first, last, position), checksum)


async def count_shards(connection: Connection, schema: str) -> Shards:
    """Return the progress of a schema's shards."""
    return Shards(*await connection.fetchrow(statement("count_shards"), schema))


async def find_incomplete_logs(connection: Connection, schema: str) -> list[UUID]:
    """Return the logs whose shards did not read as many events as the log has."""
    return [row[0] for row in await connection.fetch(statement("find_incomplete_logs"), schema)]


async def load_loaded(connection: Connection, schema: str) -> dict[UUID, int]:
    """Return the position up to which the shards of a schema contain each log."""
    return dict(await connection.fetch(statement("load_shard_positions"), schema))


async def forget_shards(connection: Connection, schema: str) -> None:
    """Delete the record of shards, because the schema is complete."""
    await connection.execute(statement("forget_shards"), schema)


async def load_reached(connection: Connection, schema: str) -> dict[UUID, int]:
    """Return the position up to which a schema contains each log: caught up, or else loaded."""
    loaded = await load_loaded(connection, schema)
    followed = await load_checkpoints(connection, schema)
    return loaded | followed | dict(await connection.fetch(statement("load_reached"), schema))


async def start_checkpoints(connection: Connection, schema: str) -> None:
    """Start a follower's checkpoints at the positions of the shards, unless they were started."""
    await connection.execute(statement("start_checkpoints"), schema)


async def save_reached(connection: Connection, schema: str, positions: Mapping[UUID, int]) -> None:
    """Record the position up to which a schema contains some logs."""
    await connection.execute(
        statement("save_reached"), schema, list(positions), list(positions.values())
    )


async def forget_reached(connection: Connection, schema: str) -> None:
    """Delete the recorded positions of a schema, because appends write it from now on."""
    await connection.execute(statement("forget_reached"), schema)
