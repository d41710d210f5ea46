"""Logs with trees: appended as the service appends, extended and signed as the service signs."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg

from eventstore.append import append, lock_log
from eventstore.events import NewEvent
from eventstore.proof.outside_lines import OutsideLog
from eventstore.proof.verdicts import Verdict
from eventstore.sealing.sealer import Sealer
from eventstore.trees.check import Sources, check_all
from eventstore.trees.extend import extend_to_end
from eventstore.trees.keys import LogKey, load_log_keys, load_signers, make_missing_keys
from eventstore.trees.logs import LogState
from tests.database.events import ORGANIZATION, new_event

MARK_KEY = bytes(range(32))
SEALER = Sealer(bytes(32), mark_key=MARK_KEY)


async def append_marked(
    connection: asyncpg.Connection, *events: NewEvent, organization_id: UUID = ORGANIZATION
) -> None:
    """Append events with marks, and commit."""
    async with connection.transaction():
        tail = await lock_log(connection, organization_id)
        await append(connection, organization_id, tail, events, SEALER)


async def append_many(
    connection: asyncpg.Connection, count: int, organization_id: UUID = ORGANIZATION
) -> None:
    """Append the first events of as many streams."""
    events = [new_event(stream_id=uuid4(), personal=b'{"userName":"jo"}') for _ in range(count)]
    await append_marked(connection, *events, organization_id=organization_id)


async def keys_of(connection: asyncpg.Connection) -> dict[int, LogKey]:
    """Return the keys of the checkpoints; make them if they are missing."""
    await make_missing_keys(connection, SEALER)
    return await load_log_keys(connection, SEALER)


async def signed(connection: asyncpg.Connection, organization_id: UUID = ORGANIZATION) -> LogState:
    """Extend and sign the tree of a log; return it."""
    keys = await keys_of(connection)
    state = await extend_to_end(
        connection, organization_id, keys, datetime.now(UTC), mark_key=MARK_KEY
    )
    assert state is not None
    return state


async def outside_of(connection: asyncpg.Connection, state: LogState, *older: str) -> OutsideLog:
    """Return the copy outside as it is after a checkpoint, with older ones before it."""
    signers = await load_signers(connection, state.organization_id)
    trusted = [each.trusted(state.organization_id) for each in signers]
    return OutsideLog(state.organization_id, state.note, list(older), trusted, 1)


async def verified(
    connection: asyncpg.Connection,
    outside: OutsideLog | None = None,
    organization_id: UUID = ORGANIZATION,
) -> Verdict:
    """Return the verdict of a full check."""
    sources = Sources({organization_id: outside} if outside else {}, MARK_KEY)
    return await check_all(connection, organization_id, sources, lambda _done, _of: None)
