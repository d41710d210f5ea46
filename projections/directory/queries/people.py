"""Read users and groups as administrators see them: in the order of their names, with where they came from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.postgres.unnamed import fetch_planned, fetchval_planned
from schema.scim.text import fold

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Person:
    """A user as it is now."""

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    origin: str  # The door through which it was created.
    active: bool
    role_id: UUID
    user_name_key: str
    document: dict[str, Any]  # As it is served, without id, meta and groups.


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which users a list shows. None asks for all."""

    begins_with: str | None = None  # userName or displayName, in any case.
    is_active: bool | None = None
    role_id: UUID | None = None
    origin: str | None = None  # scim, manual or linked.
    department: str | None = None  # What it begins with, in any case.
    group_id: UUID | None = None  # Its members.


Condition = tuple[str, object]  # With {value} for its argument. One without has the argument None.
ORIGINS: Final[Mapping[str, str]] = {
    "scim": "origin = 'scim'",
    "manual": "origin <> 'scim' AND external_id IS NULL",
    "linked": "origin <> 'scim' AND external_id IS NOT NULL",
}


def people_statement(
    name: str, shown: PeopleFilter, after: str | None, *arguments: object, is_past: bool = False
) -> tuple[str, Sequence[object]]:
    """Return a statement with the conditions of a filter, and all its arguments: first those that are given."""
    values, clauses = list(arguments), []
    for condition, value in _conditions(shown, after, is_past=is_past):
        if value is not None:
            values.append(value)
        clauses.append(condition.format(value=f"${len(values)}"))
    return statement(name).format(where="".join(f"\n   AND {each}" for each in clauses)), values


def _conditions(shown: PeopleFilter, after: str | None, *, is_past: bool) -> Iterator[Condition]:
    if after is not None:
        yield "user_name_key > {value}", after
    if shown.begins_with:
        either = "(starts_with(user_name_key, {value}) OR starts_with(display_name_key, {value}))"
        yield either, fold(shown.begins_with)
    if shown.is_active is not None:
        yield "active = {value}", shown.is_active
    if shown.role_id is not None:
        yield (_condition("had_role") if is_past else "role_id = {value}"), shown.role_id
    if shown.origin is not None:
        yield ORIGINS.get(shown.origin, "false"), None
    if shown.department:
        yield _condition("in_department"), fold(shown.department)
    if shown.group_id is not None:
        yield _condition("was_in_group" if is_past else "in_group"), shown.group_id


def _condition(name: str) -> str:
    return statement(name).strip()


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """A group as it is now, without its members."""

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    member_count: int
    display_name_key: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NamedMember:
    """A member of a group, with the names that it has now. They are None if the member is gone."""

    id: UUID
    type: str
    display_name: str | None
    user_name: str | None


async def list_people(
    connection: Connection,
    organization_id: UUID,
    shown: PeopleFilter,
    *,
    after: str | None,
    limit: int,
) -> list[Person]:
    """Return users by userName. `after` is the folded userName of the last one of the page before."""
    sql, values = people_statement("list_people", shown, after, organization_id, limit)
    rows = await fetch_planned(connection, sql, *values)
    return [person_of(row) for row in rows]


async def count_people(
    connection: Connection, organization_id: UUID, shown: PeopleFilter, *, limit: int
) -> int:
    """Return how many users a list shows; `limit` if there are as many or more."""
    sql, values = people_statement("count_people", shown, None, organization_id, limit)
    found: int = await fetchval_planned(connection, sql, *values)
    return found


async def count_roles(
    connection: Connection, organization_id: UUID
) -> dict[tuple[UUID, bool], int]:
    """Return how many people have each role, by role and whether the account is active."""
    rows = await connection.fetch(statement("count_roles"), organization_id)
    return {(row["role_id"], row["active"]): row["people"] for row in rows}


async def read_people(
    connection: Connection, organization_id: UUID, ids: list[UUID]
) -> dict[UUID, Person]:
    """Return users by id. Unknown ids are left out."""
    rows = await connection.fetch(statement("read_people"), organization_id, ids)
    return {row["id"]: person_of(row) for row in rows}


def person_of(row: asyncpg.Record) -> Person:
    """Return a user from a row with the columns of a person."""
    return Person(**{**row, "document": orjson.loads(row["document"])})


async def list_groups(
    connection: Connection,
    organization_id: UUID,
    *,
    begins_with: str | None,
    after: str | None,
    limit: int,
) -> list[GroupSummary]:
    """Return groups by displayName. `after` is the folded displayName of the last one of the page before."""
    begin = fold(begins_with) if begins_with else None
    rows = await connection.fetch(statement("list_groups"), organization_id, after, begin, limit)
    return [_group(row) for row in rows]


async def read_group(
    connection: Connection, organization_id: UUID, group_id: UUID
) -> GroupSummary | None:
    """Return a group, or None if there is none."""
    row = await connection.fetchrow(statement("read_group_row"), organization_id, group_id)
    return _group(row) if row else None


def _group(row: asyncpg.Record) -> GroupSummary:
    return GroupSummary(**{**row, "document": orjson.loads(row["document"])})


async def list_members(
    connection: Connection,
    organization_id: UUID,
    group_id: UUID,
    *,
    after: UUID | None,
    limit: int,
) -> list[NamedMember]:
    """Return members of a group by id. `after` is the last one of the page before."""
    rows = await connection.fetch(
        statement("list_members"), organization_id, group_id, after, limit
    )
    return [NamedMember(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class MemberByName:
    """A user who is a member of a group."""

    id: UUID
    user_name_key: str
    user_name: str
    display_name: str | None
    active: bool
    role_id: UUID


async def list_members_by_name(
    connection: Connection,
    organization_id: UUID,
    group_id: UUID,
    *,
    begins_with: str | None,
    after: str | None,
    limit: int,
) -> list[MemberByName]:
    """Return users who are members of a group, by userName. `after` is the folded one of the last of the page before."""
    begin = fold(begins_with) if begins_with else None
    place = (organization_id, group_id, after, begin, limit)
    rows = await fetch_planned(connection, statement("list_members_by_name"), *place)
    return [MemberByName(*row) for row in rows]


async def list_groups_in_group(
    connection: Connection, organization_id: UUID, group_id: UUID, *, limit: int
) -> list[tuple[UUID, str]]:
    """Return groups that are members of a group, each with its displayName, in the order of these."""
    rows = await connection.fetch(
        statement("list_groups_in_group"), organization_id, group_id, limit
    )
    return [(row["id"], row["display_name"]) for row in rows]
