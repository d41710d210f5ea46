"""Adds the routes of an API to the application: each authenticates, reads, calls its handler and answers."""

from typing import Any, Final
from uuid import UUID

from aiohttp import web

from schema.scim.errors import InsufficientScope, InvalidValue
from service.api.call import Call
from service.api.models import Message
from service.api.problem import NO_STORE, invalid_fields
from service.api.read import read_body, read_path, read_query
from service.api.route import JSON, Api, Route
from service.callers.scopes import lacking
from service.http.answer import Answer
from service.http.authentication import authenticate_request
from service.http.parts import SERVICE
from service.http.request_state import STATE
from service.http.server import Handler

# How paths begin that hold ids of people and groups only.
SUBJECTS: Final = ("/users/", "/groups/")


def add_api(app: web.Application, api: Api) -> None:
    """Add all routes of an API."""
    for route in api.routes:
        add = app.router.add_get if route.method == "GET" else None
        path, serve = api.prefix + route.path, handler(api, route)
        if add:
            add(path, serve)  # It also answers HEAD.
        else:
            app.router.add_route(route.method, path, serve)


def handler(api: Api, route: Route) -> Handler:
    """Return the handler of a route."""
    calling = api.authenticate or authenticate

    async def answer(request: web.Request) -> web.StreamResponse:
        call = await calling(request, route.scope)
        arguments: list[Any] = [*read_path(request, route)]
        if route.path.startswith(SUBJECTS):
            call.asked_for.update(each for each in arguments if isinstance(each, UUID))
        query = read_query(request, route.query)
        body = await read_body(request, route)
        arguments += [each for each in (query, body) if each is not None]
        try:
            made = await route.handle(call, *arguments)
        except InvalidValue as error:
            raise invalid_fields(error) from error
        if route.is_recorded:
            _see(api, route, call, made)
        return made if isinstance(made, web.StreamResponse) else _answer(api, route, made)

    return answer


def _see(api: Api, route: Route, call: Call, made: Any) -> None:
    """Count a read, which an event of the log will record."""
    call.runtime.reads.see(
        call.organization.id,
        call.provenance,
        api.prefix + route.path,
        position=getattr(made, "position", 0),
        subjects=call.asked_for,
        names=call.sought,
    )


async def authenticate(request: web.Request, scope: str) -> Call:
    """Return who calls. Errors: those of `authenticate_request`, InsufficientScope."""
    service = request.app[SERVICE]
    authenticated = await authenticate_request(request)
    if scope not in authenticated.scopes:
        raise InsufficientScope(lacking(scope), scope)
    return Call(service, authenticated, request, request[STATE].request_id)


def _answer(api: Api, route: Route, made: Message | None) -> Answer:
    if made is None:
        return Answer(status=204, headers=NO_STORE)
    headers = dict(NO_STORE)
    if route.status == 201 and (made_id := getattr(made, "id", None)):  # noqa: PLR2004 - Created.
        headers["Location"] = f"{api.prefix}{route.path}/{made_id}"
    return Answer(
        made.model_dump_json().encode(), status=route.status, headers=headers, media_type=JSON
    )
