"""Read organizations and accounts, for administrators."""

from typing import NamedTuple
from uuid import UUID

import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.directory.load import organization_of
from schema.events.organization import Organization
from schema.events.user import UNLISTED, user_name_key
from schema.scim.text import fold

statement = statements_in(__package__)


class Everything(NamedTuple):
    """The users, also those that were deleted and not erased; the groups."""

    users: list[UUID]
    groups: list[UUID]


async def list_organizations(connection: Connection) -> list[Organization]:
    """Return all organizations without their tokens, oldest first."""
    rows = await connection.fetch(statement("list_organizations"))
    return [organization_of(row) for row in rows]


async def find_named(connection: Connection, name: str) -> Organization | None:
    """Return the organization of a name, in any case, without its tokens; None if there is none."""
    row = await connection.fetchrow(statement("find_organization_by_name"), fold(name))
    return None if row is None else organization_of(row)


async def count_organizations(connection: Connection) -> int:
    """Return how many organizations there are. Fails if the directory cannot be read."""
    count: int = await connection.fetchval(statement("count_organizations"))
    return count


async def find_account(
    connection: Connection, organization_id: UUID, user_name: str
) -> UUID | None:
    """Return the id of the account or else the person with a userName, in any case, or None if there is none."""
    found: UUID | None = await connection.fetchval(
        statement("find_account"),
        organization_id,
        [user_name_key(user_name, UNLISTED), user_name_key(user_name)],
    )
    return found


async def find_user(connection: Connection, organization_id: UUID, user_name: str) -> UUID | None:
    """Return the id of the person or else the account with a userName, in any case, or None if there is none."""
    found: UUID | None = await connection.fetchval(
        statement("find_account"),
        organization_id,
        [user_name_key(user_name), user_name_key(user_name, UNLISTED)],
    )
    return found


async def list_everything(connection: Connection, organization_id: UUID) -> Everything:
    """Return all that the directory has of an organization."""
    row = await connection.fetchrow(statement("list_everything"), organization_id)
    assert row is not None
    return Everything(list(row["users"]), list(row["groups"]))


class WitnessSetting(NamedTuple):
    """Who cosigns the checkpoints of a log."""

    url: str
    vkey: str


async def load_witnesses(connection: Connection) -> dict[UUID, WitnessSetting]:
    """Return who cosigns the log of each organization that has somebody for it."""
    rows = await connection.fetch(statement("load_witnesses"))
    return {row["organization_id"]: _witness(row["witness"]) for row in rows}


async def find_witness(connection: Connection, organization_id: UUID) -> WitnessSetting | None:
    """Return who cosigns the log of an organization; None: nobody."""
    text = await connection.fetchval(statement("find_witness"), organization_id)
    return None if text is None else _witness(text)


def _witness(text: str) -> WitnessSetting:
    setting = orjson.loads(text)
    return WitnessSetting(setting["url"], setting["vkey"])
