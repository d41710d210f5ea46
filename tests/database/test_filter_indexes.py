"""Indexes serve equality filters on what clients look up, and also pages and orders."""

import secrets
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest

from projections.directory.queries.columns import GROUPS, USERS, Table
from projections.directory.queries.keyset import Edge
from projections.directory.queries.plan import Query
from schema.scim import urns
from schema.scim.filter.parse import parse_filter
from tests.conftest import in_database
from tests.database.people import GROUP_IDS, ORGANIZATION, OTHER, ROLES, TYPES, make_groups
from tests.database.plans import plans_of_count, plans_of_page

SOMEBODY = UUID("00000000-0000-0000-0000-000000000777")
PEOPLE, PAGE = 50_000, 100
# Rows that a page may visit: its rows in the index and in the table, and the groups of each.
VISITED_MAX = 8 * PAGE
INDEXES = {  # A filter, and the index that must serve it.
    f'id eq "{SOMEBODY}"': "users_pkey",
    'userName eq "USER777@contoso.com"': "users_one_per_user_name",
    'externalId eq "external-777"': "users_external_id",
    'displayName eq "User 777"': "users_display_name",
    'emails eq "User777@contoso.com"': "users_emails",
    'emails.value eq "user777@contoso.com"': "users_emails",
    'emails[type eq "work"].value eq "user777@contoso.com"': "users_emails",
    'emails[type eq "work" and value eq "user777@contoso.com"]': "users_emails",
    f'{urns.ENTERPRISE_USER}:employeeNumber eq "E777"': "users_employee_number",
    f'roleId eq "{ROLES[0]}"': "users_role_id",
    f'roleId eq "{ROLES[1]}"': "users_role_id",
    "active eq false": "users_active",
    "active eq true": "users_active",
    f'groups.value eq "{GROUP_IDS[0]}"': "memberships_pkey",
    f'id eq "{SOMEBODY}" and manager eq "{SOMEBODY}"': "users_pkey",
    'userName eq "user777@contoso.com" or externalId eq "external-8"': "users_external_id",
    'userName eq "user777@contoso.com" and active eq true': "users_one_per_user_name",
    'userName sw "user777@"': "users_one_per_user_name",
    'userName gt "user99999"': "users_one_per_user_name",
}
GROUP_INDEXES = {
    f'id eq "{SOMEBODY}"': "groups_pkey",
    'displayName eq "group 777"': "groups_one_per_display_name",
    'externalId eq "external-777"': "groups_external_id",
    f'members eq "{SOMEBODY}"': "memberships_member",
    f'members[value eq "{SOMEBODY}"]': "memberships_member",
    f'id eq "{GROUP_IDS[1]}" and members.value eq "{SOMEBODY}"': "groups_pkey",
}
MANY = {f'roleId eq "{ROLES[1]}"', "active eq true"}  # These match nearly all users.


class Case(NamedTuple):
    """A filter, and the index that must serve it."""

    table: Table
    text: str
    served_by: str

    @property
    def counted_max(self) -> int:
        """Return how many rows a count may visit."""
        return PEOPLE if self.text in MANY else VISITED_MAX


class Town(NamedTuple):
    """A directory, and whether Postgres has analyzed it."""

    connection: asyncpg.Connection
    is_analyzed: bool


CASES = [
    *(Case(USERS, text, index) for text, index in INDEXES.items()),
    *(Case(GROUPS, text, index) for text, index in GROUP_INDEXES.items()),
]
ORDERS = {  # sortBy, the index that must serve it, and the key of a user in the middle.
    "": ("users_pkey", None),
    "userName": ("users_one_per_user_name", "user30000@contoso.com"),
    "displayName": ("users_display_name", "user 30000"),
    "externalId": ("users_external_id", "external-30000"),
    "roleId": ("users_role_id", str(ROLES[1])),
    "active": ("users_active", "true"),
}
# One organization has nearly all rows of the table, like a large customer beside small ones.
FILL = f"""
INSERT INTO directory.users
SELECT CASE WHEN n % 100 = 0 THEN '{OTHER}' ELSE '{ORGANIZATION}' END::uuid,
       to_char(n, 'FM00000000000000000000000000000000')::uuid, 1, now(), now(), 'scim',
       n % 500 <> 1, CASE WHEN n % 500 = 1 THEN '{ROLES[0]}' ELSE '{ROLES[1]}' END::uuid,
       'user' || n || '@contoso.com', 'external-' || n, 'user ' || n, 'e' || n,
       ARRAY['user' || n || '@contoso.com'], json_build_object('title', repeat('x', 800)), jsonb_build_object('emails', jsonb_build_array(
           jsonb_build_object('type', 'work', 'value', 'user' || n || '@contoso.com')))
  FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO directory.groups
SELECT '{ORGANIZATION}', to_char(n, 'FM00000000000000000000000000000000')::uuid, 1, now(), now(), 0,
       'group ' || n, 'external-' || n, '{{}}', '{{}}'
  FROM generate_series(1001, 11000) AS n;
INSERT INTO directory.memberships
SELECT organization_id, '{GROUP_IDS[1]}'::uuid, id, 'User'
  FROM directory.users
 UNION ALL
(SELECT organization_id, '{GROUP_IDS[0]}'::uuid, id, 'User'
  FROM directory.users
 WHERE organization_id = '{ORGANIZATION}'
 LIMIT 20);
"""


@pytest.fixture(scope="module", params=["analyzed", "never analyzed"])
async def town(
    request: pytest.FixtureRequest, postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Town]:
    """Give a directory of one large and one small organization. Tests only read it."""
    name = f"town_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    # The tests' server commits before its log is on disk, and rows count as visible to all only after that.
    connection = await asyncpg.connect(
        in_database(postgres, name), server_settings={"synchronous_commit": "on"}
    )
    await make_groups(connection)
    await connection.execute(FILL)
    if request.param == "analyzed":
        await connection.execute("VACUUM ANALYZE")
    yield Town(connection, is_analyzed=request.param == "analyzed")
    await connection.close()
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


def asked(table: Table, text: str = "", sort: str = "", **more: Any) -> Query:
    """Return a query as a client would ask it."""
    resource_type = TYPES[table.name]
    chosen = parse_filter(text, resource_type) if text else None
    sorted_by = resource_type.find(sort) if sort else None
    return Query(table, chosen, sorted_by, page_size=PAGE, **more)


@pytest.mark.parametrize("organization_id", [ORGANIZATION, OTHER], ids=["large", "small"])
@pytest.mark.parametrize("case", CASES, ids=lambda each: each.text[:50])
async def test_an_index_serves_equality_on_what_clients_look_up(
    town: Town, organization_id: UUID, case: Case
) -> None:
    query = asked(case.table, case.text)

    page = await plans_of_page(town.connection, organization_id, query)
    count = await plans_of_count(town.connection, organization_id, query)

    assert [each for each in page + count if each.tables_read_whole] == []
    if town.is_analyzed and organization_id == ORGANIZATION:
        assert [each for each in page + count if case.served_by not in each.indexes] == []
        assert [each for each in page if each.rows_visited > VISITED_MAX] == []
        assert [each for each in count if each.rows_visited > case.counted_max] == []


@pytest.mark.parametrize("is_descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("is_begun", [False, True], ids=["first", "middle"])
@pytest.mark.parametrize("sort", ORDERS)
async def test_a_page_in_order_is_read_from_an_index_and_not_sorted(
    town: Town, sort: str, *, is_begun: bool, is_descending: bool
) -> None:
    index, key = ORDERS[sort]
    edge = Edge(key, SOMEBODY) if is_begun else None
    query = asked(USERS, sort=sort, is_descending=is_descending, is_by_cursor=True, edge=edge)

    plans = await plans_of_page(town.connection, ORGANIZATION, query)

    assert [each for each in plans if each.tables_read_whole] == []
    if town.is_analyzed:
        assert [each for each in plans if each.rows_visited and index not in each.indexes] == []
        assert [each for each in plans if each.rows_visited > VISITED_MAX] == []
        assert [each for each in plans if each.rows_sorted_max > 2 * PAGE] == []
