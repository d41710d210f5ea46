"""What surrounds every request: it gets an id, a failure becomes an answer in the form of its path, one line is logged."""

import time
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
from service.http.body import release
from service.http.connections.draining import Draining
from service.http.error_form import ErrorForm, ErrorForms, error_answer
from service.http.kept import note_answered
from service.http.refusal_log import refusal_fields
from service.http.request_state import STATE, RequestState, sent_id
from service.http.server import Answering, Handler
from service.ids import new_id
from service.log import line_writer
from service.metrics.requests import count, count_refusal
from service.unavailable import unavailable

log = structlog.get_logger()


def answering(handle: Handler, forms: ErrorForms, draining: Draining) -> Handler:
    """Return a handler that wraps the whole application once; aiohttp would run a middleware per route.

    While the service drains, no connection lives on.
    """
    write_line = line_writer("request_answered")

    async def answer(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        state = request[STATE] = RequestState(new_id())
        shown, sent = str(state.request_id), sent_id(request.headers.get("X-Request-Id"))
        if sent:
            state.notes["client_request_id"] = sent
        try:
            response = await handle(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer.
            response = _refused(request, state, error, forms.of(request.path))
        finally:
            _give_back(state)
        if not response.prepared:
            _complete(response, state, sent or shown)
            if draining.is_on:
                response.force_close()
        duration_s = time.perf_counter() - started
        route, duration_ms = route_of(request), round(duration_s * 1000, 2)
        count(request.method, route, response.status, duration_s)
        if forms.of(request.path) is forms.default:  # Only what provisions forms cycles.
            note_answered(request, state, route, response.status, duration_ms=duration_ms)
        # The one log line of a request: names and numbers, never personal values.
        write_line(
            request_id=shown,
            method=request.method,
            route=route,
            status=response.status,
            duration_ms=duration_ms,
            **refusal_fields(state),
            **state.notes,
        )
        return response

    return answer


def _give_back(state: RequestState) -> None:
    """Give back what a request held while it was worked on."""
    if state.held is not None:
        release(state)
    if state.turn is not None and state.service is not None:
        state.service.turns.give_back(state.turn)


def _complete(response: web.StreamResponse, state: RequestState, request_id: str) -> None:
    """Add the headers that all answers have; `request_id` is the one for the client."""
    headers = response.headers
    headers["X-Request-Id"] = request_id
    if state.buckets and state.service is not None and "RateLimit" not in headers:
        headers.update(state.service.rates.headers(state.buckets))
    if not isinstance(response, Answer):  # An Answer writes this header itself.
        headers["Server"] = SERVER


def _refused(
    request: web.Request, state: RequestState, error: Exception, form: ErrorForm
) -> Answer:
    """Return the answer to a request that failed: a refusal in the form of its path."""
    request_id, allow = str(state.request_id), None
    match error:
        case ScimError():
            refusal = error
        case web.HTTPException():
            refusal, allow = _of_http(error, request, form), error.headers.get("Allow")
        case _:
            refusal = refusal_of_failure(error, request_id)
    state.refusal = refusal.without_origin()  # For the log line of the request.
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
    origin = request[STATE].origin
    return origin.organization_id if origin else None


def answering_in(forms: ErrorForms) -> Answering:
    """Return how a server answers in these forms. A request that reached no route has no path: the default is used."""

    def refused(status: int, detail: str, request_id: str) -> Answer:
        return error_answer(forms.default, http_refusal(status, detail), request_id)

    def failed(request_id: str) -> Answer:
        return error_answer(forms.default, unexpected(request_id), request_id)

    def around(handle: Handler, draining: Draining) -> Handler:
        return answering(handle, forms, draining)

    return Answering(around=around, refused=refused, failed=failed)
