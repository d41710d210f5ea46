"""What pages of the console ask is read from indexes, however large the organization is."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from eventstore.read_streams import next_touched_streams
from projections.directory.queries.past import list_people_at
from projections.directory.queries.people import (
    PeopleFilter,
    count_people,
    list_members_by_name,
    list_people,
)
from projections.history.search import Search, search
from tests.conftest import in_database
from tests.database.people import GROUP_IDS, ORGANIZATION, ROLES
from tests.database.plans import plan_of

PEOPLE, LIMIT, VISITED_MAX = 20_000, 50, 2_000
SOMEBODY = UUID(int=0x1000 + PEOPLE // 2)
ID = "('00000000-0000-0000-0000-' || lpad(to_hex(4096 + n), 12, '0'))::uuid"
FILL = f"""
INSERT INTO directory.users (organization_id, id, version, created_at, modified_at, origin, active, role_id, user_name_key,
       external_id, display_name_key, email_keys, document, search)
SELECT '{ORGANIZATION}', {ID}, 1, now(), now(), 'scim', true, CASE WHEN n % 5000 = 1 THEN '{ROLES[1]}'::uuid ELSE '{ROLES[0]}' END,
       'user' || n, 'external' || n, 'name ' || n, '{{}}', '{{"userName": "x"}}', '{{}}'
  FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO versions.user_versions (organization_id, id, version, created_at, modified_at, origin, active, role_id, user_name_key,
       external_id, display_name_key, email_keys, document, search, kind, from_position, from_at)
SELECT organization_id, id, version, created_at, modified_at, origin, active, role_id, user_name_key, external_id,
       display_name_key, email_keys, document, search, kind, row_number() OVER (), now()
  FROM directory.users;
INSERT INTO history.role_periods (organization_id, user_id, role_id, assigned_by, source, request_id, from_position, from_at)
SELECT organization_id, id, role_id, 'x', 'scim', id, from_position, from_at FROM versions.user_versions;
INSERT INTO directory.memberships SELECT organization_id, '{GROUP_IDS[0]}', id, 'User' FROM directory.users;
INSERT INTO directory.memberships SELECT organization_id, '{GROUP_IDS[1]}', id, 'User' FROM directory.users LIMIT 5;
INSERT INTO history.activity (organization_id, position, at, type, stream_id, actor_id, request_id, source, facts)
SELECT '{ORGANIZATION}', n, now(), 'UserChanged', {ID}, 'x', {ID}, 'scim', '{{}}' FROM generate_series(1, {PEOPLE}) AS n;
"""
Note = Callable[[Sequence[object]], None]
Ask = Callable[[asyncpg.Connection], Awaitable[object]]


class Statement:
    """A prepared statement that notes its arguments."""

    def __init__(self, made: asyncpg.prepared_stmt.PreparedStatement, note: Note) -> None:
        self._made, self._note = made, note

    async def fetch(self, *arguments: object) -> list[asyncpg.Record]:
        """Return the rows."""
        self._note(arguments)
        found: list[asyncpg.Record] = await self._made.fetch(*arguments)
        return found

    async def fetchval(self, *arguments: object) -> Any:
        """Return the only value."""
        self._note(arguments)
        return await self._made.fetchval(*arguments)


class Asking(asyncpg.Connection):  # type: ignore[misc]
    """A connection that notes what is asked, with the arguments."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.asked: list[tuple[str, Sequence[object]]] = []

    async def fetch(self, query: str, *arguments: Any, **named: Any) -> list[asyncpg.Record]:
        """Return the rows of a statement."""
        self.asked.append((query, arguments))
        found: list[asyncpg.Record] = await super().fetch(query, *arguments, **named)
        return found

    async def prepare(self, query: str, **named: Any) -> Any:
        """Return a prepared statement."""
        made = await super().prepare(query, **named)
        return Statement(made, lambda arguments: self.asked.append((query, arguments)))


@pytest.fixture(scope="module")
async def town(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Asking]:
    """Give a large organization. Tests only read it."""
    name = f"town_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    connection = await asyncpg.connect(in_database(postgres, name), connection_class=Asking)
    await connection.execute(FILL)
    await connection.execute("VACUUM ANALYZE")
    yield connection
    await connection.close()
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


def people(**wanted: Any) -> Ask:
    """Return what lists people."""
    return lambda c: list_people(c, ORGANIZATION, PeopleFilter(**wanted), after=None, limit=LIMIT)


def people_then(**wanted: Any) -> Ask:
    """Return what lists people of the past."""
    shown = PeopleFilter(**wanted)
    return lambda c: list_people_at(c, ORGANIZATION, PEOPLE, shown, after=None, limit=LIMIT)


def events(**wanted: Any) -> Ask:
    """Return what searches the log."""
    return lambda c: search(
        c, ORGANIZATION, Search(**wanted), order="desc", after=None, position=PEOPLE, limit=LIMIT
    )


ASKED: dict[str, Ask] = {
    "people": people(),
    "people after one": lambda c: list_people(
        c, ORGANIZATION, PeopleFilter(), after="user9", limit=LIMIT
    ),
    "people by the beginning of a name": people(begins_with="user1999"),
    "people of a role that few have": people(role_id=ROLES[1]),
    "people of a role that most have": people(role_id=ROLES[0]),
    "people of a large group": people(group_id=GROUP_IDS[0]),
    "people of a small group": people(group_id=GROUP_IDS[1]),
    "how many people there are": lambda c: count_people(
        c, ORGANIZATION, PeopleFilter(), limit=1_001
    ),
    "people of then": people_then(),
    "people of a role that few had": people_then(role_id=ROLES[1]),
    "people of a role that most had": people_then(role_id=ROLES[0]),
    "members of a large group": lambda c: list_members_by_name(
        c, ORGANIZATION, GROUP_IDS[0], begins_with=None, after=None, limit=LIMIT
    ),
    "members of a large group by the beginning of a name": lambda c: list_members_by_name(
        c, ORGANIZATION, GROUP_IDS[0], begins_with="user1999", after=None, limit=LIMIT
    ),
    "events of somebody": events(member_id=SOMEBODY),
    "events of the organization": events(types=("SettingsChanged", "TokenIssued")),
    "streams that changed lately": lambda c: next_touched_streams(
        c, ORGANIZATION, after=0, position=PEOPLE, beyond=None, limit=LIMIT
    ),
}


@pytest.mark.parametrize("name", ASKED)
async def test_a_page_reads_a_small_part(town: Asking, name: str) -> None:
    town.asked.clear()
    await ASKED[name](town)
    assert town.asked, "Nothing was asked."
    for sql, arguments in [*town.asked]:
        plan = await plan_of(town, sql, arguments)
        assert plan.rows_visited <= VISITED_MAX, plan
