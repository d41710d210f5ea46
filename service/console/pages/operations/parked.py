"""Parked streams: which event could not be applied, what waits behind it, and Retry."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from projections.followers.parked import ParkedStream, parked, retry_parked
from projections.registry import PROJECTIONS
from schema.scim.errors import NotFound
from service.console.framework.call import ConsoleCall
from service.console.pages.operations.names import organization_names
from service.http.answer import Answer

SHOWN_MAX: Final = 500
COLUMNS: Final = (
    *("projection", "organizationId", "streamId", "position", "version", "eventType", "error"),
    *("attempts", "parkedAt", "triedAt"),
)


async def show(call: ConsoleCall) -> Answer:
    """GET /operations/parked: the one that has waited longest first."""
    found = await _all(call)
    if call.query.get("format") == "csv":
        return call.csv("parked", COLUMNS, map(_cells, found))
    names = await organization_names(call)
    return await call.show(
        "operations/parked.html",
        rows=[
            (names.get(each.organization_id, str(each.organization_id)), each)
            for each in found[:SHOWN_MAX]
        ],
        count=len(found),
    )


async def _all(call: ConsoleCall) -> Sequence[ParkedStream]:
    found: list[ParkedStream] = []
    async with call.runtime.pool.acquire() as connection:
        for name, each in PROJECTIONS.items():
            if each.follower is not None:
                found += await parked(connection, name)
    return sorted(found, key=lambda each: each.parked_at)


def _cells(each: ParkedStream) -> tuple[object, ...]:
    return (
        *(each.projection, each.organization_id, each.stream_id, each.position, each.version),
        *(each.event_type, each.error, each.attempts, each.parked_at, each.tried_at),
    )


async def retry(call: ConsoleCall, name: str, organization_id: UUID) -> Answer:
    """POST /operations/parked/{projection}/{organization_id}: retry what is parked of a log, each from its event."""
    follower = PROJECTIONS[name].follower if name in PROJECTIONS else None
    if follower is None:
        raise NotFound("There is no such projection, or it never parks a stream.")
    async with call.runtime.pool.acquire() as connection:
        opening = follower.opening(call.runtime.sealer)
        await retry_parked(connection, opening, organization_id)
    return call.go("/operations/parked")
