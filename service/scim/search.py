"""Queries at the root, over users and groups together (RFC 7644 §3.4.2.1, §3.4.3)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from projections.query import BYTES_MAX, Query, fitting, read_union
from projections.read import GROUP_BY_ID, USER_BY_ID, Lookup, Resource
from projections.tables import GROUPS
from schema.scim.definitions import GROUP
from schema.scim.errors import InvalidCursor
from schema.scim.subject import about
from service.aside import LONG_MEMBERS, aside
from service.scim.answer import Answer, json_response
from service.scim.ask import Parameters, Target, read_query, read_search_request
from service.scim.context import Exchange, admit
from service.scim.joint import joint_type
from service.scim.parse import query_parameters, read_body
from service.scim.query import present, users_of
from service.scim.represent import list_message, list_response
from service.scim.select import Selection, read_selection
from service.scim.whole_groups import with_all_members

PIECE = 100  # Resources read at once: a page of large ones ends after some of them.


@dataclass(frozen=True, slots=True)
class Part:
    """What a query at the root asks of one resource type."""

    target: Target
    selection: Selection
    query: Query

    @property
    def lookup(self) -> Lookup:
        """Return how its resources are read by id; members are many, and are read by themselves."""
        return GROUP_BY_ID if self.target.table is GROUPS else USER_BY_ID


Parts = Mapping[str, Part]  # By the name of the table.
Found = list[tuple[str, Resource]]  # With the name of the table.


async def query_root(request: web.Request) -> Answer:
    """GET /: users and groups that match."""
    exchange = await admit(request)
    return await _answer(exchange, query_parameters(request))


async def search_root(request: web.Request) -> Answer:
    """POST /.search: the same, asked in a body."""
    exchange = await admit(request)
    return await _answer(exchange, read_search_request(await read_body(request)))


async def _answer(exchange: Exchange, sent: Parameters) -> Answer:
    if "cursor" in sent:
        raise InvalidCursor("At the root pages go by startIndex; cursors serve /Users and /Groups.")
    parts = _parts(exchange, sent)
    asked = [(part.target.table, part.query) for part in parts.values()]
    async with exchange.reading() as connection:
        places, total = await read_union(
            connection, exchange.organization_id, asked, total=exchange.service.totals.count
        )
    found = await _read(exchange, places, parts)
    shown = await aside(_present, _is_long(found), found, parts, exchange.base)
    return json_response(list_response(shown, list_message(total, asked[0][1].start, len(shown))))


def _is_long(found: Found) -> bool:
    return sum(resource.member_count for _, resource in found) > LONG_MEMBERS


def _present(found: Found, parts: Parts, base: str) -> list[bytes]:
    return [
        present(resource, parts[name].target, parts[name].selection, base)
        for name, resource in found
    ]


def _parts(exchange: Exchange, sent: Parameters) -> Parts:
    """Return what to ask of each type. Errors: InvalidFilter, InvalidPath where no type knows a name."""
    users, groups = users_of(exchange), Target(GROUP, GROUPS)
    parts = {}
    for target, other in ((users, groups), (groups, users)):
        selection = read_selection(sent, target.resource_type)
        joint = Target(joint_type(target.resource_type, other.resource_type), target.table)
        with about(joint.resource_type):
            query = read_query(sent, joint, selection, exchange.base)
        parts[target.table.name] = Part(target, selection, query)
    return parts


async def _read(exchange: Exchange, places: Sequence[tuple[str, UUID]], parts: Parts) -> Found:
    """Return the resources at places of a page, in order; one deleted meanwhile is left out."""
    reader, organization_id = exchange.service.reader, exchange.organization_id
    found: Found = []
    size = 0
    for begin in range(0, len(places), PIECE):
        piece = places[begin : begin + PIECE]
        reads = [reader.find(parts[name].lookup, organization_id, each) for name, each in piece]
        # Together, so that they share two queries.
        rows = await asyncio.gather(*reads)
        found += [(name, row) for (name, _), some in zip(piece, rows, strict=True) for row in some]
        size += sum(len(row.document) for some in rows for row in some)
        if size > BYTES_MAX:
            break
    query = parts[GROUPS.name].query
    if not query.with_related:
        return found
    found = found[: fitting([row for _, row in found], query)]
    groups = [row for name, row in found if name == GROUPS.name]
    async with exchange.reading() as connection:
        whole = await with_all_members(connection, organization_id, groups)
    by_id = {row.id: row for row in whole}
    return [(name, by_id.get(row.id, row)) for name, row in found]
