"""Measure how far a follower is behind the log."""

from dataclasses import dataclass, replace
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import find_ages
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

    @property
    def beyond(self) -> int:
        """How far the checkpoint is beyond the end of the log, in events. The log has then lost events."""
        return max(0, self.position - self.tail)


async def lag(connection: Connection, name: str) -> list[Lag]:
    """Return how far a projection is behind each log."""
    lags = await _untimed(connection, name)
    behind = {each.organization_id: each.position for each in lags if each.events}
    ages = await find_ages(connection, behind) if behind else {}
    return [
        replace(each, seconds=ages.get(each.organization_id, 0.0)) if each.events else each
        for each in lags
    ]


async def find_beyond(connection: Connection, name: str) -> list[Lag]:
    """Return the logs beyond whose end the checkpoint of a projection is."""
    return [each for each in await _untimed(connection, name) if each.beyond]


async def _untimed(connection: Connection, name: str) -> list[Lag]:
    checkpoints = await load_checkpoints(connection, name)  # First: they never overtake the logs.
    tails = await read_tails(connection)
    # A log that has lost all its events has a checkpoint all the same.
    return [
        Lag(each, checkpoints.get(each, 0), tails.get(each, 0), 0.0)
        for each in {**tails, **checkpoints}
    ]
