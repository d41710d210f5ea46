"""Load the roles of many users, without the rest of them, and what the guard counts."""

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from schema.events.hold import LossKind
from schema.events.user import User

statement = statements_in(__package__)

PIECE = 1_000  # Users in one statement: some milliseconds.
NO_ATTRIBUTES: dict[str, object] = {}


def pieces(ids: Collection[UUID]) -> Iterator[list[UUID]]:
    """Yield ids a few at a time."""
    known = list(ids)
    for begin in range(0, len(known), PIECE):
        yield known[begin : begin + PIECE]


async def load_role_holders(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> dict[UUID, User]:
    """Return users by id, with empty attributes."""
    found: dict[UUID, User] = {}
    for some in pieces(ids):
        rows = await connection.fetch(statement("load_role_holders"), organization_id, some)
        for row in rows:
            found[row["id"]] = User(**row, attributes=NO_ATTRIBUTES)
    return found


async def load_groups_of(
    connection: Connection,
    organization_id: UUID,
    ids: Collection[UUID],
    group_ids: Collection[UUID],
) -> dict[UUID, set[UUID]]:
    """Return, for some users, which of some groups they are in. Users in none are left out."""
    found: dict[UUID, set[UUID]] = {}
    groups = list(group_ids)
    for some in pieces(ids):
        rows = await connection.fetch(statement("load_groups_of"), organization_id, groups, some)
        for group_id, member_id in rows:
            found.setdefault(member_id, set()).add(group_id)
    return found


async def find_technical(
    connection: Connection, organization_id: UUID, ids: Collection[UUID]
) -> set[UUID]:
    """Return which of some users are technical accounts: they hold tokens."""
    found: set[UUID] = set()
    for some in pieces(ids):
        rows = await connection.fetch(statement("find_technical"), organization_id, some)
        found |= {row["account_id"] for row in rows}
    return found


async def count_losses(
    connection: Connection, organization_id: UUID, since: datetime
) -> tuple[int, int]:
    """Return how many users lost access since an instant, and the position of the first loss; 0: there is none."""
    users, position = await connection.fetchrow(statement("count_losses"), organization_id, since)
    return users, position


async def count_active(connection: Connection, organization_id: UUID, since: datetime) -> int:
    """Return how many people were active at an instant; technical accounts do not count."""
    count: int = await connection.fetchval(statement("count_active"), organization_id, since)
    return count


async def find_lost(
    connection: Connection, organization_id: UUID, since: datetime, ids: Collection[UUID]
) -> set[UUID]:
    """Return which of some users lost access since an instant."""
    found: set[UUID] = set()
    for some in pieces(ids):
        rows = await connection.fetch(statement("find_lost"), organization_id, since, some)
        found |= {row["user_id"] for row in rows}
    return found


async def count_administrators(
    connection: Connection, organization_id: UUID, role_id: UUID, limit: int
) -> int:
    """Return how many active people have a role, but not more than a limit: technical accounts do not count."""
    count: int = await connection.fetchval(
        statement("count_administrators"), organization_id, role_id, limit
    )
    return count


async def find_open_holds(connection: Connection, organization_id: UUID) -> dict[LossKind, UUID]:
    """Return the hold of each kind that nobody has decided on."""
    return dict(await connection.fetch(statement("find_open_holds"), organization_id))


async def find_concerns(
    connection: Connection,
    organization_id: UUID,
    ids: Collection[UUID],
    *,
    approved_since: datetime,
    rejected_since: datetime,
) -> dict[tuple[UUID, LossKind], UUID]:
    """Return the latest hold that decides on each of some users, by the way in which they lose access.

    Left out are decisions from before the two instants, and approvals that a user has used.
    """
    found: dict[tuple[UUID, LossKind], UUID] = {}
    for some in pieces(ids):
        rows = await connection.fetch(
            statement("find_concerns"), organization_id, some, approved_since, rejected_since
        )
        for user_id, kind, hold_id in rows:
            found[user_id, kind] = hold_id
    return found
