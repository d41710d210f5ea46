"""Filters of equality on what clients look up are served by indexes."""

import re
from uuid import UUID

import asyncpg

from projections.filter_sql import GROUPS, USERS, Table, compile_filter
from schema.scim import urns
from schema.scim.filter import parse_filter
from tests.database.people import GROUP_IDS, ORGANIZATION, ROLES, TYPES

SOMEBODY = UUID("00000000-0000-0000-0000-000000000777")
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
    "active eq false": "users_inactive",
    f'groups.value eq "{GROUP_IDS[0]}"': "memberships_pkey",
    f'id eq "{SOMEBODY}" and manager eq "{SOMEBODY}"': "users_pkey",
    'userName eq "user777@contoso.com" or externalId eq "external-8"': "users_external_id",
}
GROUP_INDEXES = {
    f'id eq "{SOMEBODY}"': "groups_pkey",
    'displayName eq "group 777"': "groups_one_per_display_name",
    'externalId eq "external-777"': "groups_external_id",
    f'members eq "{SOMEBODY}"': "memberships_member",
    f'members[value eq "{SOMEBODY}"]': "memberships_member",
    f'id eq "{GROUP_IDS[1]}" and members.value eq "{SOMEBODY}"': "groups_pkey",
}
MANY = f"""
INSERT INTO directory.users
SELECT '{ORGANIZATION}', to_char(n, 'FM00000000000000000000000000000000')::uuid, 1, now(), now(), 'scim',
       n % 500 > 0, CASE WHEN n % 500 = 0 THEN '{ROLES[0]}' ELSE '{ROLES[1]}' END::uuid,
       'user' || n || '@contoso.com', 'external-' || n, 'user ' || n, 'e' || n,
       ARRAY['user' || n || '@contoso.com'], '{{}}', jsonb_build_object('emails', jsonb_build_array(
           jsonb_build_object('type', 'work', 'value', 'user' || n || '@contoso.com')))
  FROM generate_series(1, 50000) AS n;
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
 LIMIT 20);
ANALYZE directory.users, directory.groups, directory.memberships
"""


async def indexes_of(connection: asyncpg.Connection, text: str, table: Table) -> set[str]:
    """Return the indexes that the plan of a page of a filter uses, and the tables that it reads whole."""
    condition, values = compile_filter(parse_filter(text, TYPES[table.name]), table, 2)
    plan = await connection.fetchval(
        f"""EXPLAIN (FORMAT JSON)
            SELECT r.id, r.document
              FROM directory.{table.name} AS r
             WHERE r.organization_id = $1 AND ({condition})
          ORDER BY r.id
             LIMIT 100""",
        ORGANIZATION,
        *values,
    )
    used = re.findall(r'"Index Name": "(\w+)"', plan)
    return {*used, *re.findall(r'"Node Type": "Seq Scan"[^{}]*"Relation Name": "(\w+)"', plan)}


async def test_an_index_serves_equality_on_what_clients_look_up(
    directory: asyncpg.Connection,
) -> None:
    await directory.execute(MANY)
    users = {text: await indexes_of(directory, text, USERS) for text in INDEXES}
    groups = {text: await indexes_of(directory, text, GROUPS) for text in GROUP_INDEXES}
    used = {**users, **groups}
    expected = {**INDEXES, **GROUP_INDEXES}
    assert {text: used[text] for text in expected if expected[text] not in used[text]} == {}
    assert {text for text in used if used[text] & {"users", "groups", "memberships"}} == set()
