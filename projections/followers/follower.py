"""Apply one batch of events to a projection that may lag, and advance its checkpoint, in one transaction.

A projection has the name of its Postgres schema. An event that cannot be applied parks its stream: this
event and the later events of the stream wait for a retry. Other streams go on.
"""

import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from uuid import UUID

import structlog

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.statements import statements_in
from eventstore.read import read
from eventstore.sealing.sealer import Sealer

statement = statements_in(__package__)
projections_statement = statements_in("projections")


BATCH_MAX = 1_000  # Events in one transaction.
# Characters of their data in one transaction. A member takes 39 characters: about 2,500 memberships, some milliseconds.
DATA_MAX = 100_000
# Errors that an event may cause. All others come from the state of Postgres, or from our statements.
BLAMES_THE_EVENT = frozenset({Outage.REFUSED, Outage.INCOMPLETE_ROW, Outage.UNFIT, Outage.NONE})
OUR_PACKAGES = frozenset({"eventstore", "projections", "schema", "service"})

log = structlog.get_logger()


class Superseded(Exception):
    """Another process has advanced this checkpoint: it has already written these events."""


Apply = Callable[[Connection, UUID, Sequence[RecordedEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Follower:
    """A projection that follows the log. Its Postgres schema has the same `name`.

    `apply` writes events of one organization, in order. It gets each event once, in the caller's
    transaction, with its own schema on the search path. An error from it parks a stream, unless the
    error is an outage.

    A follower that reads the personal parts of events has `opened_by`, which makes its `apply` from a sealer.
    """

    name: str
    apply: Apply
    opened_by: Callable[[Sealer], Apply] | None = None

    def opening(self, sealer: Sealer) -> "Follower":
        """Return the follower with what opens the personal parts, if it reads them."""
        if self.opened_by is None:
            return self
        return replace(self, apply=self.opened_by(sealer), opened_by=None)


async def refuse_sealed(
    _connection: Connection, _organization_id: UUID, _events: Sequence[RecordedEvent]
) -> None:
    """Stand in for the `apply` of a follower that was given no sealer."""
    raise TypeError("This follower reads personal parts: call `opening` first.")


async def load_checkpoints(connection: Connection, name: str) -> dict[UUID, int]:
    """Return the checkpoint of a projection in each log that it has started."""
    return dict(await connection.fetch(statement("load_checkpoints"), name))


async def advance(
    connection: Connection,
    follower: Follower,
    organization_id: UUID,
    *,
    after: int,
    limit: int = BATCH_MAX,
) -> int:
    """Apply the next batch of a log; return the new checkpoint, or `after` itself if the log ends there.

    A batch has at most `limit` events, and fewer if the events are large.

    Errors: those of `write`.
    """
    # Read outside the transaction: a process that hangs here holds no lock.
    events = await read_batch(connection, organization_id, after=after, limit=limit)
    return await write(connection, follower, events) if events else after


async def read_batch(
    connection: Connection, organization_id: UUID, *, after: int, limit: int = BATCH_MAX
) -> list[RecordedEvent]:
    """Return the next batch of a log, for any follower; nothing if the log ends there."""
    return await read(connection, organization_id, after=after, limit=limit, data_max=DATA_MAX)


async def write(connection: Connection, follower: Follower, events: Sequence[RecordedEvent]) -> int:
    """Apply a batch of a log in one transaction; return the new checkpoint.

    Errors: Superseded, if the checkpoint is not in front of the batch. Nothing is written then.
    """
    try:
        # Mostly no event fails: then no savepoint is needed, which costs two round trips.
        await _write(connection, follower, events, _apply)
    except Exception as error:
        if isinstance(error, Superseded) or is_outage(error):
            raise
        await _write(connection, follower, events, apply_or_park)
    return events[-1].position


async def _write(
    connection: Connection,
    follower: Follower,
    events: Sequence[RecordedEvent],
    how: Callable[
        [Connection, Follower, Sequence[RecordedEvent], frozenset[UUID]], Awaitable[object]
    ],
) -> None:
    async with connection.transaction():
        await _move_checkpoint(connection, follower.name, events)
        await enter(connection, follower)
        parked = await load_parked_ids(connection, follower.name, events[0].organization_id)
        await how(connection, follower, events, parked)


async def _apply(
    connection: Connection,
    follower: Follower,
    events: Sequence[RecordedEvent],
    parked: frozenset[UUID],
) -> None:
    """Apply events, except those of parked streams. Errors: those of `Follower.apply`."""
    events = [event for event in events if event.stream_id not in parked]
    if events:
        await follower.apply(connection, events[0].organization_id, events)


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
    """Return the parked streams. The checkpoint is locked, so none is released meanwhile."""
    rows = await connection.fetch(statement("load_parked_ids"), name, organization_id)
    return frozenset(row["stream_id"] for row in rows)


async def apply_or_park(
    connection: Connection,
    follower: Follower,
    events: Sequence[RecordedEvent],
    parked: frozenset[UUID],
) -> frozenset[UUID]:
    """Apply events, except those of parked streams. Return all parked streams, old and new.

    A batch that fails is halved until the failing event is alone.
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
    """Return whether no event is to blame. The same batch may then succeed later."""
    return classify(error) not in BLAMES_THE_EVENT


async def _park(
    connection: Connection, follower: Follower, event: RecordedEvent, error: Exception
) -> None:
    description = describe(error)
    log.error(
        "stream_parked",
        projection=follower.name,
        organization_id=str(event.organization_id),
        stream_id=str(event.stream_id),
        position=event.position,
        event_type=event.type,
        error=description,
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
        description,
    )


def describe(error: Exception) -> str:
    """Return which error was raised and where; for one of our own errors, also its docstring.

    Messages are left out, because they may hold personal values. Our docstrings hold none.
    """
    rule = getattr(error, "constraint_name", None)
    frames = list(traceback.walk_tb(error.__traceback__))
    ours = [frame for frame in frames if "site-packages" not in frame[0].f_code.co_filename]
    where = "".join(map(_place, (ours or frames)[-1:]))
    meaning = f": {_first_line(error)}" if _is_ours(type(error)) else ""
    return f"{type(error).__name__}{f' ({rule})' if rule else ''}{where}{meaning}"


def _is_ours(kind: type[Exception]) -> bool:
    """Return whether a class of errors is defined in this project."""
    return kind.__module__.partition(".")[0] in OUR_PACKAGES and kind.__doc__ is not None


def _place(step: tuple[FrameType, int]) -> str:
    frame, line = step
    return f" in {frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}, line {line}"


def _first_line(error: Exception) -> str:
    return (type(error).__doc__ or "").partition("\n")[0]
