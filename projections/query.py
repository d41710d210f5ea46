"""Pages of a query: composed of fixed fragments and parameters, and counted only when needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, Protocol
from uuid import UUID

import asyncpg

from projections.filter_sql import compile_filter
from projections.keyset import ALL, DIRECTIONS, Edge, Stretch, order_of
from projections.load import Connection
from projections.read import Resource
from projections.statements import statement
from projections.tables import USERS, Table
from schema.scim.filter import Filter
from schema.scim.resource_type import AttributePath

MEMBERS_MAX = 20_000  # Of the groups of a page that shows them: a page ends earlier, but has one group at least.
BYTES_MAX = 16 * 1024**2  # Of the documents of a page, likewise.
FIRST_PARAMETER = 4  # Of a condition on a page: organization, limit and offset come before.
OFFSET_MAX = 2**62  # A startIndex beyond any row gives an empty page, not an overflow.


@dataclass(frozen=True, slots=True)
class Query:
    """What a client asks of one resource type. `start` counts from 1; `count` is at most a page.

    `with_related` asks for the groups of users, or for the members of groups, which are read by themselves.

    `edge` is where a page by cursor begins: beyond it, or before it for a backward one.
    """

    filter: Filter | None = None
    sort: AttributePath | None = None
    is_descending: bool = False
    start: int = 1
    count: int = 100
    with_related: bool = True
    base_url: str = ""  # What meta.location and $ref begin with, in filters.
    edge: Edge | None = None
    is_backward: bool = False


class Page(NamedTuple):
    """The resources of a page in order, and how many match in all."""

    resources: list[Resource]
    total: int


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """The resources of a page in order, its first and last rows, and whether more lie beyond it."""

    resources: list[Resource]
    first: Edge | None
    last: Edge | None
    has_more: bool  # In the direction that was read.


class Count(Protocol):
    """What tells how many resources match: `count`, or what remembers it."""

    async def __call__(
        self, connection: Connection, organization_id: UUID, table: Table, query: Query
    ) -> int:
        """Return how many resources match."""
        ...


async def count(connection: Connection, organization_id: UUID, table: Table, query: Query) -> int:
    """Return how many resources match."""
    sql, values = count_statement(table, query)
    total: int = await connection.fetchval(sql, organization_id, *values)
    return total


async def read_page(
    connection: Connection,
    organization_id: UUID,
    table: Table,
    query: Query,
    *,
    total: Count = count,
) -> Page:
    """Return a page by index (RFC 7644 §3.4.2.4), in a stable order. Errors: InvalidPath."""
    rows: list[asyncpg.Record] = []
    before = min(query.start - 1, OFFSET_MAX)
    if query.count:
        sql, values = page_statement(table, query)
        rows = await connection.fetch(sql, organization_id, query.count, before, *values)
    resources = read_whole(rows)
    shown = resources[: fitting(resources, query)]
    if len(rows) < query.count and (rows or not before):
        return Page(shown, before + len(rows))  # It is the last page: it tells.
    return Page(shown, await total(connection, organization_id, table, query))


def read_whole(rows: Sequence[asyncpg.Record]) -> list[Resource]:
    """Return the resources of a page's rows, as far as their documents came with them."""
    come = takewhile(lambda row: row["document"] is not None, rows)
    return [Resource(*columns) for _, *columns in come]


def fitting(resources: Sequence[Resource], query: Query) -> int:
    """Return how many of the resources fit on a page with all of their members; the first one always does."""
    members = 0
    for index, each in enumerate(resources):
        members += each.member_count if query.with_related else 0
        if members > MEMBERS_MAX and index:
            return index
    return len(resources)


async def read_keyset_page(
    connection: Connection, organization_id: UUID, table: Table, query: Query
) -> KeysetPage:
    """Return a page by cursor (RFC 9865). Errors: InvalidPath."""
    rows: list[asyncpg.Record] = []
    for stretch in stretches(table, query):
        if (wanted := query.count + 1 - len(rows)) > 0:
            sql, values = page_statement(table, query, stretch)
            rows += await connection.fetch(sql, organization_id, wanted, 0, *values)
    found = read_whole(rows[: query.count])
    shown = fitting(found, query)
    has_more = len(rows) > shown
    rows, resources = rows[:shown], found[:shown]
    if query.is_backward:
        rows.reverse()
        resources.reverse()
    edges = [Edge(row["sort_key"], row["id"]) for row in (rows[0], rows[-1])] if rows else []
    first, last = edges or (None, None)
    return KeysetPage(resources, first, last, has_more)


def count_statement(table: Table, query: Query) -> tuple[str, list[object]]:
    """Return the statement of a count, whose parameters are the organization and these."""
    condition, values = _condition(table, query, first_parameter=2)
    return statement("count").format(table=table.name, condition=condition), values


def stretches(table: Table, query: Query) -> list[Stretch]:
    """Return the rows beyond a query's edge, or all where it has none. Errors: InvalidPath."""
    if query.edge is None:
        return [ALL]
    order = order_of(table, query.sort, is_descending=query.is_descending)
    return order.beyond(query.edge, FIRST_PARAMETER, is_backward=query.is_backward)


def page_statement(table: Table, query: Query, stretch: Stretch = ALL) -> tuple[str, list[object]]:
    """Return the statement of a page, whose parameters are organization, limit, offset and these."""
    order = order_of(table, query.sort, is_descending=query.is_descending)
    first = FIRST_PARAMETER + len(stretch.values)
    condition, values = _condition(table, query, first_parameter=first)
    # Members are many: they are read for the groups that are shown, once it is known which fit.
    has_groups = query.with_related and table is USERS
    name = f"page_{table.name}" if has_groups else f"page_{table.name}_alone"
    sql = statement(name).format(
        key=order.key,
        condition=f"{stretch.condition} AND ({condition})",
        order=order.by(is_backward=query.is_backward),
        bytes=BYTES_MAX,
    )
    return sql, [*stretch.values, *values]


def _condition(table: Table, query: Query, *, first_parameter: int) -> tuple[str, list[object]]:
    if query.filter is None:
        return "TRUE", []
    return compile_filter(query.filter, table, first_parameter, base_url=query.base_url)


async def read_union(
    connection: Connection,
    organization_id: UUID,
    parts: list[tuple[Table, Query]],
    *,
    total: Count = count,
) -> tuple[list[tuple[str, UUID]], int]:
    """Return a page over several tables as (table's name, id), and how many match in all.

    Rows without a sort key come last, or first where it descends; then ids decide. The first query tells start and count.
    Errors: InvalidPath.
    """
    asked, selects, values = parts[0][1], list[str](), list[object]()
    matching = 0
    for table, query in parts:
        first = FIRST_PARAMETER + len(values)
        condition, more = _condition(table, query, first_parameter=first)
        order = order_of(table, query.sort, is_descending=query.is_descending)
        part = statement("union_part").format(
            table=table.name,
            number_key=order.number_key,
            text_key=order.text_key,
            condition=condition,
            order=order.by(is_backward=False),
        )
        selects.append(part)
        values += more
        matching += await total(connection, organization_id, table, query)
    descends = asked.is_descending and asked.sort is not None
    sql = statement("page_union").format(
        parts=" UNION ALL ".join(selects), direction=DIRECTIONS[descends]
    )
    offset = min(asked.start - 1, OFFSET_MAX)
    rows = await connection.fetch(sql, organization_id, asked.count, offset, *values)
    return [(row["table_name"], row["id"]) for row in rows], matching
