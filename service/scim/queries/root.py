"""Queries at the root, over users and groups together (RFC 7644 §3.4.2.1, §3.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from projections.directory.queries.columns import GROUPS
from projections.directory.queries.plan import Query, plan
from projections.directory.queries.reader import Page
from schema.scim.definitions import GROUP
from schema.scim.errors import InvalidCursor
from schema.scim.subject import about
from service.http.answer import Answer
from service.limits.offload import LONG_MEMBERS, offload
from service.scim.context import RequestContext
from service.scim.queries.cross_type_view import cross_type_view
from service.scim.queries.parameters import Parameters, Target, read_query, read_search_request
from service.scim.queries.query import present, users_of
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
    parts = _parts(context, sent)
    queries = [part.query for part in parts.values()]
    page = await context.service.queries.carry_out(context.organization_id, plan(*queries))
    is_long = sum(each.member_count for each in page.resources) > LONG_MEMBERS
    shown = await offload(_present, is_long, page, parts, context.base)
    return json_response(list_page(shown, page.total, queries[0].start))


def _present(page: Page, parts: Parts, base: str) -> list[bytes]:
    return [
        present(resource, parts[name].target, parts[name].selection, base)
        for name, resource in zip(page.tables, page.resources, strict=True)
    ]


def _parts(context: RequestContext, sent: Parameters) -> Parts:
    """Return the query for each type. Errors: InvalidFilter, InvalidPath if no type knows a name."""
    users, groups = users_of(context), Target(GROUP, GROUPS)
    parts = {}
    for target, other in ((users, groups), (groups, users)):
        selection = read_selection(sent, target.resource_type)
        view = Target(cross_type_view(target.resource_type, other.resource_type), target.table)
        with about(view.resource_type):
            query = read_query(sent, view, selection, context.base)
        parts[target.table.name] = Part(target, selection, query)
    return parts
