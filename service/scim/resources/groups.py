"""The endpoint /Groups: create, read, replace, patch, delete (RFC 7644 §3.3 to §3.6)."""

from http import HTTPStatus
from uuid import UUID

from aiohttp import web

from projections.directory.queries.past import groups_at
from projections.directory.queries.point_reads import (
    GROUP_BY_ID,
    GROUP_BY_ID_WITH_MEMBERS,
    MEMBERS_TOGETHER_MAX,
    Resource,
)
from schema.scim.definitions import GROUP
from schema.scim.errors import NotFound, Unavailable
from service.http.answer import Answer
from service.http.body import is_long, release
from service.http.kept import note_subject
from service.http.request_state import STATE
from service.ids import as_id, new_id
from service.limits.offload import LONG_MEMBERS, offload
from service.scim.as_of import read_as_of, varying
from service.scim.context import RequestContext
from service.scim.queries.parameters import Parameters
from service.scim.represent import group_bytes
from service.scim.request import (
    LARGE_BODY_LIMIT_BYTES,
    query_parameters,
    read_body,
    read_precondition,
)
from service.scim.resources import read_command
from service.scim.resources.stream_group import stream_group
from service.scim.resources.unmodified import is_group_held
from service.scim.responses import no_content, not_modified, resource_response
from service.scim.select import Selection, names_attributes, read_selection, select
from service.write.batch import Outcome
from service.write.commands import DeleteGroup

# A write to a larger group shows its members only if the request names attributes: otherwise an answer would cost more
# than the change.
ECHOED_MEMBERS_MAX = 100
NO_CONTENT = HTTPStatus.NO_CONTENT


async def create(request: web.Request, context: RequestContext) -> web.StreamResponse:
    """POST /Groups: 201 with the group, its location and its version."""
    sent = query_parameters(request)  # Read before the write, because they may be refused.
    body = await read_body(request, LARGE_BODY_LIMIT_BYTES)
    note_subject(request, body, "displayName")
    long = is_long(request)
    command = await offload(read_command.create_group, long, context, new_id(), body)
    del body
    outcome = await context.submit(command, is_long=long)
    return await _answer_write(request, context, outcome, sent, status=201)


async def read(request: web.Request, context: RequestContext) -> web.StreamResponse:
    """GET /Groups/{id}: 200 with the group, streamed if it has many members, or 304."""
    group_id = _group_id(request)
    selection = read_selection(query_parameters(request), GROUP)
    if (position := await read_as_of(request, context)) is not None:
        return await _read_past(context, group_id, selection, position)
    lookup = GROUP_BY_ID_WITH_MEMBERS if selection.wants("members") else GROUP_BY_ID
    found = await context.service.reader.find(lookup, context.organization_id, group_id)
    if not found:
        raise _not_found(str(group_id))
    group = found[0]
    if is_group_held(request, group, selection):
        return varying(not_modified(group))
    answer = await _show(request, context, group, selection)
    return varying(answer) if isinstance(answer, Answer) else answer


async def _read_past(
    context: RequestContext, group_id: UUID, selection: Selection, position: int
) -> Answer:
    """Return a group as it was at a position of the log, with its members of then."""
    async with context.service.queries.reading(context.organization_id) as connection:
        found = await groups_at(
            connection,
            context.organization_id,
            [group_id],
            position,
            with_members=selection.wants("members"),
        )
    if group_id not in found:
        raise NotFound(f"There was no group {group_id} then.")
    group = found[group_id]

    def work() -> bytes:
        return select(group_bytes(group, context.base), selection)

    body = await offload(work, group.member_count > LONG_MEMBERS)
    return varying(resource_response(group, body, _location(context, group.id)))


async def replace(request: web.Request, context: RequestContext) -> web.StreamResponse:
    """PUT /Groups/{id}: 200 with the group, without its members if they are many."""
    group_id, precondition = _group_id(request), read_precondition(request)
    sent = query_parameters(request)  # Read before the write, because they may be refused.
    body = await read_body(request, LARGE_BODY_LIMIT_BYTES)
    long = is_long(request)
    command = await offload(read_command.replace_group, long, context, group_id, body, precondition)
    del body
    outcome = await context.submit(command, is_long=long)
    return await _answer_write(request, context, outcome, sent)


async def patch(request: web.Request, context: RequestContext) -> web.StreamResponse:
    """PATCH /Groups/{id}: 200 with the group, or 204 if it has many members."""
    group_id, precondition = _group_id(request), read_precondition(request)
    sent = query_parameters(request)  # Read before the write, because they may be refused.
    body = await read_body(request, LARGE_BODY_LIMIT_BYTES)
    long = is_long(request)
    command = await offload(read_command.patch_group, long, context, group_id, body, precondition)
    del body
    outcome = await context.submit(command, is_long=long)
    return await _answer_write(request, context, outcome, sent)


async def delete(request: web.Request, context: RequestContext) -> web.StreamResponse:
    """DELETE /Groups/{id}: 204."""
    await context.submit(DeleteGroup(_group_id(request), read_precondition(request)))
    return no_content()


async def _show(
    request: web.Request,
    context: RequestContext,
    group: Resource,
    selection: Selection,
    *,
    status: int = 200,
) -> web.StreamResponse:
    """Return a group that was read with its members, as a stream if they are many."""
    if selection.wants("members") and group.member_count > MEMBERS_TOGETHER_MAX:
        return await stream_group(request, context, group.id, selection, status=status)
    is_many = bool(group.related) and group.member_count > LONG_MEMBERS
    body = await offload(_shown, is_many, group, context.base, selection)
    return resource_response(group, body, _location(context, group.id), status=status)


def _shown(group: Resource, base: str, selection: Selection) -> bytes:
    return select(group_bytes(group, base), selection)


async def _answer_write(
    request: web.Request,
    context: RequestContext,
    outcome: Outcome,
    sent: Parameters,
    *,
    status: int = 200,
) -> web.StreamResponse:
    """Return the group as it is after a write. It is read again if its members are shown."""
    release(request[STATE])  # An answer with many members may take as long as its client reads.
    row = outcome.row
    assert row is not None
    group = Resource(*row[:4], row.document, None, outcome.member_count)
    if group.member_count > ECHOED_MEMBERS_MAX and not names_attributes(sent):
        # RFC 7644 §3.5.2 lets a PATCH answer 204; §3.3 and §3.5.1 want a body, so only the members are left out.
        is_shown = request.method != "PATCH"
        return _without_members(context, group, status=status if is_shown else NO_CONTENT)
    selection = read_selection(sent, GROUP)
    if not group.member_count or not selection.wants("members"):
        return await _show(request, context, group, selection, status=status)
    return await _show_read(request, context, group, selection, status=status)


async def _show_read(
    request: web.Request,
    context: RequestContext,
    group: Resource,
    selection: Selection,
    *,
    status: int,
) -> web.StreamResponse:
    """Return a group with its members after a write; if they cannot be read, still report the success."""
    try:
        found = await context.service.reader.find(
            GROUP_BY_ID_WITH_MEMBERS, context.organization_id, group.id
        )
        if found:
            return await _show(request, context, found[0], selection, status=status)
    except (NotFound, Unavailable):
        pass
    unshown = status if status == HTTPStatus.CREATED else NO_CONTENT
    return _without_members(context, group, status=unshown)


def _without_members(
    context: RequestContext, group: Resource, *, status: int
) -> web.StreamResponse:
    """Return a group without its members, or for 204 only its version."""
    if status == NO_CONTENT:
        return no_content(group)
    location = _location(context, group.id)
    return resource_response(group, group_bytes(group, context.base), location, status=status)


def _location(context: RequestContext, group_id: UUID) -> str:
    return f"{context.base}/Groups/{group_id}"


def _group_id(request: web.Request) -> UUID:
    text = request.match_info["id"]
    group_id = as_id(text)
    if group_id is None:
        raise _not_found(text)
    return group_id


def _not_found(text: str) -> NotFound:
    return NotFound(f"There is no group {text[:100]}.")
