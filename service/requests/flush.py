"""Write what requests left behind: one statement for the cycles and one for the requests."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import classify
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from eventstore.slices import results_of
from service.ids import new_id
from service.requests.kept import KeptRequest, KeptRequests, Seen, Sighting
from service.requests.texts import Row, keys_of, seal_text

statement = statements_in(__package__)

GAP: Final = timedelta(minutes=10)  # A longer pause ends a cycle.
TAKEN_MAX: Final = 1_000  # Requests in one statement.
TIMEOUT_S: Final = 10.0


async def flush(pool: asyncpg.Pool, sealer: Sealer, kept: KeptRequests, per_day: int) -> None:
    """Write what waits. After an outage it waits again; after any other error it is lost. Errors: asyncpg's."""
    requests, sightings = kept.take(TAKEN_MAX)
    if not requests and not sightings:
        return
    try:
        async with borrowed(pool, timeout_s=TIMEOUT_S) as connection, connection.transaction():
            cycles = await _see(connection, sightings)
            await _keep(connection, sealer, requests, cycles, per_day=per_day)
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) or classify(error).blames_nobody:
            kept.put_back(requests, sightings)
        raise


async def forget_old(pool: asyncpg.Pool, days: int) -> None:
    """Remove what is older than so many days. Errors: asyncpg's, TimeoutError."""
    async with borrowed(pool, timeout_s=60.0) as connection:
        before = datetime.now(UTC) - timedelta(days=days)
        await connection.execute(statement("forget_requests"), before)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def _see(connection: Connection, sightings: Mapping[Seen, Sighting]) -> dict[Seen, UUID]:
    """Extend or open the cycle of each token; return their ids."""
    if not sightings:
        return {}
    rows = [
        (
            *seen,
            new_id(),
            _instant(each.first_s),
            _instant(each.last_s),
            each.requests,
            each.reads,
            each.unchanged,
            each.refused,
            each.slowest_ms,
            each.slowest_request_id,
            each.slowest_method,
            each.slowest_route,
        )
        for seen, each in sightings.items()
    ]
    found = await connection.fetch(statement("see_requests"), *_columns(rows), GAP)
    return {(row["organization_id"], row["token_id"]): row["id"] for row in found}


async def _keep(
    connection: Connection,
    sealer: Sealer,
    requests: Sequence[KeptRequest],
    cycles: Mapping[Seen, UUID],
    *,
    per_day: int,
) -> None:
    if not requests:
        return
    named = {
        each.resource_id: each.organization_id
        for each in requests
        if each.text is not None and each.resource_id is not None
    }
    keys = await keys_of(connection, sealer, named)
    rows = await results_of(lambda each: _row(sealer, each, cycles, keys), requests)
    await connection.execute(statement("keep_requests"), *_columns(rows), per_day)


def _row(
    sealer: Sealer,
    each: KeptRequest,
    cycles: Mapping[Seen, UUID],
    keys: Mapping[UUID, bytes],
) -> tuple[Any, ...]:
    sealed, sealed_for = None, None
    if each.text is not None:
        row = Row(each.organization_id, each.id)
        sealed, sealed_for = seal_text(sealer, row, each.text, each.resource_id, keys=keys)
    return (
        each.organization_id,
        each.id,
        _instant(each.at_s),
        each.token_id,
        None if each.token_id is None else cycles.get((each.organization_id, each.token_id)),
        each.request_id,
        each.operation,
        each.is_refused,
        each.method,
        each.route,
        each.status,
        each.scim_type,
        each.attribute,
        each.finding,
        each.resource_id,
        sealed,
        sealed_for,
        each.duration_ms,
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
