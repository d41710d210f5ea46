"""Read cycles and kept requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.requests.kept import Text
from service.requests.texts import Row, keys_of, open_text

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Requests of one token with no gap above ten minutes."""

    id: UUID
    token_id: UUID  # Of a token or of an OAuth client.
    started_at: datetime
    last_at: datetime
    requests: int
    reads: int
    unchanged: int
    refused: int
    slowest_ms: float
    slowest_request_id: UUID
    slowest_method: str
    slowest_route: str | None
    counts: Mapping[str, int] | None  # Of its events, once it is over.


def cycle_of_row(row: Sequence[Any]) -> Cycle:
    """Return the cycle in a row, whose last column is JSON."""
    columns = list(row)
    columns[-1] = None if columns[-1] is None else orjson.loads(columns[-1])
    return Cycle(*columns)


@dataclass(frozen=True, slots=True)
class CycleFilter:
    """Which cycles are wanted. None asks for all."""

    token_id: UUID | None = None
    begin: datetime | None = None
    end: datetime | None = None
    is_refused: bool = False  # Only those in which something was refused.


async def read_cycles(
    connection: Connection,
    organization_id: UUID,
    wanted: CycleFilter,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Cycle]:
    """Return cycles, newest first. `after` is the beginning and the id of the last one of the page before."""
    place = after or (None, None)
    rows = await connection.fetch(
        statement("list_cycles"),
        organization_id,
        wanted.token_id,
        wanted.begin,
        wanted.end,
        *place,
        limit,
        wanted.is_refused,
    )
    return [cycle_of_row(row) for row in rows]


async def read_cycle(connection: Connection, organization_id: UUID, cycle_id: UUID) -> Cycle | None:
    """Return a cycle, or None if the organization has none with this id."""
    row = await connection.fetchrow(statement("find_cycle"), organization_id, cycle_id)
    return None if row is None else cycle_of_row(row)


async def before_cycle(connection: Connection, organization_id: UUID, cycle: Cycle) -> Cycle | None:
    """Return the cycle of the same token before this one."""
    place = (organization_id, cycle.token_id, cycle.started_at, cycle.id)
    row = await connection.fetchrow(statement("before_cycle"), *place)
    return None if row is None else cycle_of_row(row)


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which kept requests are wanted. None asks for all."""

    is_refused: bool | None = True
    cycle_id: UUID | None = None
    token_id: UUID | None = None
    finding: str | None = None
    begin: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request that was refused or changed nothing. `text` is None if it says nothing, or nothing any more."""

    id: UUID
    at: datetime
    token_id: UUID | None
    cycle_id: UUID | None
    request_id: UUID
    operation: int | None
    is_refused: bool
    method: str
    route: str | None
    status: int
    scim_type: str | None
    attribute: str | None
    finding: str | None
    resource_id: UUID | None
    is_erased: bool
    duration_ms: float | None
    text: Text | None = None


async def read_requests(
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    wanted: RequestFilter,
    *,
    after: UUID | None,
    limit: int,
) -> list[StoredRequest]:
    """Return kept requests, newest first. `after` is the last one of the page before. Errors: BrokenSeal."""
    rows = await connection.fetch(
        statement("list_requests"),
        organization_id,
        wanted.is_refused,
        wanted.cycle_id,
        wanted.token_id,
        wanted.finding,
        wanted.begin,
        wanted.end,
        after,
        limit,
    )
    named = {row["sealed_for"]: organization_id for row in rows if row["sealed_for"] is not None}
    keys = await keys_of(connection, sealer, named)
    found = []
    for row in rows:
        columns = dict(row)
        sealed, subject = columns.pop("sealed"), columns.pop("sealed_for")
        stored = StoredRequest(**columns)
        if sealed is not None:
            text = open_text(sealer, Row(organization_id, stored.id), sealed, subject, keys=keys)
            stored = replace(stored, text=text, is_erased=stored.is_erased or text is None)
        found.append(stored)
    return found


@dataclass(frozen=True, slots=True)
class Reason:
    """How often a finding about an attribute was made."""

    finding: str
    attribute: str | None
    requests: int
    since: datetime | None = None
    cycles: int = 0


Key = tuple[str | None, str | None]  # Finding and attribute.


async def read_reasons(
    connection: Connection, organization_id: UUID, findings: set[str]
) -> dict[Key, Reason]:
    """Return since when and how often findings are kept, in how many cycles, by finding and attribute."""
    if not findings:
        return {}
    rows = await connection.fetch(statement("reasons"), organization_id, sorted(findings))
    return {
        (row["finding"], row["attribute"]): Reason(
            row["finding"], row["attribute"], row["requests"], row["since"], row["cycles"]
        )
        for row in rows
    }


async def reasons_of_cycle(
    connection: Connection, organization_id: UUID, cycle_id: UUID
) -> list[Reason]:
    """Return why requests of a cycle were refused, most frequent first, with the whole past of each reason."""
    rows = await connection.fetch(statement("reasons_of_cycle"), organization_id, cycle_id)
    known = await read_reasons(connection, organization_id, {row["finding"] for row in rows})
    return [
        replace(known[row["finding"], row["attribute"]], requests=row["requests"]) for row in rows
    ]
