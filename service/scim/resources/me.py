"""/Me: the technical account whose token is used (RFC 7644 §3.11). It can be read, not written."""

from aiohttp import web

from projections.directory.queries.point_reads import USER_BY_ID
from schema.scim.errors import Forbidden, NotFound
from service.http.answer import Answer
from service.scim.context import RequestContext
from service.scim.represent import user_bytes
from service.scim.request import query_parameters
from service.scim.resources.unmodified import is_user_held
from service.scim.responses import not_modified, resource_response
from service.scim.select import read_selection, select


async def read(request: web.Request, context: RequestContext) -> Answer:
    """GET /Me: 200 with the technical account; its location is the URL below /Users."""
    account_id = context.authenticated.token.account_id
    found = await context.service.reader.find(USER_BY_ID, context.organization_id, account_id)
    if not found:
        raise NotFound("The technical account of this token is gone.")
    selection = read_selection(query_parameters(request), context.authenticated.user_type)
    if await is_user_held(request, context, found[0], selection):
        return not_modified(found[0])
    body = select(user_bytes(found[0], context.base), selection)
    return resource_response(found[0], body, f"{context.base}/Users/{account_id}")


async def refuse(_: web.Request, __: RequestContext) -> Answer:
    """POST, PUT, PATCH and DELETE on /Me: 403 with the reason."""
    raise Forbidden(
        "/Me is the technical account whose token you use. It is managed by the administrators of the "
        "service, not over SCIM; use /Users for other users."
    )
