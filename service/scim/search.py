"""Queries at the root, over users and groups together (RFC 7644 §3.4.2.1, §3.4.3)."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from aiohttp import web

from projections.query import Page, Query, read_union
from projections.read import GROUP_BY_ID_WITH_MEMBERS, USER_BY_ID, Resource
from projections.tables import GROUPS, USERS
from schema.scim.definitions import GROUP
from schema.scim.errors import InvalidCursor, InvalidFilter, InvalidPath
from service.scim.answer import json_response
from service.scim.ask import Parameters, Target, read_query, read_search_request
from service.scim.context import Exchange, admit
from service.scim.parse import query_parameters, read_body
from service.scim.query import list_message, present, users_of
from service.scim.represent import list_response
from service.scim.select import read_selection
from service.scim.whole_groups import with_all_members

LOOKUPS = {USERS.name: USER_BY_ID, GROUPS.name: GROUP_BY_ID_WITH_MEMBERS}


async def query_root(request: web.Request) -> web.Response:
    """GET /: users and groups that match."""
    exchange = await admit(request)
    return await _answer(exchange, query_parameters(request))


async def search_root(request: web.Request) -> web.Response:
    """POST /.search: the same, asked in a body."""
    exchange = await admit(request)
    return await _answer(exchange, read_search_request(await read_body(request)))


async def _answer(exchange: Exchange, sent: Parameters) -> web.Response:
    if "cursor" in sent:
        raise InvalidCursor("At the root pages go by startIndex; cursors serve /Users and /Groups.")
    targets = (users_of(exchange), Target(GROUP, GROUPS))
    parts = _readable(exchange, targets, sent)
    async with exchange.service.pool.acquire() as connection:
        places, total = await read_union(
            connection,
            exchange.organization_id,
            [(target.table, query) for target, query in parts],
        )
    found = await _read(exchange, places)
    shown = []
    for name, resource in found:
        target = next(each for each in targets if each.table.name == name)
        selection = read_selection(sent, target.resource_type)
        shown.append(present(resource, target, selection, exchange.base))
    page = Page([resource for _, resource in found], total)
    return json_response(list_response(shown, list_message(parts[0][1], page)))


def _readable(
    exchange: Exchange, targets: Sequence[Target], sent: Parameters
) -> list[tuple[Target, Query]]:
    """Return what to ask of each type; one that does not know the filter's attributes has no match.

    Errors: InvalidFilter or InvalidPath where no type knows them.
    """
    parts: list[tuple[Target, Query]] = []
    refusal: InvalidFilter | InvalidPath | None = None
    for target in targets:
        try:
            selection = read_selection(sent, target.resource_type)
            parts.append((target, read_query(sent, target, selection, exchange.base)))
        except InvalidFilter as error:
            refusal = error
        except InvalidPath as error:  # Its resources have no such value: they come last.
            refusal = error
            unsorted = {name: value for name, value in sent.items() if name != "sortby"}
            selection = read_selection(sent, target.resource_type)
            query = read_query(unsorted, target, selection, exchange.base)
            parts.append((target, query))
    if refusal and (not parts or (sent.get("sortby") and not any(q.sort for _, q in parts))):
        raise refusal
    return parts


async def _read(
    exchange: Exchange, places: Sequence[tuple[str, UUID]]
) -> list[tuple[str, Resource]]:
    """Return the resources at places of a page, in order; one deleted meanwhile is left out."""
    reader, organization_id = exchange.service.reader, exchange.organization_id
    reads = [reader.find(LOOKUPS[name], organization_id, each) for name, each in places]
    # Together, so that they share two queries.
    rows = await asyncio.gather(*reads)
    found = [(name, row) for (name, _), some in zip(places, rows, strict=True) for row in some]
    groups = [row for name, row in found if name == GROUPS.name]
    async with exchange.service.pool.acquire() as connection:
        whole = await with_all_members(connection, organization_id, groups)
    by_id = {row.id: row for row in whole}
    return [(name, by_id.get(row.id, row)) for name, row in found]
