"""Whether rows hold texts as this release folds them. Those before revision 2 were made by case folding: ß was ss.

A text of ASCII characters folds alike, so that only rows with others are read, a few at a time.
"""

import json  # It reads numbers of any size.
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import groupby
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import FIRST_ID, LAST_ID, Span
from eventstore.sealing.sealer import Sealer
from projections.directory.fold import DIRECTORY_FOLD
from projections.directory.load import group_of, load_organization, user_of
from projections.directory.rows import USER_NAME, group_row, hash_name, user_row
from projections.directory.tables import TABLES
from projections.directory.user_type import load_user_type
from projections.fold import fold_streams
from schema.scim.definitions import USER, user_type
from schema.scim.resource_type import ResourceType
from schema.scim.text import fold

statement = statements_in(__package__)

PIECE = 500  # Rows in memory at a time.
KEY = TABLES["former_users"].columns.index("user_name_key")


async def is_folded_alike(
    connection: Connection, sealer: Sealer | None, positions: Mapping[UUID, int]
) -> bool:
    """Return whether the rows of the schema on the search path are what this release would make of them.

    `positions` are those up to which the rows have each log. Of deleted users only the log knows the name: without
    a sealer, none of them may have a name that could differ. The caller owns the transaction. Errors: NotFolded.
    """
    return (
        (sealer is not None or not await _is_any_former(connection))
        and await _are_organizations_alike(connection)
        and await _are_groups_alike(connection)
        and await _are_users_alike(connection, sealer, positions)
        and (sealer is None or await _are_former_users_alike(connection, sealer, positions))
    )


async def _is_any_former(connection: Connection) -> bool:
    cursor = await connection.cursor(statement("other_former_users"))
    return await cursor.fetchrow() is not None


async def _are_organizations_alike(connection: Connection) -> bool:
    async for rows in _pieces(connection, "other_organization_names"):
        if any(fold(row["name"]) != row["name_key"] for row in rows):
            return False
    return True


async def _are_groups_alike(connection: Connection) -> bool:
    async for rows in _pieces(connection, "other_groups"):
        if not all(map(_is_group_alike, rows)):
            return False
    return True


def _is_group_alike(row: asyncpg.Record) -> bool:
    made = group_row(group_of(row, {}))
    return made.display_name_key == row["display_name_key"] and _is_same(made.search, row["search"])


async def _are_users_alike(
    connection: Connection, sealer: Sealer | None, positions: Mapping[UUID, int]
) -> bool:
    types: dict[UUID, ResourceType] = {}
    async for rows in _pieces(connection, "other_users"):
        for organization_id in {row["organization_id"] for row in rows} - types.keys():
            position = positions.get(organization_id, 0)
            found = await _find_user_type(connection, sealer, organization_id, position)
            if found is None:
                return False
            types[organization_id] = found
        if not all(_is_user_alike(row, types[row["organization_id"]]) for row in rows):
            return False
    return True


async def _find_user_type(
    connection: Connection, sealer: Sealer | None, organization_id: UUID, position: int
) -> ResourceType | None:
    """Return an organization's type of users; None where its row is not loaded yet, and the log not to be opened."""
    organization = await load_organization(connection, organization_id, with_tokens=False)
    if organization is not None:
        return user_type(organization.schemas)
    if sealer is None:
        return None
    return await load_user_type(connection, sealer, _whole(organization_id, position))


def _is_user_alike(row: asyncpg.Record, users: ResourceType) -> bool:
    made = user_row(user_of(row), users)
    return (
        made.user_name_key == row["user_name_key"]
        and made.display_name_key == row["display_name_key"]
        and made.employee_number_key == row["employee_number_key"]
        and made.email_keys == row["email_keys"]
        and _is_same(made.search, row["search"])
    )


async def _are_former_users_alike(
    connection: Connection, sealer: Sealer, positions: Mapping[UUID, int]
) -> bool:
    async for rows in _pieces(connection, "other_former_users"):
        for organization_id, some in groupby(rows, lambda row: row["organization_id"]):
            span = _whole(organization_id, positions.get(organization_id, 0))
            held = {row["id"]: row["user_name_key"] for row in some}
            if not await _are_as_logged(connection, sealer, span, held):
                return False
    return True


async def _are_as_logged(
    connection: Connection, sealer: Sealer, span: Span, held: Mapping[UUID, str]
) -> bool:
    """Return whether some deleted users have the names that the log leads to, where it still has any."""
    for stream_id, folded in await fold_streams(connection, sealer, DIRECTORY_FOLD, span, held):
        for table, row in folded.rows(span.organization_id, USER, sealer):
            name = held[stream_id]
            if table == "former_users" and row[KEY] not in {
                name,
                hash_name(sealer, span.organization_id, USER_NAME, name),
            }:
                return False
    return True


async def _pieces(connection: Connection, name: str) -> AsyncIterator[Sequence[asyncpg.Record]]:
    cursor = await connection.cursor(statement(name))
    while rows := await cursor.fetch(PIECE):
        yield rows


def _whole(organization_id: UUID, position: int) -> Span:
    return Span(organization_id, FIRST_ID, LAST_ID, position)


def _is_same(one: str, other: str) -> bool:
    same: bool = json.loads(one) == json.loads(other)
    return same
