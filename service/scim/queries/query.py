"""Queries: a resource type by GET or /.search, in pages by index or cursor (RFC 7644 §3.4.2)."""

from collections.abc import Sequence

from aiohttp import web

from projections.directory.queries.columns import GROUPS, USERS, groups_table, users_table
from projections.directory.queries.plan import plan
from projections.directory.queries.point_reads import Resource
from projections.directory.queries.relations import relations_at
from schema.scim.definitions import GROUP
from schema.scim.subject import about
from service.http.answer import Answer
from service.limits.offload import LONG_MEMBERS, offload
from service.scim.as_of import read_as_of, varying
from service.scim.context import RequestContext
from service.scim.queries.cursor import Cursors, digest
from service.scim.queries.parameters import Parameters, Target, read_query, read_search_request
from service.scim.represent import group_bytes, list_page, list_response, user_bytes
from service.scim.request import query_parameters, read_body
from service.scim.responses import json_response
from service.scim.select import Selection, read_selection, select


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
    with about(target.resource_type):
        query = read_query(sent, target, selection, context.base)
    cursors = _cursors(context, target, sent) if query.is_by_cursor else None
    if cursors:
        query = cursors.resume(query, sent["cursor"])
    page = await context.service.queries.carry_out(context.organization_id, plan(query))
    shown = await present_all(page.resources, target, selection, context.base)
    if cursors:
        return json_response(list_response(shown, cursors.message(query, page)))
    return json_response(list_page(shown, page.total, query.start))


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

    def work() -> list[bytes]:
        return [present(each, target, selection, base) for each in resources]

    if target.table.name == USERS.name:  # Users have no members.
        return work()
    return await offload(work, sum(each.member_count for each in resources) > LONG_MEMBERS)


def present(resource: Resource, target: Target, selection: Selection, base: str) -> bytes:
    """Return the JSON of a resource in a list."""
    to_bytes = user_bytes if target.table.name == USERS.name else group_bytes
    whole = to_bytes(resource, base)
    # If members are excluded, they were not even read, so nothing is left to remove.
    is_group = target.table.name == GROUPS.name
    if selection.is_everything or (is_group and selection.is_only_without("members")):
        return whole
    return select(whole, selection)
