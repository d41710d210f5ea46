"""What surrounds every request: it gets an id, a failure becomes an answer in the form of its path, one line is logged."""

import time
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web

from eventstore.postgres.outages import Outage, classify
from schema.scim.errors import (
    InternalError,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ScimError,
)
from service.http.answer import SERVER, Answer
from service.http.authentication import BUCKETS, TURN
from service.http.body import release
from service.http.error_form import ErrorForm, ErrorForms, error_answer
from service.http.kept import note_answered
from service.http.parts import SERVICE
from service.http.refusal_log import ORIGIN, REFUSAL, refusal_fields
from service.http.request_id import REQUEST_ID, sent_id
from service.http.server import Answering, Handler
from service.ids import new_id
from service.log import line_writer
from service.metrics.requests import count, count_refusal
from service.unavailable import unavailable

NOTES = web.RequestKey("notes", dict[str, Any])  # What a handler adds to the request's log line.

log = structlog.get_logger()


def answering(handle: Handler, forms: ErrorForms) -> Handler:
    """Return a handler that wraps the whole application once; aiohttp would run a middleware per route."""
    write_line = line_writer("request_answered")

    async def answer(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        request_id = request[REQUEST_ID] = new_id()
        notes = request[NOTES] = {}
        shown, sent = str(request_id), sent_id(request.headers.get("X-Request-Id"))
        if sent:
            notes["client_request_id"] = sent
        try:
            response = await _answer(request, handle, forms, shown)
        finally:
            release(request)
            if (organization_id := request.get(TURN)) is not None:
                request.app[SERVICE].turns.give_back(organization_id)
        if not response.prepared:
            response.headers["X-Request-Id"] = sent or shown
            if (buckets := request.get(BUCKETS)) and "RateLimit" not in response.headers:
                response.headers.update(request.app[SERVICE].rates.headers(buckets))
            if not isinstance(response, Answer):  # An Answer writes this header itself.
                response.headers["Server"] = SERVER
        duration_s = time.perf_counter() - started
        route, duration_ms = route_of(request), round(duration_s * 1000, 2)
        count(request.method, route, response.status, duration_s)
        if forms.of(request.path) is forms.default:  # Only what provisions forms cycles.
            unchanged = notes.get("unchanged", 0)
            note_answered(
                request, route, response.status, duration_ms=duration_ms, unchanged=unchanged
            )
        # The one log line of a request: names and numbers, never personal values.
        write_line(
            request_id=shown,
            method=request.method,
            route=route,
            status=response.status,
            duration_ms=duration_ms,
            **refusal_fields(request),
            **notes,
        )
        return response

    return answer


async def _answer(
    request: web.Request, handle: Handler, forms: ErrorForms, request_id: str
) -> web.StreamResponse:
    """Return the answer to a request; an exception becomes a refusal in the form of the path."""
    allow = None
    try:
        return await handle(request)
    except ScimError as error:
        refusal, form = error, forms.of(request.path)
    except web.HTTPException as error:
        form, allow = forms.of(request.path), error.headers.get("Allow")
        refusal = _of_http(error, request, form)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer.
        refusal, form = refusal_of_failure(error, request_id), forms.of(request.path)
    request[REFUSAL] = refusal.without_origin()  # For the log line of the request.
    count_refusal(refusal.status, refusal.scim_type)
    return error_answer(form, refusal, request_id, allow=allow)


def refusal_of_failure(error: Exception, request_id: str) -> ScimError:
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


def _of_http(error: web.HTTPException, request: web.Request, form: ErrorForm) -> ScimError:
    """Return the refusal for an error of aiohttp's."""
    path = request.path[:200]
    match error.status:
        case 404:
            return NotFound(f"There is no endpoint {path}; {form.served}")
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
    """Return a refusal with a status that has no class of its own."""
    refusal = type("HttpRefusal", (ScimError,), {"status": status})(detail)
    assert isinstance(refusal, ScimError)
    return refusal


def route_of(request: web.Request) -> str | None:
    """Return the route of a request: its path with names in place of ids."""
    try:
        resource = request.match_info.route.resource
    except (AssertionError, AttributeError):  # The request reached no route.
        return None
    return resource.canonical if resource else None


def organization_of(request: web.Request) -> UUID | None:
    """Return the organization of an authenticated request."""
    origin = request.get(ORIGIN)
    return origin.organization_id if origin else None


def answering_in(forms: ErrorForms) -> Answering:
    """Return how a server answers in these forms. A request that reached no route has no path: the default is used."""

    def refused(status: int, detail: str, request_id: str) -> Answer:
        return error_answer(forms.default, http_refusal(status, detail), request_id)

    def failed(request_id: str) -> Answer:
        return error_answer(forms.default, unexpected(request_id), request_id)

    return Answering(around=lambda handle: answering(handle, forms), refused=refused, failed=failed)
