"""Write states into the directory, inside the transaction that appended their events."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.directory.load import pieces
from projections.directory.rows import GroupRow, UserRow
from schema.events.group import MemberType
from schema.events.organization import Organization, Token
from schema.events.user import User
from schema.scim.text import fold

statement = statements_in(__package__)


Membership = tuple[UUID, UUID, MemberType]  # Group, member, type.


class NameTaken(Exception):
    """Another resource holds a name that must be unique; `constraint` tells which."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


async def save_users(
    connection: Connection, organization_id: UUID, rows: Sequence[UserRow]
) -> None:
    """Make or overwrite users. Errors: NameTaken."""
    try:
        await connection.execute(statement("save_users"), organization_id, *columns_of_users(rows))
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(error.constraint_name or "") from error


def columns_of_users(rows: Sequence[UserRow]) -> list[list[Any]]:
    """Return users as save_users takes them after the organization."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[11] = [orjson.dumps(keys).decode() for keys in columns[11]]
    return columns


async def append_and_save_users(
    connection: Connection, organization_id: UUID, columns: Sequence[Sequence[Any]]
) -> None:
    """Append events and make or overwrite the users that they lead to: one statement, one transaction.

    The columns are those of events, after a tail that was read and not locked, then those of users.
    Errors: asyncpg's; LockNotAvailableError where another transaction holds the log, and a unique
    violation where the tail has moved or a name was taken: nothing is written then.
    """
    await connection.execute(statement("append_and_save_users"), organization_id, *columns)


async def delete_users(
    connection: Connection, organization_id: UUID, users: Sequence[User]
) -> None:
    """Take users out of the directory and remember them as former ones, under their last names."""
    await connection.execute(
        statement("delete_users"),
        organization_id,
        [user.id for user in users],
        [fold(user.attributes["userName"]) for user in users],
        [user.attributes.get("externalId") for user in users],
    )


async def save_groups(
    connection: Connection, organization_id: UUID, rows: Sequence[GroupRow]
) -> None:
    """Make or overwrite groups, without their members. Errors: NameTaken."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    try:
        await connection.execute(statement("save_groups"), organization_id, *columns)
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(error.constraint_name or "") from error


async def delete_groups(connection: Connection, organization_id: UUID, ids: Sequence[UUID]) -> None:
    """Take groups out of the directory with their memberships."""
    await connection.execute(statement("delete_groups"), organization_id, ids)


async def save_members(
    connection: Connection,
    organization_id: UUID,
    *,
    added: Iterable[Membership],
    removed: Iterable[Membership],
) -> None:
    """Write the difference of memberships, in pieces: to encode many is work of the event loop's."""
    for gone in pieces(list(removed)):
        groups, members, _ = zip(*gone, strict=True)
        await connection.execute(statement("remove_members"), organization_id, groups, members)
    for new in pieces(list(added)):
        await connection.execute(statement("add_members"), organization_id, *zip(*new, strict=True))


async def save_organization(connection: Connection, organization: Organization) -> None:
    """Make or overwrite an organization. Errors: NameTaken."""
    roles = orjson.dumps({name: str(each) for name, each in organization.roles.items()}).decode()
    try:
        await connection.execute(
            statement("save_organization"),
            organization.id,
            organization.version,
            organization.created_at,
            organization.name,
            fold(organization.name),
            roles,
            orjson.dumps(organization.schemas).decode(),
        )
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(error.constraint_name or "") from error


async def save_token(connection: Connection, organization_id: UUID, token: Token) -> None:
    """Make a token, or note that it was revoked."""
    await connection.execute(
        statement("save_token"),
        organization_id,
        token.id,
        token.jti_hash,
        token.account_id,
        token.label,
        token.scope,
        token.issued_at,
        token.expires_at,
        token.revoked_at,
    )
