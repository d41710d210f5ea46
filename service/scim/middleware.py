"""What surrounds every request: it gets an id, a failure becomes a SCIM error, and one line is logged."""

import time
from http import HTTPStatus
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
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from service.http.answer import SERVER, Answer
from service.http.authentication import BUCKETS
from service.http.parts import SERVICE
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
    """Return a handler that wraps the whole application once; aiohttp would run a middleware per route."""
    write_line = line_writer("request_answered")

    async def answer(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        request_id = request[REQUEST_ID] = new_id()
        notes = request[NOTES] = {}
        shown = str(request_id)
        response = await _answer(request, handle, shown)
        if not response.prepared:
            response.headers["X-Request-Id"] = shown
            if BUCKETS in request and "RateLimit" not in response.headers:
                rates = request.app[SERVICE].rates
                response.headers.update(rates.headers(request[BUCKETS]))
            if not isinstance(response, Answer):  # An Answer writes this header itself.
                response.headers["Server"] = SERVER
        # The one log line of a request: names and numbers, never personal values.
        write_line(
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
    """Return the answer to a request; an exception becomes a SCIM error."""
    try:
        return await handle(request)
    except ScimError as refusal:
        return refused(request, refusal)
    except web.HTTPException as error:
        return refused(request, _of_http(error, request), allow=error.headers.get("Allow"))
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer.
        return refused(request, _of_failure(error, request_id))


def refused(request: web.Request, refusal: ScimError, *, allow: str | None = None) -> Answer:
    """Return the answer for a refusal, and remember the refusal for the log line of the request."""
    request[REFUSAL] = refusal
    return error_response(refusal, allow=allow)


def _of_failure(error: Exception, request_id: str) -> ScimError:
    """Log a failure and return the error for the client."""
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
    """Return the answer for a refusal."""
    headers = {}
    if isinstance(error, Unauthorized):
        # RFC 6750 §3: the challenge. A detail in it would have to be ASCII, so the detail is in the body only.
        # A request without a token gets no error code (§3.1).
        wrong = "" if error.is_missing else ', error="invalid_token"'
        headers["WWW-Authenticate"] = f'Bearer realm="scim"{wrong}'
    if isinstance(error, InsufficientScope):
        wrong = f'error="insufficient_scope", scope="{error.scope}"'
        headers["WWW-Authenticate"] = f'Bearer realm="scim", {wrong}'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, TooManyRequests):
        headers |= error.headers
    if allow:
        headers["Allow"] = allow
    answer = Answer(dumps(error.document()), status=error.status, headers=headers)
    if error.status == HTTPStatus.REQUEST_TIMEOUT:
        answer.force_close()  # RFC 9110 §15.5.9: the rest of the request is not awaited.
    return answer


def _of_http(error: web.HTTPException, request: web.Request) -> ScimError:
    """Return the SCIM error for an error of aiohttp's."""
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
    """Return the error for a fault of ours; the log holds the trace under the same request id."""
    return InternalError(f"Something went wrong here; quote request {request_id} to the operator.")


def http_refusal(status: int, detail: str) -> ScimError:
    """Return a refusal with a status that SCIM does not define."""
    refusal = type("HttpRefusal", (ScimError,), {"status": status})(detail)
    assert isinstance(refusal, ScimError)
    return refusal


def _route(request: web.Request) -> str | None:
    """Return the route of a request: its path with names in place of ids."""
    try:
        resource = request.match_info.route.resource
    except (AssertionError, AttributeError):  # The request reached no route.
        return None
    return resource.canonical if resource else None


def refuse_malformed(status: int, detail: str) -> Answer:
    """Return the answer to a request that is too malformed to be routed."""
    return error_response(http_refusal(status, detail))


def failed(request_id: str) -> Answer:
    """Return the answer to a request that failed in the service before it reached a route."""
    return error_response(unexpected(request_id))


ERROR_FORM = ErrorForm(answering=answering, refused=refuse_malformed, failed=failed)
