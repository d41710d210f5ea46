"""Swaps tables that have caught up with those that serve, so fast that a client sees a slow request at most."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from eventstore.seal import Sealer
from eventstore.streams import read_tails
from projections.load import Connection
from projections.rebuild_catch_up import behind, catch_up
from projections.rebuild_state import (
    forget_build,
    forget_reached,
    forget_shards,
    rename_build,
    save_reached,
)
from projections.registry import Projection
from projections.statements import statement

# Appends wait for who swaps while that one waits for the appends before it, for the events of that
# moment and for two renames: together no more than the 150 ms that we promise.
LOCK_TIMEOUT_MS = 40
EVENTS_MAX = 60  # In the last catch-up; with more of them the lock is given back.
RETRY_S = 0.05
TRIES_MAX = 400

log = structlog.get_logger()


class SwapFailed(Exception):
    """Appends left no moment to swap in; nothing has changed, and the next call goes on from here."""


class TooFarBehind(Exception):
    """More was appended since than can be caught up while all appends wait."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Which schema comes to serve in the place of a projection's, and which is dropped before."""

    projection: Projection
    schema: str

    @property
    def is_rollback(self) -> bool:
        """Tell whether the former tables come back, and the latter become the previous ones."""
        return self.schema == self.projection.previous


async def keep_up(connection: Connection, sealer: Sealer, schema: str) -> int:
    """Catch up with every log as it is now; return how many events that took."""
    taken = 0
    for organization_id, (reached, tail) in (await behind(connection, schema)).items():
        position = reached
        while position < tail:
            async with connection.transaction():
                position = await catch_up(
                    connection, sealer, schema, organization_id, after=position
                )
        taken += position - reached
    return taken


async def swap(connection: Connection, sealer: Sealer, exchange: Exchange) -> None:
    """Let a schema serve that has caught up; what served becomes the previous one. Errors: SwapFailed."""
    if not exchange.is_rollback:
        await drop(connection, exchange.projection.previous)
    for _ in range(TRIES_MAX):
        while await keep_up(connection, sealer, exchange.schema) > EVENTS_MAX // 2:
            pass
        try:
            async with connection.transaction():
                await exchange_locked(connection, sealer, exchange)
        except (asyncpg.LockNotAvailableError, TooFarBehind) as error:
            log.info("projection_swap_postponed", reason=type(error).__name__)
            await asyncio.sleep(RETRY_S)
        else:
            return
    raise SwapFailed(SwapFailed.__doc__)


async def drop(connection: Connection, schema: str) -> None:
    """Drop the tables of a schema that serves nobody, and forget them."""
    async with connection.transaction():
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        await forget_build(connection, schema)


async def exchange_locked(connection: Connection, sealer: Sealer, exchange: Exchange) -> None:
    """Lock all appends out, catch up for the last time and rename; the caller owns the transaction."""
    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    await connection.execute(statement("lock_appends"))
    tails = await catch_up_locked(connection, sealer, exchange.schema)
    name, previous = exchange.projection.name, exchange.projection.previous
    spare = f"{name}_spare"
    steps = [(name, spare), (exchange.schema, name), (spare, previous)]
    for former, latter in steps:
        await connection.execute(f'ALTER SCHEMA "{former}" RENAME TO "{latter}"')
        await rename_build(connection, former, latter)
    await forget_shards(connection, exchange.schema)
    await forget_reached(connection, exchange.schema)
    await save_reached(connection, previous, tails)


async def catch_up_locked(connection: Connection, sealer: Sealer, schema: str) -> dict[UUID, int]:
    """Catch up with what came since; return where the logs end. Errors: TooFarBehind."""
    waiting = await behind(connection, schema)
    if sum(tail - reached for reached, tail in waiting.values()) > EVENTS_MAX:
        raise TooFarBehind(TooFarBehind.__doc__)
    for organization_id, (reached, _) in waiting.items():
        await catch_up(connection, sealer, schema, organization_id, after=reached)
    return await read_tails(connection)
