"""How Postgres runs the statements of a query: its first plan, and the plan that it keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from projections.directory.queries.plan import (
    KeysetPage,
    Query,
    Statement,
    count_statement,
    index_page,
    plan,
)

EXECUTIONS = 6  # After five, Postgres may keep one plan for all values of the parameters.


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was run."""

    indexes: frozenset[str]
    tables_read_whole: frozenset[str]
    rows_sorted_max: int
    rows_visited: int  # By all scans, including rows that a filter dropped.


async def plans_of_page(
    connection: asyncpg.Connection, organization_id: UUID, query: Query
) -> list[Plan]:
    """Return the first and the last plan of each statement of a page."""
    found = []
    for sql, values in statements_of_page(query):
        arguments = [organization_id, query.page_size, query.start - 1, *values]
        found += await _plans(connection, sql, arguments)
    return found


def statements_of_page(query: Query) -> list[Statement]:
    """Return the statements of a page, even if a point read would replace the page."""
    planned = plan(query)
    if isinstance(planned, KeysetPage):
        return [*planned.statements]
    return [*index_page(query).statements]


async def plans_of_count(
    connection: asyncpg.Connection, organization_id: UUID, query: Query
) -> list[Plan]:
    """Return the first and the last plan of a count."""
    sql, values = count_statement(query)
    return await _plans(connection, sql, [organization_id, *values])


async def plan_of(connection: asyncpg.Connection, sql: str, arguments: Sequence[object]) -> Plan:
    """Return the plan of a statement that is planned for these arguments."""
    statement = await connection.prepare(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", name="")
    return _plan(orjson.loads(await statement.fetchval(*arguments))[0]["Plan"])


async def _plans(connection: asyncpg.Connection, sql: str, arguments: list[object]) -> list[Plan]:
    given = ", ".join(map(_literal, arguments))
    await connection.execute(f"PREPARE asked AS {sql}")
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked({given})"
    explained = [await connection.fetchval(explain) for _ in range(EXECUTIONS)]
    await connection.execute("DEALLOCATE asked")
    return [_plan(orjson.loads(each)[0]["Plan"]) for each in (explained[0], explained[-1])]


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    if value is None or isinstance(value, bool | int):
        return "NULL" if value is None else str(value)
    return "'{}'".format(str(value).replace("'", "''"))


def _plan(top: dict[str, Any]) -> Plan:
    nodes = [*_nodes(top)]
    scans = [each for each in nodes if each["Node Type"].endswith("Scan")]
    whole = [each for each in scans if each["Node Type"] == "Seq Scan"]
    sorts = [each for each in nodes if each["Node Type"] == "Sort"]
    return Plan(
        frozenset(each["Index Name"] for each in scans if "Index Name" in each),
        frozenset(each["Relation Name"] for each in whole),
        max((_rows(child) for each in sorts for child in each["Plans"]), default=0),
        sum(map(_rows, scans)),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _rows(node: dict[str, Any]) -> int:
    """Return how many rows a node visited. Postgres counts them per loop."""
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    came: float = (node["Actual Rows"] + dropped) * node["Actual Loops"]
    return round(came)
