"""Write users and groups into the directory, as the projection does."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from projections.directory.queries.columns import USERS, Table
from projections.directory.queries.filter_sql import compile_filter
from projections.directory.rows import user_row
from projections.directory.tables import UserRow
from schema.events.user import User
from schema.scim.definitions import GROUP
from schema.scim.filter.parse import parse_filter
from schema.scim.text import fold
from tests.filter_strategies import ANY_USER

ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")
OTHER = UUID("019a0000-0000-7000-8000-000000000002")
ROLES = [UUID(int=0x20 + each) for each in range(2)]
GROUP_IDS = [UUID(int=0x40 + each) for each in range(3)]
GROUP_NAMES = ["Sales", "sales team", "Straße"]
USER_IDS = [UUID(int=0x80 + each) for each in range(6)]
TYPES = {"users": ANY_USER, "groups": GROUP}
BASE_URL = "https://clm.example/v2"
AT = datetime.fromisoformat("2026-01-31T09:30:00.5+00:00")


class Person(NamedTuple):
    """A user, and the numbers of the groups that the user belongs to."""

    user: User
    groups: list[int]


async def make_groups(connection: asyncpg.Connection) -> None:
    """Write three groups without members."""
    await connection.executemany(
        "INSERT INTO directory.groups VALUES ($1, $2, 1, $3, $3, 0, $4, NULL, $5, $6)",
        [
            (ORGANIZATION, group_id, AT, fold(name), "{}", "{}")
            for group_id, name in zip(GROUP_IDS, GROUP_NAMES, strict=True)
        ],
    )


async def insert_users(connection: asyncpg.Connection, people: list[Person]) -> None:
    """Write users as the projection does, and add them to their groups."""
    columns = ("organization_id", *UserRow._fields)
    numbers = ", ".join(f"${number + 1}" for number in range(len(columns)))
    await connection.executemany(
        f"INSERT INTO directory.users ({', '.join(columns)}) VALUES ({numbers})",
        [(ORGANIZATION, *user_row(each.user, ANY_USER)) for each in people],
    )
    await connection.executemany(
        "INSERT INTO directory.memberships VALUES ($1, $2, $3, 'User')",
        [(ORGANIZATION, GROUP_IDS[n], each.user.id) for each in people for n in each.groups],
    )


def person(number: int, *, groups: Sequence[int] = (), **attributes: object) -> Person:
    """Return an active user of version 1."""
    attributes = {"userName": f"user{number}", **attributes}
    user = User(USER_IDS[number], 1, AT, AT, "scim", True, ROLES[0], attributes)
    return Person(user, list(groups))


async def select(connection: asyncpg.Connection, text: str, table: Table = USERS) -> set[UUID]:
    """Return the ids of the resources that a filter selects in ORGANIZATION."""
    parsed = parse_filter(text, TYPES[table.name])
    condition, values = compile_filter(parsed, table, 2, base_url=BASE_URL)
    rows = await connection.fetch(
        f"SELECT r.id FROM directory.{table.name} AS r WHERE r.organization_id = $1 AND ({condition})",
        ORGANIZATION,
        *values,
    )
    return {row["id"] for row in rows}
