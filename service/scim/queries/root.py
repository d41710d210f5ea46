"""Queries at the root, over users and groups together (RFC 7644 §3.4.2.1, §3.4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from projections.directory.queries.columns import GROUPS
from projections.directory.queries.plan import Query, plan
from projections.directory.queries.point_reads import Resource
from schema.scim.definitions import GROUP
from schema.scim.errors import InvalidCursor
from service.http.answer import Answer
from service.limits.offload import offload
from service.scim.context import RequestContext
from service.scim.queries.cross_type_view import cross_type_view
from service.scim.queries.parameters import Parameters, Target, read_search_request
from service.scim.queries.query import FILTER_LENGTH, in_pieces, is_long, present, read, users_of
from service.scim.represent import list_page
from service.scim.request import query_parameters, read_body
from service.scim.responses import json_response
from service.scim.select import Selection, read_selection


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a query at the root that is about one resource type."""

    target: Target
    selection: Selection
    query: Query


Parts = Mapping[str, Part]  # By the name of the table.


async def query_root(request: web.Request, context: RequestContext) -> Answer:
    """GET /: the users and groups that match."""
    return await _answer(context, query_parameters(request))


async def search_root(request: web.Request, context: RequestContext) -> Answer:
    """POST /.search: the same, with the query in a body."""
    return await _answer(context, read_search_request(await read_body(request)))


async def _answer(context: RequestContext, sent: Parameters) -> Answer:
    if "cursor" in sent:
        raise InvalidCursor("At the root pages go by startIndex; cursors serve /Users and /Groups.")
    is_long_filter = len(sent.get("filter", "")) > FILTER_LENGTH
    parts = await offload(_parts, is_long_filter, context, sent)
    queries = [part.query for part in parts.values()]
    planned = await offload(plan, is_long_filter, *queries)
    page = await context.service.queries.carry_out(context.organization_id, planned)
    found = list(zip(page.tables, page.resources, strict=True))
    shown = await in_pieces(
        partial(_present, parts, context.base),
        found,
        is_long=any(is_long(page.resources, part.selection) for part in parts.values()),
    )
    return json_response(list_page(shown, page.total, queries[0].start))


def _present(parts: Parts, base: str, found: Sequence[tuple[str, Resource]]) -> list[bytes]:
    return [
        present(resource, parts[name].target, parts[name].selection, base)
        for name, resource in found
    ]


def _parts(context: RequestContext, sent: Parameters) -> Parts:
    """Return the query for each type. Errors: InvalidFilter, InvalidPath if no type knows a name."""
    users, groups = users_of(context), Target(GROUP, GROUPS)
    parts = {}
    for target, other in ((users, groups), (groups, users)):
        selection = read_selection(sent, target.resource_type)
        view = Target(cross_type_view(target.resource_type, other.resource_type), target.table)
        query = read(sent, view, selection, context.base)
        parts[target.table.name] = Part(target, selection, query)
    return parts
