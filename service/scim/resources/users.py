"""The endpoint /Users: create, read, replace, patch, delete (RFC 7644 §3.3 to §3.6)."""

from uuid import UUID

from aiohttp import web

from projections.directory.queries.past import users_at
from projections.directory.queries.point_reads import USER_BY_ID, Resource
from projections.directory.tables import UserRow
from schema.scim.errors import NotFound
from service.http.answer import Answer
from service.http.body import is_long
from service.http.kept import note_subject
from service.ids import as_id, new_id
from service.limits.offload import offload
from service.scim.as_of import read_as_of, varying
from service.scim.context import RequestContext
from service.scim.represent import user_bytes
from service.scim.request import query_parameters, read_body, read_precondition
from service.scim.resources import read_command
from service.scim.resources.unmodified import is_user_held
from service.scim.responses import no_content, not_modified, resource_response
from service.scim.select import Selection, read_selection, select
from service.write.batch import Outcome
from service.write.commands import DeleteUser

LONG_ANSWER = 32_768  # Bytes of a user that are shown beside the event loop.


async def create(request: web.Request, context: RequestContext) -> Answer:
    """POST /Users: 201 with the user, its location and its version."""
    selection = _selection(request, context)
    body = await read_body(request)
    note_subject(request, body, "userName")
    long = is_long(request)
    command = await offload(read_command.create_user, long, context, new_id(), body)
    outcome = await context.submit(command, is_long=long)
    return await _answer(context, _resource(outcome), selection, status=201)


async def read(request: web.Request, context: RequestContext) -> Answer:
    """GET /Users/{id}: 200 with the user, or 304 if the client has this version."""
    user_id = _user_id(request)
    if (position := await read_as_of(request, context)) is not None:
        return await _read_past(request, context, user_id, position)
    found = await context.service.reader.find(USER_BY_ID, context.organization_id, user_id)
    if not found:
        raise _not_found(str(user_id))
    selection = _selection(request, context)
    if await is_user_held(request, context, found[0], selection):
        return varying(not_modified(found[0]))
    return varying(await _answer(context, found[0], selection))


async def _read_past(
    request: web.Request, context: RequestContext, user_id: UUID, position: int
) -> Answer:
    """Return a user as it was at a position of the log."""
    selection = _selection(request, context)
    async with context.service.queries.reading(context.organization_id) as connection:
        found = await users_at(connection, context.organization_id, [user_id], position)
    if user_id not in found:
        raise NotFound(f"There was no user {user_id} then.")
    return varying(await _answer(context, found[user_id], selection))


async def replace(request: web.Request, context: RequestContext) -> Answer:
    """PUT /Users/{id}: 200 with the user."""
    selection = _selection(request, context)
    user_id, precondition = _user_id(request), read_precondition(request)
    body = await read_body(request)
    long = is_long(request)
    command = await offload(read_command.replace_user, long, context, user_id, body, precondition)
    outcome = await context.submit(command, is_long=long)
    return await _answer(context, _resource(outcome), selection)


async def patch(request: web.Request, context: RequestContext) -> Answer:
    """PATCH /Users/{id}: 200 with the user."""
    selection = _selection(request, context)
    user_id, precondition = _user_id(request), read_precondition(request)
    body = await read_body(request)
    long = is_long(request)
    command = await offload(read_command.patch_user, long, context, user_id, body, precondition)
    outcome = await context.submit(command, is_long=long)
    return await _answer(context, _resource(outcome), selection)


async def delete(request: web.Request, context: RequestContext) -> Answer:
    """DELETE /Users/{id}: 204."""
    await context.submit(DeleteUser(_user_id(request), read_precondition(request)))
    return no_content()


def _user_id(request: web.Request) -> UUID:
    text = request.match_info["id"]
    user_id = as_id(text)
    if user_id is None:
        raise _not_found(text)
    return user_id


def _not_found(text: str) -> NotFound:
    return NotFound(f"There is no user {text[:100]}.")


def _resource(outcome: Outcome) -> Resource:
    row = outcome.row
    assert isinstance(row, UserRow)
    return Resource(
        row.id, row.version, row.created_at, row.modified_at, row.document, outcome.groups
    )


def _selection(request: web.Request, context: RequestContext) -> Selection:
    """Return the attributes that the answer holds. Read it before a write, because it may be refused."""
    return read_selection(query_parameters(request), context.authenticated.user_type)


async def _answer(
    context: RequestContext, user: Resource, selection: Selection, *, status: int = 200
) -> Answer:
    size = len(user.document) + len(user.related or "")
    body = await offload(_shown, size > LONG_ANSWER, user, context.base, selection)
    return resource_response(user, body, f"{context.base}/Users/{user.id}", status=status)


def _shown(user: Resource, base: str, selection: Selection) -> bytes:
    return select(user_bytes(user, base), selection)
