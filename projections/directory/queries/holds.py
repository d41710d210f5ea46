"""Holds with the people in them, and those whom the same wave reached before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.directory.load import load_holds
from schema.events.hold import Hold

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Named:
    """A user by name. A deleted one has none."""

    id: UUID
    user_name: str | None = None
    display_name: str | None = None

    @property
    def shown(self) -> str:
        """Return the name, or the id of somebody who was deleted."""
        return self.display_name or self.user_name or str(self.id)


async def find_names(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> dict[UUID, Named]:
    """Return users by id, with their names. Deleted ones are left out."""
    rows = await connection.fetch(statement("find_names"), organization_id, list(ids))
    return {row["id"]: Named(**row) for row in rows}


Which = Literal["held", "passed"]


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody in a hold, or who lost access before it. A deleted user has no names."""

    id: UUID
    user_name: str | None
    display_name: str | None
    role_id: UUID | None
    active: bool
    at: datetime  # When the user was held, or lost access.


async def count_open_holds(connection: Connection) -> int:
    """Return how many holds wait for a decision, over all organizations."""
    count: int = await connection.fetchval(statement("count_open_holds"))
    return count


async def list_holds(
    connection: Connection,
    organization_id: UUID,
    *,
    limit: int,
    before: UUID | None = None,
    state: str | None = None,
) -> list[Hold]:
    """Return holds, latest first: after the one with the id `before`, and in one state if that is given."""
    rows = await connection.fetch(statement("list_holds"), organization_id, limit, before, state)
    return [Hold(**row) for row in rows]


async def find_hold(connection: Connection, organization_id: UUID, hold_id: UUID) -> Hold | None:
    """Return a hold; None if there is none with this id."""
    found = await load_holds(connection, organization_id, [hold_id])
    return found.get(hold_id)


async def list_concerned(  # noqa: PLR0917 - of which hold, who, and which page.
    connection: Connection,
    organization_id: UUID,
    hold: Hold,
    which: Which,
    limit: int,
    after: UUID | None = None,
) -> list[Concerned]:
    """Return the people in a hold, or those who lost access before it was opened, by id."""
    if which == "held":
        rows = await connection.fetch(
            statement("list_held"), organization_id, hold.id, limit, after
        )
    else:
        since_at = hold.opened_at - timedelta(minutes=hold.window_minutes)
        span = since_at, hold.since_position or hold.opened_position, hold.opened_position
        rows = await connection.fetch(
            statement("list_passed"), organization_id, *span, limit, after
        )
    return [Concerned(**row) for row in rows]
