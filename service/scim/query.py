"""Queries: a resource type by GET or /.search, in pages by index or cursor (RFC 7644 §3.4.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import orjson
from aiohttp import web

from projections.keyset import Edge
from projections.query import KeysetPage, Page, Query, read_keyset_page, read_page
from projections.read import (
    GROUP_BY_DISPLAY_NAME,
    GROUP_BY_EXTERNAL_ID,
    USER_BY_EXTERNAL_ID,
    USER_BY_USER_NAME,
    Lookup,
    Resource,
)
from projections.tables import GROUPS, USERS
from schema.scim import urns
from schema.scim.definitions import GROUP
from schema.scim.filter import read_equality
from schema.scim.subject import about
from schema.scim.text import fold
from service.aside import LONG_MEMBERS, aside
from service.scim.answer import Answer, json_response
from service.scim.ask import (
    PAGE_SIZE,
    Parameters,
    Target,
    read_query,
    read_range,
    read_search_request,
    refuse_bad_count,
)
from service.scim.context import Exchange, admit
from service.scim.cursor import Cursor, open_cursor, seal_cursor
from service.scim.parse import query_parameters, read_body
from service.scim.represent import (
    group_bytes,
    list_message,
    list_of_all,
    list_response,
    user_bytes,
)
from service.scim.select import Selection, read_selection, select
from service.scim.whole_groups import with_all_members

# Filters of one equality on these go out together with others that wait (projections.read).
POINT_READS: Mapping[tuple[str, str], Lookup] = {
    ("User", "userName"): USER_BY_USER_NAME,
    ("User", "externalId"): USER_BY_EXTERNAL_ID,
    ("Group", "displayName"): GROUP_BY_DISPLAY_NAME,
    ("Group", "externalId"): GROUP_BY_EXTERNAL_ID,
}


async def query_users(request: web.Request) -> Answer:
    """GET /Users: 200 with a ListResponse, empty where nothing matches."""
    exchange = await admit(request)
    return await answer_query(exchange, users_of(exchange), query_parameters(request))


async def query_groups(request: web.Request) -> Answer:
    """GET /Groups: 200 with a ListResponse, empty where nothing matches."""
    exchange = await admit(request)
    return await answer_query(exchange, Target(GROUP, GROUPS), query_parameters(request))


async def search_users(request: web.Request) -> Answer:
    """POST /Users/.search: the same as GET, asked in a body (RFC 7644 §3.4.3)."""
    exchange = await admit(request)
    sent = read_search_request(await read_body(request))
    return await answer_query(exchange, users_of(exchange), sent)


async def search_groups(request: web.Request) -> Answer:
    """POST /Groups/.search: the same as GET, asked in a body (RFC 7644 §3.4.3)."""
    exchange = await admit(request)
    sent = read_search_request(await read_body(request))
    return await answer_query(exchange, Target(GROUP, GROUPS), sent)


def users_of(exchange: Exchange) -> Target:
    """Return the users of an organization, with the extensions it has."""
    return Target(exchange.visitor.user_type, USERS)


async def answer_query(exchange: Exchange, target: Target, sent: Parameters) -> Answer:
    """Return the ListResponse for a query. Errors: InvalidFilter, InvalidValue, InvalidPath."""
    selection = read_selection(sent, target.resource_type)
    if "cursor" in sent:
        return await _answer_cursor(exchange, target, sent, selection)
    if (shared := _shared_read(sent, target, selection)) is not None:
        found = await exchange.service.reader.find(
            shared.lookup, exchange.organization_id, shared.key
        )
        if len(found) <= shared.count_max:
            alone = [present(each, target, selection, exchange.base) for each in found]
            return json_response(list_of_all(alone))
    with about(target.resource_type):
        query = read_query(sent, target, selection, exchange.base)
    page = await _find_page(exchange, target, query)
    shown = await present_all(page.resources, target, selection, exchange.base)
    return json_response(
        list_response(shown, list_message(page.total, query.start, len(page.resources)))
    )


class SharedRead(NamedTuple):
    """A point read, which goes out together with others that wait (projections.read)."""

    lookup: Lookup
    key: str
    count_max: int  # Where more are found, they come in pages.


def _shared_read(sent: Parameters, target: Target, selection: Selection) -> SharedRead | None:
    """Return the read for a query of one equality and nothing else, on what is kept by itself.

    Errors: InvalidValue.
    """
    if "filter" not in sent or "sortby" in sent or _is_with_members(target, selection):
        return None
    start, count = read_range(sent)
    equality = read_equality(sent["filter"], target.resource_type)
    if equality is None or start != 1 or count < PAGE_SIZE:
        return None
    path, text = equality
    if path.extension or path.sub_attribute:
        return None
    lookup = POINT_READS.get((target.resource_type.name, path.attribute.name))
    if lookup is None:
        return None
    return SharedRead(lookup, text if path.attribute.case_exact else fold(text), count)


def _is_with_members(target: Target, selection: Selection) -> bool:
    return target.table is GROUPS and selection.wants("members")


async def present_all(
    resources: Sequence[Resource], target: Target, selection: Selection, base: str
) -> list[bytes]:
    """Return the JSON of resources in a list."""

    def work() -> list[bytes]:
        return [present(each, target, selection, base) for each in resources]

    return await aside(work, sum(each.member_count for each in resources) > LONG_MEMBERS)


def present(resource: Resource, target: Target, selection: Selection, base: str) -> bytes:
    """Return the JSON of a resource in a list."""
    to_bytes = user_bytes if target.table is USERS else group_bytes
    # Members that were left out of the read are not there to be left out again.
    if target.table is GROUPS and selection.is_only_without("members"):
        return to_bytes(resource, base)
    return select(to_bytes(resource, base), selection)


async def _find_page(exchange: Exchange, target: Target, query: Query) -> Page:
    organization_id = exchange.organization_id
    async with exchange.reading() as connection:
        total = exchange.service.totals.count
        page = await read_page(connection, organization_id, target.table, query, total=total)
        if target.table is GROUPS and query.with_related:
            resources = await with_all_members(connection, organization_id, page.resources)
            return Page(resources, page.total)
        return page


async def _answer_cursor(
    exchange: Exchange, target: Target, sent: Parameters, selection: Selection
) -> Answer:
    """Return a page by cursor; an empty cursor begins (RFC 9865 §2)."""
    refuse_bad_count(sent)
    with about(target.resource_type):
        query = read_query(sent, target, selection, exchange.base)
    cursor = _read_cursor(exchange, target, sent)
    if cursor:
        query = replace(query, edge=cursor.edge, is_backward=cursor.is_backward)
    organization_id = exchange.organization_id
    async with exchange.reading() as connection:
        total = (
            cursor.total
            if cursor
            else await exchange.service.totals.count(
                connection, organization_id, target.table, query
            )
        )
        page = await read_keyset_page(connection, organization_id, target.table, query)
        resources = page.resources
        if target.table is GROUPS and query.with_related:
            resources = await with_all_members(connection, organization_id, resources)
    shown = await present_all(resources, target, selection, exchange.base)
    message = {
        "schemas": [urns.LIST_RESPONSE],
        "totalResults": total,
        "itemsPerPage": len(shown),
        **_cursors(exchange, query, page, _begin(exchange, target, sent, total)),
    }
    return json_response(list_response(shown, message))


def _read_cursor(exchange: Exchange, target: Target, sent: Parameters) -> Cursor | None:
    text = sent["cursor"]
    if not text:
        return None
    sealer, organization_id = exchange.service.sealer, exchange.organization_id
    return open_cursor(sealer, text, organization_id, _identity(target, sent))


def _identity(target: Target, sent: Parameters) -> str:
    """Return what a cursor is bound to: the type and everything that chooses and orders rows.

    Of any length it is a digest, so that the cursor fits into a URL.
    """
    asked = [sent.get(name, "") for name in ("filter", "sortby", "sortorder")]
    return sha256(orjson.dumps([target.resource_type.name, *asked])).hexdigest()


def _begin(exchange: Exchange, target: Target, sent: Parameters, total: int) -> Cursor:
    """Return a cursor of this query, whose edge is still to be set."""
    nowhere = Edge(None, exchange.request_id)
    identity = _identity(target, sent)
    return Cursor(
        exchange.organization_id,
        identity,
        nowhere,
        is_backward=False,
        total=total,
        made_at=datetime.now(UTC),
    )


def _cursors(exchange: Exchange, query: Query, page: KeysetPage, blank: Cursor) -> dict[str, str]:
    """Return nextCursor and previousCursor, each where there is such a page."""
    has_next = page.has_more or (query.is_backward and query.edge is not None)
    has_previous = page.has_more if query.is_backward else query.edge is not None
    found = {}
    if page.last and has_next:
        found["nextCursor"] = replace(blank, edge=page.last)
    if page.first and has_previous:
        found["previousCursor"] = replace(blank, edge=page.first, is_backward=True)
    return {name: seal_cursor(exchange.service.sealer, each) for name, each in found.items()}
