"""Answer from history: who had which role, who was in a group, what was done, at any time.

History may lag. Events after its checkpoint are not yet in the answers (`projections/followers/lag.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.postgres.unnamed import fetch_planned

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class RolePeriod:
    """A role that a user had from one event to another. The end is None while the user has the role."""

    role_id: UUID
    assigned_by: str
    source: str
    request_id: UUID
    from_position: int
    from_at: datetime
    to_position: int | None
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class MembershipPeriod:
    """A member that a group had from one event to another. The end is None while it is a member."""

    member_id: UUID
    member_type: str
    from_position: int
    from_at: datetime
    to_position: int | None
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccessPeriod:
    """An account was active from one event to another. The end is None while it is active."""

    from_position: int
    from_at: datetime
    to_position: int | None
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class GroupPeriod:
    """A group had someone as a member from one event to another. The end is None while it has."""

    group_id: UUID
    from_position: int
    from_at: datetime
    to_position: int | None
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class Activity:
    """An event on the timeline, without its sealed values."""

    position: int
    at: datetime
    type: str
    stream_id: UUID
    actor_id: str
    token_id: UUID | None
    request_id: UUID
    source: str
    facts: dict[str, Any]


async def role_at(
    connection: Connection, organization_id: UUID, user_id: UUID, at: datetime
) -> RolePeriod | None:
    """Return the role that a user had at an instant, or None if the user did not exist then."""
    row = await connection.fetchrow(statement("read_role_at"), organization_id, user_id, at)
    return RolePeriod(*row) if row else None


async def role_at_position(
    connection: Connection, organization_id: UUID, user_id: UUID, position: int
) -> RolePeriod | None:
    """Return the role that a user had after the event at a position, or None if the user did not exist."""
    row = await connection.fetchrow(
        statement("read_role_at_position"), organization_id, user_id, position
    )
    return RolePeriod(*row) if row else None


async def roles_of(
    connection: Connection, organization_id: UUID, user_id: UUID
) -> list[RolePeriod]:
    """Return every role that a user has had, oldest first."""
    rows = await connection.fetch(statement("read_roles_of"), organization_id, user_id)
    return [RolePeriod(*row) for row in rows]


async def access_of(
    connection: Connection, organization_id: UUID, user_id: UUID
) -> list[AccessPeriod]:
    """Return when an account was active, oldest first."""
    rows = await connection.fetch(statement("read_access_of"), organization_id, user_id)
    return [AccessPeriod(*row) for row in rows]


async def memberships_of(
    connection: Connection, organization_id: UUID, member_id: UUID
) -> list[GroupPeriod]:
    """Return every group that a user or a group has been a member of, oldest first."""
    rows = await connection.fetch(statement("read_memberships_of"), organization_id, member_id)
    return [GroupPeriod(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who held a role, from which event on, and whether the account was active."""

    user_id: UUID
    period: RolePeriod
    is_active: bool


async def holders_at(
    connection: Connection,
    organization_id: UUID,
    role_id: UUID,
    position: int,
    *,
    limit: int,
    after: UUID | None = None,
) -> list[Holder]:
    """Return who held a role after the event at a position, by id. `after` is the last one of the page before."""
    place = (organization_id, role_id, position, after, limit)
    rows = await connection.fetch(statement("read_holders_at"), *place)
    return [Holder(user_id, RolePeriod(*period), is_active) for user_id, *period, is_active in rows]


async def unseen_at(
    connection: Connection,
    organization_id: UUID,
    role_ids: Sequence[UUID],
    position: int,
    *,
    since: datetime,
    limit: int,
) -> list[Holder]:
    """Return who had one of some roles at a position, and no event by an identity provider from an instant up to it.

    They come by role, in the order that is given, and by id.
    """
    place = (organization_id, role_ids, position, since, limit)
    rows = await fetch_planned(connection, statement("read_unseen_at"), *place)
    return [Holder(user_id, RolePeriod(*period), is_active) for user_id, *period, is_active in rows]


async def groups_at(
    connection: Connection, organization_id: UUID, member_ids: Sequence[UUID], position: int
) -> dict[UUID, list[UUID]]:
    """Return the groups that each of some users was in after the event at a position."""
    rows = await connection.fetch(
        statement("read_groups_at_position"), organization_id, member_ids, position
    )
    found: dict[UUID, list[UUID]] = {}
    for member_id, group_id in rows:
        found.setdefault(member_id, []).append(group_id)
    return found


async def last_provisioned(
    connection: Connection, organization_id: UUID, user_ids: Sequence[UUID], position: int
) -> dict[UUID, datetime]:
    """Return when an identity provider last caused an event of each of some users, up to a position.

    The others are left out.
    """
    place = (organization_id, user_ids, position)
    return dict(await connection.fetch(statement("last_provisioned"), *place))


async def last_access_ends(
    connection: Connection, organization_id: UUID, user_ids: Sequence[UUID]
) -> dict[UUID, datetime | None]:
    """Return when the last of account and memberships of each of some users ended; None while any of it is left.

    Who never had any is left out.
    """
    return dict(await connection.fetch(statement("last_access_ends"), organization_id, user_ids))


async def holders_ever(connection: Connection, organization_id: UUID, role_id: UUID) -> list[UUID]:
    """Return who has a role or ever had it."""
    rows = await connection.fetch(statement("read_holders_ever"), organization_id, role_id)
    return [row["user_id"] for row in rows]


async def role_periods(
    connection: Connection, organization_id: UUID, role_id: UUID, user_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[int, int | None]]]:
    """Return from and to which position each of some users had a role, oldest first. The others are left out."""
    rows = await connection.fetch(
        statement("read_role_periods"), organization_id, role_id, user_ids
    )
    found: dict[UUID, list[tuple[int, int | None]]] = {}
    for user_id, begin, end in rows:
        found.setdefault(user_id, []).append((begin, end))
    return found


async def members_at(
    connection: Connection,
    organization_id: UUID,
    group_id: UUID,
    at: datetime,
    *,
    limit: int,
    after: UUID | None = None,
) -> list[MembershipPeriod]:
    """Return the members of a group at an instant, by id. `after` is the last member of the page before."""
    place = (organization_id, group_id, at, after, limit)
    return _members(await connection.fetch(statement("read_members_at"), *place))


async def members_at_position(
    connection: Connection,
    organization_id: UUID,
    group_id: UUID,
    position: int,
    *,
    limit: int,
    after: UUID | None = None,
) -> list[MembershipPeriod]:
    """Return the members of a group after the event at a position, by id, as `members_at` does."""
    place = (organization_id, group_id, position, after, limit)
    return _members(await connection.fetch(statement("read_members_at_position"), *place))


def _members(rows: Sequence[asyncpg.Record]) -> list[MembershipPeriod]:
    return [MembershipPeriod(*row) for row in rows]


async def activity_of_resource(
    connection: Connection,
    organization_id: UUID,
    stream_id: UUID,
    *,
    after: datetime,
    before: datetime,
    limit: int,
) -> list[Activity]:
    """Return what was done to a user, a group or the organization between two instants, in order.

    Both instants are excluded. The next page begins after the last `at`, because no other event has it.
    """
    place = (organization_id, stream_id, after, before, limit)
    return activities(await connection.fetch(statement("read_activity_of_resource"), *place))


async def activity_of_actor(
    connection: Connection,
    organization_id: UUID,
    actor_id: str,
    *,
    after: datetime,
    before: datetime,
    limit: int,
) -> list[Activity]:
    """Return what an actor did between two instants, in order, as `activity_of_resource` does."""
    place = (organization_id, actor_id, after, before, limit)
    return activities(await connection.fetch(statement("read_activity_of_actor"), *place))


def activities(rows: Sequence[asyncpg.Record]) -> list[Activity]:
    """Return the events in rows of history.activity."""
    return [Activity(**{**row, "facts": orjson.loads(row["facts"])}) for row in rows]
