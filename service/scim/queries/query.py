"""Queries: a resource type by GET or /.search, in pages by index or cursor (RFC 7644 §3.4.2)."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from aiohttp import web

from projections.directory.queries.columns import GROUPS, USERS, groups_table, users_table
from projections.directory.queries.plan import Query, plan
from projections.directory.queries.point_reads import MEMBERS_TOGETHER_MAX, Resource
from projections.directory.queries.relations import relations_at
from schema.scim.definitions import GROUP
from schema.scim.subject import about
from service.http.answer import Answer
from service.limits.offload import LONG_MEMBERS, offload
from service.scim.as_of import read_as_of, varying
from service.scim.context import RequestContext
from service.scim.queries.cursor import Cursors, digest
from service.scim.queries.parameters import Parameters, Target, read_query, read_search_request
from service.scim.represent import (
    group_bytes,
    list_page,
    list_response,
    related_members,
    selected_members,
    user_bytes,
    with_members,
)
from service.scim.request import query_parameters, read_body
from service.scim.responses import json_response
from service.scim.select import Selection, read_selection, select

FILTER_LENGTH = 500  # Of a filter that is parsed and planned beside the event loop.
PIECE = 50  # Resources that are shown without a turn for other organizations.
SELECTED_MAX = 20  # Of which attributes are selected, on the event loop.
SHOWN_BYTES_MAX = 524_288
T = TypeVar("T")


async def query_users(request: web.Request, context: RequestContext) -> Answer:
    """GET /Users: 200 with a ListResponse, which is empty if nothing matches."""
    position, target = await read_as_of(request, context), users_of(context)
    if position is not None:
        target = target._replace(table=users_table(relations_at(position)))
    return varying(await answer_query(context, target, query_parameters(request)))


async def query_groups(request: web.Request, context: RequestContext) -> Answer:
    """GET /Groups: 200 with a ListResponse, which is empty if nothing matches."""
    position, target = await read_as_of(request, context), Target(GROUP, GROUPS)
    if position is not None:
        target = target._replace(table=groups_table(relations_at(position)))
    return varying(await answer_query(context, target, query_parameters(request)))


async def search_users(request: web.Request, context: RequestContext) -> Answer:
    """POST /Users/.search: the same as GET, with the query in a body (RFC 7644 §3.4.3)."""
    sent = read_search_request(await read_body(request))
    return await answer_query(context, users_of(context), sent)


async def search_groups(request: web.Request, context: RequestContext) -> Answer:
    """POST /Groups/.search: the same as GET, with the query in a body (RFC 7644 §3.4.3)."""
    sent = read_search_request(await read_body(request))
    return await answer_query(context, Target(GROUP, GROUPS), sent)


def users_of(context: RequestContext) -> Target:
    """Return the users of an organization, with the extensions it has."""
    return Target(context.authenticated.user_type, USERS)


async def answer_query(context: RequestContext, target: Target, sent: Parameters) -> Answer:
    """Return the ListResponse for a query. Errors: InvalidFilter, InvalidValue, InvalidPath."""
    selection = read_selection(sent, target.resource_type)
    is_long_filter = len(sent.get("filter", "")) > FILTER_LENGTH
    query = await offload(read, is_long_filter, sent, target, selection, context.base)
    cursors = _cursors(context, target, sent) if query.is_by_cursor else None
    if cursors:
        query = cursors.resume(query, sent["cursor"])
    planned = await offload(plan, is_long_filter, query)
    page = await context.service.queries.carry_out(context.organization_id, planned)
    shown = await present_all(page.resources, target, selection, context.base)
    if cursors:
        return json_response(list_response(shown, cursors.message(query, page)))
    return json_response(list_page(shown, page.total, query.start))


def read(sent: Parameters, target: Target, selection: Selection, base: str) -> Query:
    """Return the query that the parameters describe, as read_query does; a refusal names its attribute."""
    with about(target.resource_type):
        return read_query(sent, target, selection, base)


def _cursors(context: RequestContext, target: Target, sent: Parameters) -> Cursors:
    parts = [sent.get(name, "") for name in ("filter", "sortby", "sortorder")]
    if target.table.is_past:
        parts.append(str(target.table.relations.position))
    bound_to = digest([target.resource_type.name, *parts])
    return Cursors(context.service.sealer, context.organization_id, bound_to)


async def present_all(
    resources: Sequence[Resource], target: Target, selection: Selection, base: str
) -> list[bytes]:
    """Return the JSON of resources in a list."""
    return await in_pieces(
        lambda piece: [present(each, target, selection, base) for each in piece],
        resources,
        is_long=is_long(resources, selection),
    )


def is_long(resources: Sequence[Resource], selection: Selection) -> bool:
    """Return whether it takes more than a moment to show resources."""
    if not selection.is_everything and len(resources) > SELECTED_MAX:
        return True
    members = sum(each.member_count for each in resources)
    size = sum(len(each.document) + len(each.related or "") for each in resources)
    return members > LONG_MEMBERS or size > SHOWN_BYTES_MAX


async def in_pieces(
    work: Callable[[Sequence[T]], list[bytes]], values: Sequence[T], *, is_long: bool
) -> list[bytes]:
    """Return what a function makes of values: of all at once, or beside the event loop of some at a time."""
    if not is_long:
        return work(values)
    shown: list[bytes] = []
    for begin in range(0, len(values), PIECE):
        shown += await offload(work, True, values[begin : begin + PIECE])
    return shown


def present(resource: Resource, target: Target, selection: Selection, base: str) -> bytes:
    """Return the JSON of a resource in a list."""
    if resource.member_count > MEMBERS_TOGETHER_MAX and resource.related:
        alone = select(group_bytes(resource._replace(related=None), base), selection)
        pieces = related_members(resource)
        return with_members(alone, (selected_members(each, base, selection) for each in pieces))
    to_bytes = user_bytes if target.table.name == USERS.name else group_bytes
    whole = to_bytes(resource, base)
    # If members are excluded, they were not even read, so nothing is left to remove.
    is_group = target.table.name == GROUPS.name
    if selection.is_everything or (is_group and selection.is_only_without("members")):
        return whole
    return select(whole, selection)
