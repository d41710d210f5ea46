"""The plan that Postgres keeps for a read of one key: made on empty tables, it serves full ones too.

Until the tables are analyzed, which is within seconds, it may read all rows of an organization.
"""

from uuid import UUID

import asyncpg
import orjson
import pytest

from eventstore.postgres.statements import statements_in
from projections.directory.queries import point_reads
from projections.directory.queries.point_reads import Lookup
from service.background.statistics import analyze_young

statement = statements_in("projections.directory.queries")
ORGANIZATION = UUID("00000000-0000-0000-0000-00000000000a")
SOMEBODY = UUID("00000000-0000-0000-0000-000000000777")
GROUP = UUID("00000000-0000-0000-0000-000000001777")
EXECUTIONS = 10
SETTLED = 30
VISITED_MAX = 60  # Of the row itself, the user's groups, or a group's members.
KEYS = {  # The index that must serve a read, and a key.
    point_reads.USER_BY_ID: ("users_pkey", SOMEBODY),
    point_reads.USER_BY_USER_NAME: ("users_one_per_user_name", "user777@contoso.com"),
    point_reads.USER_BY_EXTERNAL_ID: ("users_external_id", "external-777"),
    point_reads.GROUP_BY_ID: ("groups_pkey", GROUP),
    point_reads.GROUP_BY_ID_WITH_MEMBERS: ("groups_pkey", GROUP),
    point_reads.GROUP_BY_DISPLAY_NAME: ("groups_one_per_display_name", "group 1777"),
    point_reads.GROUP_BY_EXTERNAL_ID: ("groups_external_id", "external-1777"),
}
FILL = f"""
INSERT INTO directory.users
SELECT '{ORGANIZATION}', to_char(n, 'FM00000000000000000000000000000000')::uuid, 1, now(), now(), 'scim',
       true, '{SOMEBODY}', 'user' || n || '@contoso.com', 'external-' || n, 'user ' || n, NULL, '{{}}', '{{}}', '{{}}'
  FROM generate_series(1, 1000) AS n;
INSERT INTO directory.groups
SELECT '{ORGANIZATION}', to_char(n, 'FM00000000000000000000000000000000')::uuid, 1, now(), now(), 5,
       'group ' || n, 'external-' || n, '{{}}', '{{}}'
  FROM generate_series(1001, 2000) AS n;
INSERT INTO directory.memberships
SELECT organization_id, to_char(1000 + (n * 200 + row_number) % 1000, 'FM00000000000000000000000000000000')::uuid, id, 'User'
  FROM (SELECT *, row_number() OVER () FROM directory.users) AS users, generate_series(1, 5) AS n;
"""


async def execute(connection: asyncpg.Connection, times: int) -> None:
    """Execute each prepared statement some times."""
    for lookup, (_, key) in KEYS.items():
        for _ in range(times):
            await connection.execute(f"EXECUTE {lookup.of_one}('{ORGANIZATION}', '{key}')")


async def plans_for_all(connection: asyncpg.Connection) -> dict[str, int]:
    """Return how often each statement was executed with the plan that serves every key."""
    rows = await connection.fetch(
        "SELECT name, generic_plans FROM pg_prepared_statements WHERE name LIKE 'read_one%'"
    )
    return {row["name"]: row["generic_plans"] for row in rows}


async def kept(connection: asyncpg.Connection, lookup: Lookup) -> tuple[set[str], int]:
    """Return the indexes of the plan that a session has kept, and how many rows it visits."""
    explained = await connection.fetchval(
        f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE {lookup.of_one}('{ORGANIZATION}', '{KEYS[lookup][1]}')"
    )
    indexes, visited, nodes = set[str](), 0.0, [orjson.loads(explained)[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", ())
        if "Scan" in node["Node Type"]:
            indexes.add(node.get("Index Name", node.get("Relation Name", "")))
            dropped = node.get("Rows Removed by Filter", 0)
            visited += (node["Actual Rows"] + dropped) * node["Actual Loops"]
    return indexes, round(visited)


@pytest.mark.parametrize("lookup", KEYS, ids=lambda each: each.of_one)
async def test_every_kind_of_point_read_has_a_case(lookup: Lookup) -> None:
    kinds = {each for each in vars(point_reads).values() if isinstance(each, Lookup)}
    assert kinds == KEYS.keys()
    assert lookup in kinds


async def test_a_plan_that_was_made_on_empty_tables_is_right_once_they_are_analyzed(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    await service_connection.execute("SET search_path = directory")
    for lookup in KEYS:
        await service_connection.execute(f"PREPARE {lookup.of_one} AS {statement(lookup.of_one)}")
    await execute(service_connection, EXECUTIONS)

    await connection.execute(FILL)
    await connection.execute("SELECT pg_stat_force_next_flush()")
    assert {"directory.users", "directory.groups"} <= {*await analyze_young(service_connection)}
    analyzed = {lookup: await kept(service_connection, lookup) for lookup in KEYS}

    # PostgreSQL 15 and 16 plan anew for some executions, and find that the plan for all keys is as good.
    await execute(service_connection, SETTLED)
    before = await plans_for_all(service_connection)
    await execute(service_connection, EXECUTIONS)
    after = await plans_for_all(service_connection)
    assert {name: after[name] - before[name] for name in before} == {
        each.of_one: EXECUTIONS for each in KEYS
    }
    for lookup, (index, _) in KEYS.items():
        indexes, visited = analyzed[lookup]
        assert index in indexes, (lookup, indexes)
        assert visited <= VISITED_MAX, (lookup, indexes)
