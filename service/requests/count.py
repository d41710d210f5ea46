"""Count the events of a cycle. What a cycle that is over has changed stays with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.read import position_at
from projections.history.search import count_of_token, reached
from service.requests.flush import GAP
from service.requests.read import Cycle, cycle_of_row

statement = statements_in(__package__)

MARGIN: Final = timedelta(
    minutes=1
)  # Between the clocks of the service and of Postgres; cycles lie further apart.
COUNTED_MAX: Final = 100
TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What the events of a cycle did."""

    created: int = 0
    changed: int = 0
    deactivated: int = 0
    reactivated: int = 0
    deleted: int = 0
    roles: int = 0
    members_added: int = 0
    members_removed: int = 0


KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "created": ("UserProvisioned", "GroupCreated"),
    "changed": ("UserChanged", "UserLinked", "GroupChanged"),
    "deactivated": ("UserDeactivated",),
    "reactivated": ("UserReactivated",),
    "deleted": ("UserDeleted", "GroupDeleted"),
    "roles": ("RoleAssigned",),
}


async def bounds(connection: Connection, organization_id: UUID, cycle: Cycle) -> tuple[int, int]:
    """Return the positions that the events of a cycle lie between: after the first, up to the second."""
    return (
        await position_at(connection, organization_id, cycle.started_at - MARGIN),
        await position_at(connection, organization_id, cycle.last_at + MARGIN),
    )


async def counts_of(connection: Connection, organization_id: UUID, cycle: Cycle) -> Counts:
    """Return what a cycle has changed, as far as history has its events. A cycle that is over keeps its counts."""
    if cycle.counts is not None:
        return Counts(**cycle.counts)
    after, position = await bounds(connection, organization_id, cycle)
    history = await reached(connection, organization_id)
    events, members = await count_of_token(
        connection, organization_id, cycle.token_id, after=after, position=position
    )
    counts = Counts(
        **{name: sum(events.get(each, 0) for each in types) for name, types in KINDS.items()},
        members_added=members.get("MembersAdded", 0),
        members_removed=members.get("MembersRemoved", 0),
    )
    if is_over(cycle) and history >= position:
        values = orjson.dumps(asdict(counts)).decode()
        await connection.execute(
            statement("save_counts"), organization_id, cycle.id, cycle.last_at, values
        )
    return counts


def is_over(cycle: Cycle) -> bool:
    """Return whether a cycle has ended: no request of its token came for longer than a gap."""
    return datetime.now(UTC) - cycle.last_at > GAP + MARGIN


async def count_ended(pool: asyncpg.Pool) -> None:
    """Count cycles that are over, so that lists need not. Errors: asyncpg's, TimeoutError."""
    async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
        rows = await connection.fetch(
            statement("uncounted_cycles"), datetime.now(UTC) - GAP - MARGIN, COUNTED_MAX
        )
        for organization_id, *row in rows:
            await counts_of(connection, organization_id, cycle_of_row(row))
