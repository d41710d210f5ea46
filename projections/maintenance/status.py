"""Report whether each projection is complete and current, and which revision built it."""

from dataclasses import dataclass
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import read_tails
from projections.followers.lag import Lag, lag
from projections.followers.parked import ParkedStream, parked
from projections.maintenance.builds import Build, Shards, count_shards, is_ours, load_builds
from projections.registry import PROJECTIONS, Projection

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a projection. `build` is None if there is no record of what built its tables."""

    projection: Projection
    build: Build | None
    lags: list[Lag]
    parked: list[ParkedStream]
    next: Build | None  # A rebuild that runs or was interrupted.
    shards: Shards  # The progress of this rebuild.
    is_rebuilding: bool  # False: the rebuild was interrupted, or there is none.
    previous: Build | None  # What a rollback restores.

    @property
    def is_current(self) -> bool:
        """Return whether the tables are what this release would build."""
        return is_ours(self.build, self.projection)

    @property
    def is_previous_ours(self) -> bool:
        """Return whether this release can roll back."""
        return is_ours(self.previous, self.projection)


async def load_statuses(
    connection: Connection, organization_id: UUID | None = None
) -> list[Status]:
    """Return the status of each projection, for one organization's log or for all."""
    builds = await load_builds(connection)
    return [
        await load_status(connection, each, builds, organization_id)
        for each in PROJECTIONS.values()
    ]


async def load_status(
    connection: Connection,
    projection: Projection,
    builds: dict[str, Build],
    organization_id: UUID | None,
) -> Status:
    """Return the status of a projection."""
    return Status(
        projection,
        builds.get(projection.name),
        [
            each
            for each in await load_lags(connection, projection)
            if organization_id in (None, each.organization_id)
        ],
        [
            each
            for each in await parked(connection, projection.name)
            if organization_id in (None, each.organization_id)
        ],
        builds.get(projection.next),
        await count_shards(connection, projection.next),
        await is_rebuilding(connection, projection),
        builds.get(projection.previous),
    )


async def load_lags(connection: Connection, projection: Projection) -> list[Lag]:
    """Return how far a projection is behind each log. An inline projection is never behind."""
    if projection.follower is not None:
        return await lag(connection, projection.name)
    tails = await read_tails(connection)
    return [Lag(each, tail, tail, 0.0) for each, tail in tails.items()]


async def is_rebuilding(connection: Connection, projection: Projection) -> bool:
    """Return whether a rebuild or a rollback of a projection runs now."""
    async with connection.transaction():
        return not await connection.fetchval(statement("share_rebuild"), projection.name)
