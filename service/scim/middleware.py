"""What every request passes: an id, the conversion of every failure into a SCIM error, a log line."""

import time
from typing import Any

import structlog
from aiohttp import web

from eventstore.postgres.outages import Outage, classify
from schema.scim.errors import (
    InsufficientScope,
    InternalError,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ScimError,
    Unauthorized,
    Unavailable,
)
from service.http.answer import SERVER, Answer
from service.http.request_id import REQUEST_ID
from service.http.server import ErrorForm, Handler
from service.ids import new_id
from service.log import line_writer
from service.scim.refusal_log import REFUSAL, refusal_fields
from service.scim.represent import dumps
from service.unavailable import unavailable

NOTES = web.RequestKey("notes", dict[str, Any])  # What a handler adds to the request's log line.
RETRY_AFTER_S = 1

log = structlog.get_logger()


def answering(handle: Handler) -> Handler:
    """Return what handles every request: around the routes, and not a stage of theirs for each."""
    tell = line_writer("request_answered")

    async def answer(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        request_id = request[REQUEST_ID] = new_id()
        notes = request[NOTES] = {}
        shown = str(request_id)
        response = await _answer(request, handle, shown)
        if not response.prepared:
            response.headers["X-Request-Id"] = shown
            if not isinstance(response, Answer):  # Which says so by itself.
                response.headers["Server"] = SERVER
        # The one line of a request: names and numbers, never values of a person.
        tell(
            request_id=shown,
            method=request.method,
            route=_route(request),
            status=response.status,
            duration_ms=round((time.perf_counter() - started) * 1000, 2),
            **refusal_fields(request),
            **notes,
        )
        return response

    return answer


async def _answer(request: web.Request, handle: Handler, request_id: str) -> web.StreamResponse:
    """Return the answer to a request; what is raised becomes a SCIM error."""
    try:
        return await handle(request)
    except ScimError as refusal:
        return refused(request, refusal)
    except web.HTTPException as error:
        return refused(request, _of_http(error, request), allow=error.headers.get("Allow"))
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer.
        return refused(request, _of_failure(error, request_id))


def refused(request: web.Request, refusal: ScimError, *, allow: str | None = None) -> Answer:
    """Return the answer that tells a client of a refusal, which the line of its request tells, too."""
    request[REFUSAL] = refusal
    return error_response(refusal, allow=allow)


def _of_failure(error: Exception, request_id: str) -> ScimError:
    """Log a failure and return what the client is told of it."""
    outage = classify(error)
    if outage is Outage.OTHER_RELEASE:
        log.error("tables_of_another_release", error=repr(error))
        return unavailable(outage)
    if outage.blames_nobody:
        log.warning("postgres_unavailable", error=repr(error))
        return unavailable(outage)
    log.error("request_failed", request_id=request_id, exc_info=error)
    return unexpected(request_id)


def error_response(error: ScimError, *, allow: str | None = None) -> Answer:
    """Return the answer that tells a client of a refusal."""
    headers = {}
    if isinstance(error, Unauthorized):
        # RFC 6750 §3: the challenge; a detail in it would have to be ASCII, the body says it.
        # Who sent no token is not told an error, either.
        wrong = "" if error.is_missing else ', error="invalid_token"'
        headers["WWW-Authenticate"] = f'Bearer realm="scim"{wrong}'
    if isinstance(error, InsufficientScope):
        wrong = f'error="insufficient_scope", scope="{error.scope}"'
        headers["WWW-Authenticate"] = f'Bearer realm="scim", {wrong}'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if allow:
        headers["Allow"] = allow
    return Answer(dumps(error.document()), status=error.status, headers=headers)


def _of_http(error: web.HTTPException, request: web.Request) -> ScimError:
    """Return the SCIM error for one of aiohttp's own."""
    path = request.path[:200]
    match error.status:
        case 404:
            return NotFound(f"There is no endpoint {path}; SCIM is served below /api/scim/v2/.")
        case 405:
            allowed = error.headers.get("Allow", "")
            return MethodNotAllowed(f"{path} does not serve {request.method}; it serves {allowed}.")
        case 413:
            return PayloadTooLarge("The body is too large; send less at once.")
        case status:
            return http_refusal(status, f"The request is refused: {error.reason}.")


def unexpected(request_id: str) -> ScimError:
    """Return what a client is told of a fault of ours; the log has the trace under the same id."""
    return InternalError(f"Something went wrong here; quote request {request_id} to the operator.")


def http_refusal(status: int, detail: str) -> ScimError:
    """Return a refusal with a status that SCIM gives no meaning of its own."""
    refusal = type("HttpRefusal", (ScimError,), {"status": status})(detail)
    assert isinstance(refusal, ScimError)
    return refusal


def _route(request: web.Request) -> str | None:
    """Return the path of the route that a request took, with names in place of ids."""
    try:
        resource = request.match_info.route.resource
    except (AssertionError, AttributeError):  # It never came to a route.
        return None
    return resource.canonical if resource else None


def refuse_malformed(status: int, detail: str) -> Answer:
    """Return the answer to what is not HTTP enough to be routed."""
    return error_response(http_refusal(status, detail))


def failed(request_id: str) -> Answer:
    """Return the answer to a request at which the service failed before it came to a route."""
    return error_response(unexpected(request_id))


ERROR_FORM = ErrorForm(answering=answering, refused=refuse_malformed, failed=failed)
