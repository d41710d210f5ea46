"""Write rows of the directory, in the transaction that appended their events."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from eventstore.slices import results_of
from projections.directory.load import PIECE, pieces
from projections.directory.rows import (
    client_row,
    former_user_row,
    organization_row,
    role_tail,
    token_row,
)
from projections.directory.tables import GroupRow, HeldUserRow, HoldRow, LossRow, UserRow
from schema.events.client import Client
from schema.events.group import MemberType
from schema.events.organization import Organization, Token
from schema.events.user import User

statement = statements_in(__package__)

ROLES_PIECE = 1_000  # Users in one statement: some milliseconds.
Pair = tuple[UUID, UUID]  # Group, member.
EMAIL_KEYS = UserRow._fields.index("email_keys")
DOCUMENTS = UserRow._fields.index("document")


class NameTaken(Exception):
    """Another resource holds a name that must be unique; `constraint` names the rule."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


async def save_users(
    connection: Connection, organization_id: UUID, rows: Sequence[UserRow]
) -> None:
    """Insert or overwrite users. Errors: NameTaken."""
    try:
        await connection.execute(statement("save_users"), organization_id, *columns_of_users(rows))
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(error.constraint_name or "") from error


def columns_of_users(rows: Sequence[UserRow]) -> list[list[Any]]:
    """Return the columns of users, as save_users takes them after the organization.

    Postgres takes arrays of arrays only where all have the same length, so each list of e-mail keys
    becomes JSON.
    """
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[EMAIL_KEYS] = [orjson.dumps(keys).decode() for keys in columns[EMAIL_KEYS]]
    return columns


def columns_of_losses(rows: Sequence[LossRow]) -> list[list[Any]]:
    """Return the columns of losses, as add_losses takes them after the organization."""
    if not rows:
        return [[] for _ in LossRow._fields]
    return [list(column) for column in zip(*rows, strict=True)]


async def append_and_save_users(
    connection: Connection, organization_id: UUID, columns: Sequence[Sequence[Any]]
) -> None:
    """Append events, make or overwrite the users that they lead to, and add losses, in one statement and transaction.

    The columns are those of the events, of the users, of the losses, and the hashes of names that nobody has looked for
    among deleted users: of userNames, and of externalIds. The events follow a tail that was read without a lock.
    Errors: asyncpg's. LockNotAvailableError: another transaction holds the log. UniqueViolationError: the
    tail has moved, or a name is taken or one of a deleted user. After an error nothing is written.
    """
    await connection.execute(statement("append_and_save_users"), organization_id, *columns)


# Of the columns of a batch, group by group. Within a group, all columns have the same length.
EVENT_COLUMNS, KEY_COLUMNS = 15, 2
GROUPS = (EVENT_COLUMNS, KEY_COLUMNS, len(UserRow._fields), len(LossRow._fields), 1, 1)


def document_size(columns: Sequence[Sequence[Any]]) -> int:
    """Return how many characters the documents have that append_and_save_users writes with these columns."""
    return sum(map(len, columns[EVENT_COLUMNS + KEY_COLUMNS + DOCUMENTS]))


async def append_and_save_users_of_many(
    connection: Connection, tails: Mapping[UUID, int], columns: Sequence[Sequence[Sequence[Any]]]
) -> dict[UUID, str]:
    """Do what append_and_save_users does for several organizations, in one statement and transaction.

    `tails` says where the log of each ends, `columns` has theirs in the same order. Returned is for each:
    written, locked (another transaction holds the log or has moved its tail), or taken (a name is taken, or one of a
    deleted user).
    Errors: asyncpg's. After an error nothing is written.
    """
    owners, joined, first = list(tails), list[list[Any]](), 0
    pairs = list(zip(owners, columns, strict=True))
    for count in GROUPS:
        joined.append([key for key, each in pairs for _ in each[first]])
        for index in range(first, first + count):
            joined.append([value for each in columns for value in each[index]])
        first += count
    rows = await connection.fetch(
        statement("append_and_save_users_of_many"), owners, list(tails.values()), *joined
    )
    return dict(rows)


async def save_roles(connection: Connection, organization_id: UUID, users: Sequence[User]) -> None:
    """Write the roles of users, in pieces: a group of 100,000 may give them all another one.

    The rest of a row is not read and not written: in a document the role is the last that it holds.
    """
    for begin in range(0, len(users), ROLES_PIECE):
        columns = zip(*map(_role_columns, users[begin : begin + ROLES_PIECE]), strict=True)
        await connection.execute(statement("save_roles"), organization_id, *columns)


def _role_columns(user: User) -> tuple[Any, ...]:
    return (
        user.id,
        user.version,
        user.modified_at,
        user.role_id,
        user.explicit_role_id,
        user.role_group_id,
        role_tail(user.role_id),
    )


async def add_losses(
    connection: Connection, organization_id: UUID, rows: Sequence[LossRow]
) -> None:
    """Add losses, in pieces."""
    for some in pieces(rows):
        columns = columns_of_losses(some)
        await connection.execute(statement("add_losses"), organization_id, *columns)


async def save_holds(
    connection: Connection, organization_id: UUID, rows: Sequence[HoldRow]
) -> None:
    """Insert or overwrite holds, without their users."""
    for row in rows:
        await connection.execute(statement("save_hold"), organization_id, *row)


async def add_held_users(
    connection: Connection, organization_id: UUID, rows: Sequence[HeldUserRow]
) -> None:
    """Add users to holds, in pieces."""
    for some in pieces(rows):
        await connection.execute(
            statement("add_held_users"), organization_id, *zip(*some, strict=True)
        )


async def delete_users(
    connection: Connection, organization_id: UUID, users: Sequence[User], sealer: Sealer
) -> None:
    """Delete users from the directory, and remember them as former users under hashes of their last names.

    They are deleted too from the tables that a rebuild has replaced and kept.
    """
    rows = await results_of(lambda each: former_user_row(each, organization_id, sealer), users)
    columns = zip(*rows, strict=True)
    await connection.execute(statement("delete_users"), organization_id, *columns)
    ids = [user.id for user in users]
    await connection.execute(statement("forget_users"), organization_id, ids)


async def save_groups(
    connection: Connection, organization_id: UUID, rows: Sequence[GroupRow]
) -> None:
    """Insert or overwrite groups, without their members. Errors: NameTaken."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    try:
        await connection.execute(statement("save_groups"), organization_id, *columns)
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(error.constraint_name or "") from error


async def delete_groups(connection: Connection, organization_id: UUID, ids: Sequence[UUID]) -> None:
    """Delete groups from the directory, with their memberships."""
    await connection.execute(statement("delete_groups"), organization_id, ids)


async def save_members(
    connection: Connection,
    organization_id: UUID,
    *,
    added: Mapping[Pair, MemberType],
    removed: Mapping[Pair, MemberType],
) -> None:
    """Write the memberships that changed, in pieces: encoding many at once would block the event loop."""
    for gone in in_pieces(removed):
        groups, members = zip(*gone, strict=True)
        await connection.execute(statement("remove_members"), organization_id, groups, members)
    for new in in_pieces(added):
        groups, members = zip(*new, strict=True)
        kinds = [added[each] for each in new]
        await connection.execute(statement("add_members"), organization_id, groups, members, kinds)


def in_pieces(pairs: Mapping[Pair, MemberType]) -> Iterator[list[Pair]]:
    """Yield the pairs of a group and a member in pieces that one statement handles in a few milliseconds."""
    rest = iter(pairs)
    while piece := list(islice(rest, PIECE)):
        yield piece


async def save_organization(connection: Connection, organization: Organization) -> None:
    """Insert or overwrite an organization. Errors: NameTaken."""
    try:
        await connection.execute(statement("save_organization"), *organization_row(organization))
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(error.constraint_name or "") from error


async def delete_organization(connection: Connection, organization_id: UUID) -> None:
    """Delete an organization from the directory, with its tokens and OAuth clients."""
    await connection.execute(statement("delete_organization"), organization_id)


async def save_token(connection: Connection, organization_id: UUID, token: Token) -> None:
    """Insert a token, or note that it was revoked."""
    await connection.execute(statement("save_token"), organization_id, *token_row(token))


async def save_client(connection: Connection, organization_id: UUID, client: Client) -> None:
    """Insert an OAuth client, or overwrite what changes of it."""
    await connection.execute(statement("save_client"), organization_id, *client_row(client))
