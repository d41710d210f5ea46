"""Followers: projections that may lag. One batch of events, their tables and their checkpoint: one transaction.

A projection's name is that of the Postgres schema it lives in. An event that cannot be applied parks
its stream: that event and the later ones of the stream wait for a retry, the other streams go on.
"""

import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from uuid import UUID

import structlog

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.statements import statements_in
from eventstore.read import read

statement = statements_in(__package__)
projections_statement = statements_in("projections")


BATCH_MAX = 1_000  # Events in one transaction,
DATA_MAX = (
    400_000  # and characters of their data, of which a member takes 39: about 10,000 memberships.
)
# What an event can be to blame for; all else that Postgres says is a matter of its state, or of our statements.
BLAMES_THE_EVENT = frozenset({Outage.REFUSED, Outage.INCOMPLETE_ROW, Outage.UNFIT, Outage.NONE})
OUR_PACKAGES = frozenset({"eventstore", "projections", "schema", "service"})

log = structlog.get_logger()


class Superseded(Exception):
    """Somebody else has advanced this checkpoint: what was to be written is written already."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A projection that follows the log. `name` is that of its Postgres schema, too.

    `apply` writes events of one organization in their order; it gets each event once, in the
    caller's transaction, with its own schema on the search path. What it raises parks a stream,
    unless it is an outage.
    """

    name: str
    apply: Callable[[Connection, UUID, Sequence[RecordedEvent]], Awaitable[None]]


async def load_checkpoints(connection: Connection, name: str) -> dict[UUID, int]:
    """Return how far a projection has come in each log that it has begun with."""
    return dict(await connection.fetch(statement("load_checkpoints"), name))


async def advance(
    connection: Connection,
    follower: Follower,
    organization_id: UUID,
    *,
    after: int,
    limit: int = BATCH_MAX,
) -> int:
    """Return the checkpoint after the next batch of a log; `after` itself where the log ends there.

    A batch has BATCH_MAX events at most, and fewer where they are large.

    Errors: Superseded where the checkpoint is not at `after`; nothing is written then.
    """
    # Read outside the transaction: a process that is stopped here holds nothing.
    events = await read(connection, organization_id, after=after, limit=limit, data_max=DATA_MAX)
    if not events:
        return after
    async with connection.transaction():
        await _move_checkpoint(connection, follower.name, events)
        await enter(connection, follower)
        parked = await load_parked_ids(connection, follower.name, organization_id)
        await apply_or_park(connection, follower, events, parked)
    return events[-1].position


async def _move_checkpoint(
    connection: Connection, name: str, events: Sequence[RecordedEvent]
) -> None:
    organization_id, after = events[0].organization_id, events[0].position - 1
    if after == 0:
        await connection.execute(statement("start_checkpoint"), name, organization_id)
    moved = await connection.fetchval(
        statement("advance_checkpoint"), name, organization_id, after, events[-1].position
    )
    if moved is None:
        raise Superseded(Superseded.__doc__)


async def enter(connection: Connection, follower: Follower) -> None:
    """Put the follower's tables on the search path until the transaction ends."""
    await connection.execute(projections_statement("enter_schema"), follower.name)


async def load_parked_ids(
    connection: Connection, name: str, organization_id: UUID
) -> frozenset[UUID]:
    """Return the streams that wait; the checkpoint is locked, so that none is released meanwhile."""
    rows = await connection.fetch(statement("load_parked_ids"), name, organization_id)
    return frozenset(row["stream_id"] for row in rows)


async def apply_or_park(
    connection: Connection,
    follower: Follower,
    events: Sequence[RecordedEvent],
    parked: frozenset[UUID],
) -> frozenset[UUID]:
    """Apply events but those of parked streams; return the parked streams, with those parked now.

    A batch that fails is halved until the event that it fails on stands alone.
    """
    events = [event for event in events if event.stream_id not in parked]
    if not events:
        return parked
    try:
        async with connection.transaction():
            await follower.apply(connection, events[0].organization_id, events)
    except Exception as error:
        if is_outage(error):
            raise
        if len(events) == 1:
            await _park(connection, follower, events[0], error)
            return parked | {events[0].stream_id}
    else:
        return parked
    middle = len(events) // 2
    parked = await apply_or_park(connection, follower, events[:middle], parked)
    return await apply_or_park(connection, follower, events[middle:], parked)


def is_outage(error: Exception) -> bool:
    """Tell whether no event is to blame, so that the same batch may pass later."""
    return classify(error) not in BLAMES_THE_EVENT


async def _park(
    connection: Connection, follower: Follower, event: RecordedEvent, error: Exception
) -> None:
    told = describe(error)
    log.error(
        "stream_parked",
        projection=follower.name,
        organization_id=str(event.organization_id),
        stream_id=str(event.stream_id),
        position=event.position,
        event_type=event.type,
        error=told,
    )
    await connection.execute(
        statement("park_stream"),
        follower.name,
        event.organization_id,
        event.stream_id,
        event.position,
        event.version,
        event.event_id,
        event.type,
        told,
    )


def describe(error: Exception) -> str:
    """Return what was raised and where, and what it means if it is an error of ours.

    A message is left out: it may hold values, and so a person's. Our own docstrings hold none.
    """
    rule = getattr(error, "constraint_name", None)
    frames = list(traceback.walk_tb(error.__traceback__))
    ours = [frame for frame in frames if "site-packages" not in frame[0].f_code.co_filename]
    where = "".join(map(_place, (ours or frames)[-1:]))
    meaning = f": {_first_line(error)}" if _is_ours(type(error)) else ""
    return f"{type(error).__name__}{f' ({rule})' if rule else ''}{where}{meaning}"


def _is_ours(kind: type[Exception]) -> bool:
    """Tell whether a kind of error is of this service."""
    return kind.__module__.partition(".")[0] in OUR_PACKAGES and kind.__doc__ is not None


def _place(step: tuple[FrameType, int]) -> str:
    frame, line = step
    return f" in {frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}, line {line}"


def _first_line(error: Exception) -> str:
    return (type(error).__doc__ or "").partition("\n")[0]
