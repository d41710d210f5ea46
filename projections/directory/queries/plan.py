"""Decide how to read what a query asks for: in one place, without IO. A plan is a value that tests compare."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from eventstore.postgres.statements import statements_in
from projections.directory.queries.columns import GROUPS, USERS, Table
from projections.directory.queries.filter_sql import compile_filter
from projections.directory.queries.keyset import ALL, DIRECTIONS, Edge, Order, Stretch, order_of
from projections.directory.queries.point_reads import (
    GROUP_BY_DISPLAY_NAME,
    GROUP_BY_EXTERNAL_ID,
    USER_BY_EXTERNAL_ID,
    USER_BY_USER_NAME,
    Lookup,
)
from schema.scim.filter.expression import Comparison, Filter, Operator
from schema.scim.resource_type import AttributePath
from schema.scim.text import fold

statement = statements_in(__package__)


# Of the documents of a page. The page ends earlier if they are larger, but has at least one resource.
BYTES_MAX = 4 * 1024**2
FIRST_PARAMETER = 4  # Of a page's condition: after organization, limit and offset.
OFFSET_MAX = 2**62  # A startIndex beyond any row gives an empty page, not an overflow.
POINT_READ_COUNT_MIN = 100  # A client that asks for fewer resources gets a page.

# A filter that is one equality on such an attribute becomes a point read (point_reads.py).
POINT_READS: Mapping[tuple[str, str], Lookup] = {
    (USERS.name, "userName"): USER_BY_USER_NAME,
    (USERS.name, "externalId"): USER_BY_EXTERNAL_ID,
    (GROUPS.name, "displayName"): GROUP_BY_DISPLAY_NAME,
    (GROUPS.name, "externalId"): GROUP_BY_EXTERNAL_ID,
}

# Unlisted accounts are few. A condition on `kind` would read each row, where an index has all that is asked for.
LISTED = (
    "r.id NOT IN (SELECT accounts.id FROM {users} AS accounts "
    "WHERE accounts.organization_id = $1 AND accounts.kind = 'unlisted account')"
)


class Query(NamedTuple):
    """What a client asks of one table. `start` counts from 1. `page_size` is the requested count.

    `with_related` asks for the groups of users, or for the members of groups.

    A page by cursor begins after `edge`, or ends before it if `is_backward`. Without an edge it is the
    first page. The cursor of a later page carries the `total`.
    """

    table: Table
    filter: Filter | None = None
    sort: AttributePath | None = None
    is_descending: bool = False
    start: int = 1
    page_size: int = 100
    with_related: bool = True
    base_url: str = ""  # What meta.location and $ref begin with, in filters.
    is_by_cursor: bool = False
    edge: Edge | None = None
    is_backward: bool = False
    total: int | None = None


class Statement(NamedTuple):
    """The text of a statement, and its values, which follow the organization, the limit and the offset."""

    sql: str
    values: list[object]


class PointRead(NamedTuple):
    """A read by key. If more than `query.page_size` resources are found, they are read as a page instead."""

    lookup: Lookup
    key: str
    query: Query


class IndexPage(NamedTuple):
    """A page by index (RFC 7644 §3.4.2.4). It has no statement if only the total is asked for."""

    query: Query
    statements: tuple[Statement, ...]
    limit: int
    offset: int


class KeysetPage(NamedTuple):
    """A page by cursor (RFC 9865): the statements run in order until the page is full.

    It reads one row more than it shows. That row says whether another page follows.
    """

    query: Query
    statements: tuple[Statement, ...]
    limit: int
    offset: int = 0


class Union(NamedTuple):
    """A page over several tables, with one query for each. Its statement finds names of tables and ids."""

    queries: tuple[Query, ...]
    statement: Statement
    limit: int
    offset: int


Plan = PointRead | IndexPage | KeysetPage | Union


def plan(*queries: Query) -> Plan:
    """Return how to read one query, or several queries as one page. Errors: InvalidPath.

    Of several queries, the first one says where the page starts and how many resources it has.
    """
    if len(queries) > 1:
        return _union(queries)
    [query] = queries
    if query.is_by_cursor:
        return _keyset_page(query)
    return _point_read(query) or index_page(query)


def _point_read(query: Query) -> PointRead | None:
    """Return a point read if the query is one equality on a name or an externalId, and nothing else."""
    if query.table.is_past:
        return None
    chosen, is_with_members = query.filter, query.with_related and query.table.name == GROUPS.name
    if not isinstance(chosen, Comparison) or chosen.operator is not Operator.EQ:
        return None
    if query.sort or query.start != 1 or query.page_size < POINT_READ_COUNT_MIN or is_with_members:
        return None
    path = chosen.path
    lookup = POINT_READS.get((query.table.name, path.attribute.name))
    if lookup is None or path.extension or path.sub_attribute:
        return None
    key = str(chosen.value)
    return PointRead(lookup, key if path.attribute.case_exact else fold(key), query)


def index_page(query: Query) -> IndexPage:
    """Return the page by index of a query. Errors: InvalidPath."""
    found = (page_statement(query, _order(query)),) if query.page_size else ()
    return IndexPage(query, found, query.page_size, _offset(query))


def _keyset_page(query: Query) -> KeysetPage:
    order = _order(query)
    stretches = [ALL]
    if query.edge is not None:
        stretches = order.beyond(query.edge, FIRST_PARAMETER)
    found = tuple(page_statement(query, order, each) for each in stretches)
    return KeysetPage(query, found, query.page_size + 1)


def _order(query: Query) -> Order:
    return order_of(
        query.table,
        query.sort,
        is_descending=query.is_descending,
        is_backward=query.is_backward,
    )


def _offset(query: Query) -> int:
    return min(query.start - 1, OFFSET_MAX)


def page_statement(query: Query, order: Order, stretch: Stretch = ALL) -> Statement:
    """Return the statement of a page in an order, of all rows or of a stretch of them."""
    condition, values = _condition(query, FIRST_PARAMETER + len(stretch.values))
    # Groups may have many members. They are read later, for the groups that fit on the page.
    has_groups = query.with_related and query.table.name == USERS.name
    name = f"page_{query.table.name}" if has_groups else f"page_{query.table.name}_alone"
    sql = statement(name).format(
        users=query.table.relations.users,
        groups=query.table.relations.groups,
        memberships=query.table.relations.memberships,
        key=order.key,
        listed=_listed(query),
        condition=f"{stretch.condition} AND ({condition})",
        order=order.by,
        bytes=BYTES_MAX,
    )
    return Statement(sql, [*stretch.values, *values])


def count_statement(query: Query) -> Statement:
    """Return the statement that counts the matches. Its values follow the organization."""
    condition, values = _condition(query, first_parameter=2)
    sql = statement("count").format(
        relation=query.table.relation, condition=condition, listed=_listed(query)
    )
    return Statement(sql, values)


def _listed(query: Query) -> str:
    return LISTED.format(users=query.table.relation) if query.table.name == USERS.name else "TRUE"


def _condition(query: Query, first_parameter: int) -> tuple[str, list[object]]:
    if query.filter is None:
        return "TRUE", []
    return compile_filter(query.filter, query.table, first_parameter, base_url=query.base_url)


def _union(queries: Sequence[Query]) -> Union:
    """Return a page of several tables.

    Rows without a sort key come last, or first if the order descends. Equal keys are ordered by id.
    """
    parts, values = list[str](), list[object]()
    for each in queries:
        part = _union_part(each, FIRST_PARAMETER + len(values))
        parts.append(part.sql)
        values += part.values
    first = queries[0]
    descends = first.is_descending and first.sort is not None
    sql = statement("page_union").format(
        parts=" UNION ALL ".join(parts), direction=DIRECTIONS[descends]
    )
    return Union(tuple(queries), Statement(sql, values), first.page_size, _offset(first))


def _union_part(query: Query, first_parameter: int) -> Statement:
    condition, values = _condition(query, first_parameter)
    order = _order(query)
    sql = statement("union_part").format(
        table=query.table.name,
        relation=query.table.relation,
        number_key=order.number_key,
        text_key=order.text_key,
        condition=condition,
        listed=_listed(query),
        order=order.by,
    )
    return Statement(sql, values)
