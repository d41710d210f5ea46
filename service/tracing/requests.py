"""The span of a request: it continues the trace that a client names in `traceparent`."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from aiohttp import web
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.tracing.spans import ORGANIZATION

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "_OTHER"  # A client may send any word as a method.
SERVER_ERROR: Final = 500
W3C: Final = TraceContextTextMapPropagator()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def traced(
    handle: Handler,
    tracer: trace.Tracer,
    *,
    route_of: Callable[[web.Request], str | None],
    organization_of: Callable[[web.Request], UUID | None],
) -> Handler:
    """Return a handler that makes a span of each request. No path, query, header or body gets into it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        # Not `tracestate`: it may hold anything, and nothing of ours needs it.
        sent = {"traceparent": request.headers.get("traceparent", "")}
        method = request.method if request.method in METHODS else OTHER
        span = tracer.start_span(
            method,
            context=W3C.extract(sent),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
        )
        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            response = await handle(request)
            if route := route_of(request):
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
            if organization_id := organization_of(request):
                span.set_attribute(ORGANIZATION, str(organization_id))
            span.set_attribute("http.response.status_code", response.status)
            if response.status >= SERVER_ERROR:
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute("error.type", str(response.status))
            return response

    return answer
