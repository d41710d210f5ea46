"""Measure how far a follower is behind the log."""

from dataclasses import dataclass, replace
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import read, read_tail
from eventstore.read_streams import read_tails
from projections.followers.follower import load_checkpoints


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a projection is behind one log."""

    organization_id: UUID
    position: int  # The checkpoint.
    tail: int
    seconds: float  # Age of the first event that was not followed yet. 0: there is none.

    @property
    def events(self) -> int:
        """How many events were not followed yet."""
        return max(0, self.tail - self.position)


async def lag(connection: Connection, name: str) -> list[Lag]:
    """Return how far a projection is behind each log."""
    checkpoints = await load_checkpoints(connection, name)
    tails = await read_tails(connection)
    lags = [
        Lag(organization_id, checkpoints.get(organization_id, 0), tail, 0.0)
        for organization_id, tail in tails.items()
    ]
    return [await _timed(connection, each) if each.events else each for each in lags]


async def _timed(connection: Connection, each: Lag) -> Lag:
    """Return a lag with its seconds. The clock is that of Postgres, which also dated the events."""
    first, *_ = await read(connection, each.organization_id, after=each.position, limit=1)
    tail = await read_tail(connection, each.organization_id)
    return replace(each, seconds=max(0.0, (tail.now - first.recorded_at).total_seconds()))
