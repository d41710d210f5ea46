"""Carry out the plan of a query. The directory's pages are read only here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.replica import Reads
from projections.directory.queries.columns import GROUPS, USERS, Table
from projections.directory.queries.composed import ComposedStatements
from projections.directory.queries.keyset import Edge
from projections.directory.queries.members import Offload, with_all_members
from projections.directory.queries.past import groups_at
from projections.directory.queries.plan import (
    BYTES_MAX,
    IndexPage,
    KeysetPage,
    Plan,
    PointRead,
    Query,
    Union,
    index_page,
)
from projections.directory.queries.point_reads import GROUP_BY_ID, USER_BY_ID, PointReader, Resource
from projections.directory.queries.totals import Totals

MEMBERS_MAX = 20_000  # Of all groups of a page. The page ends earlier, but has at least one group.
PIECE = 100  # Resources of a union that are read together. A page of large documents ends sooner.
READ_TIMEOUT_S = 25.0  # For a page. Postgres ends statements earlier.
BY_ID = {USERS.name: USER_BY_ID, GROUPS.name: GROUP_BY_ID}

Turn = Callable[[UUID], AbstractAsyncContextManager[None]]
"""Waits until an organization may use one of the connections that read pages."""


class Page(NamedTuple):
    """The resources of a page in order, and how many match in all.

    A page by cursor also has its first and last rows, and says whether more rows follow in the direction
    of the read. A union has the name of each resource's table.
    """

    resources: list[Resource]
    total: int
    first: Edge | None = None
    last: Edge | None = None
    has_more: bool = False
    tables: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class QueryReader:
    """Reads pages with some of the pool's connections, or of the replica's. The others stay free for writes and point reads."""

    reads: Reads
    points: PointReader
    turn: Turn
    offload: Offload
    totals: Totals
    composed: ComposedStatements

    async def carry_out(self, organization_id: UUID, plan: Plan) -> Page:
        """Return the page of a plan."""
        match plan:
            case PointRead(lookup, key, query):
                found = await self.points.find(lookup, organization_id, key)
                if len(found) <= query.page_size:
                    return Page(found, len(found))
                return await self.carry_out(organization_id, index_page(query))
            case IndexPage() | KeysetPage():
                return await self._page(organization_id, plan)
            case Union():
                return await self._union(organization_id, plan)
        raise AssertionError(plan)

    @asynccontextmanager
    async def reading(self, organization_id: UUID) -> AsyncIterator[Connection]:
        """Give a connection for reading a page, when it is the organization's turn."""
        async with (
            self.turn(organization_id),
            self.reads.acquire(organization_id, timeout_s=READ_TIMEOUT_S) as connection,
        ):
            yield connection

    async def _page(self, organization_id: UUID, plan: IndexPage | KeysetPage) -> Page:
        query, rows = plan.query, list[asyncpg.Record]()
        async with self.reading(organization_id) as connection:
            for sql, values in plan.statements:
                if (wanted := plan.limit - len(rows)) > 0:
                    arguments = (organization_id, wanted, plan.offset, *values)
                    rows += await self.composed.fetch(connection, sql, *arguments)
            total = _known_total(plan, len(rows))
            if total is None:
                total = await self._total(connection, organization_id, [query])
            resources = _shown(rows[: query.page_size], query)
            shown, has_more = rows[: len(resources)], len(rows) > len(resources)
            if query.table.name == GROUPS.name and query.with_related:
                resources = await self._whole(connection, organization_id, resources, query.table)
        if query.is_backward:
            shown.reverse()
            resources.reverse()
        first, last = (_edge(shown[0]), _edge(shown[-1])) if shown else (None, None)
        return Page(resources, total, first, last, has_more)

    async def _total(
        self, connection: Connection, organization_id: UUID, queries: Sequence[Query]
    ) -> int:
        """Return how many resources match, in all tables together."""
        return sum([await self.totals.count(connection, organization_id, each) for each in queries])

    async def _whole(
        self,
        connection: Connection,
        organization_id: UUID,
        groups: Sequence[Resource],
        table: Table,
    ) -> list[Resource]:
        """Return groups of a table with their members."""
        position = table.relations.position
        if position is not None:
            ids = [each.id for each in groups]
            found = await groups_at(connection, organization_id, ids, position)
            return [found[each.id] for each in groups]
        return await with_all_members(connection, organization_id, groups, self.offload)

    async def _union(self, organization_id: UUID, plan: Union) -> Page:
        """Return a page over several tables: first find the places, then read the resources there."""
        sql, values = plan.statement
        async with self.reading(organization_id) as connection:
            total = await self._total(connection, organization_id, plan.queries)
            arguments = (organization_id, plan.limit, plan.offset, *values)
            places = await self.composed.fetch(connection, sql, *arguments)
        found = await self._at(organization_id, [(each[0], each[1]) for each in places])
        if any(each.table.name == GROUPS.name and each.with_related for each in plan.queries):
            found = await self._with_members(organization_id, found)
        return Page([each for _, each in found], total, tables=[name for name, _ in found])

    async def _at(
        self, organization_id: UUID, places: Sequence[tuple[str, UUID]]
    ) -> list[tuple[str, Resource]]:
        """Return the resources at places, in order. A resource that was deleted meanwhile is left out."""
        found, size = list[tuple[str, Resource]](), 0
        for begin in range(0, len(places), PIECE):
            piece = places[begin : begin + PIECE]
            # At the same time, so they share one query per table.
            reads = [self.points.find(BY_ID[name], organization_id, key) for name, key in piece]
            rows = await asyncio.gather(*reads)
            for (name, _), some in zip(piece, rows, strict=True):
                found += [(name, row) for row in some]
                size += sum(len(row.document) for row in some)
            if size > BYTES_MAX:
                break
        return found

    async def _with_members(
        self, organization_id: UUID, found: list[tuple[str, Resource]]
    ) -> list[tuple[str, Resource]]:
        """Return as many of the resources as fit. Groups get their members."""
        found = found[: _fitting([row for _, row in found])]
        groups = [row for name, row in found if name == GROUPS.name]
        async with self.reading(organization_id) as connection:
            whole = await self._whole(connection, organization_id, groups, GROUPS)
        by_id = {row.id: row for row in whole}
        return [(name, by_id.get(row.id, row)) for name, row in found]


def _known_total(plan: IndexPage | KeysetPage, found: int) -> int | None:
    """Return how many resources match, or None if they have to be counted.

    A cursor carries the total. The last page by index also shows it.
    """
    if isinstance(plan, KeysetPage):
        return plan.query.total
    is_last = found < plan.limit and (found or not plan.offset)
    return plan.offset + found if is_last else None


def _shown(rows: Sequence[asyncpg.Record], query: Query) -> list[Resource]:
    """Return the resources that fit on a page: those whose documents were read and whose members fit."""
    complete = takewhile(lambda row: row["document"] is not None, rows)
    resources = [Resource(*columns) for _, *columns in complete]
    return resources[: _fitting(resources)] if query.with_related else resources


def _edge(row: asyncpg.Record) -> Edge:
    return Edge(row["sort_key"], row["id"])


def _fitting(resources: Sequence[Resource]) -> int:
    """Return how many of the resources fit on a page with all their members. The first always fits."""
    members = 0
    for index, each in enumerate(resources):
        members += each.member_count
        if members > MEMBERS_MAX and index:
            return index
    return len(resources)
