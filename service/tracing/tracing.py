"""The spans of a process, and which of them contain which."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, SpanContext

from service.tracing.requests import Handler, traced
from service.tracing.spans import ORGANIZATION
from service.tracing.statements import Connect, connecting, fail

COMMANDS = "scim_ledger.batch.commands"


class Tracing:
    """Makes the spans of a process."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self.tracer = provider.get_tracer("scim_ledger")

    def current(self) -> SpanContext | None:
        """Return what names the span that the running task works in; None if it works in none."""
        found = trace.get_current_span().get_span_context()
        return found if found.is_valid else None

    @contextmanager
    def batch(
        self, organization_id: UUID, requests: Sequence[SpanContext | None]
    ) -> Iterator[None]:
        """Let the block be a batch. It belongs to the trace of the request that waited longest, and links to all.

        A batch without a traced request has no span.
        """
        asking = [each for each in requests if each is not None]
        if not asking:
            # The service writes by itself. Its task may still remember an older request.
            with trace.use_span(trace.INVALID_SPAN):
                yield
            return
        span = self.tracer.start_span(
            "batch",
            context=trace.set_span_in_context(trace.NonRecordingSpan(asking[0])),
            links=[Link(each) for each in asking],
            attributes={ORGANIZATION: str(organization_id), COMMANDS: len(requests)},
        )
        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield
            except Exception as error:
                fail(span, error)
                raise

    def connecting(self, connect: Connect) -> Connect:
        """Return what connects, and makes a span of each statement that a traced request needs."""
        return connecting(connect, self.tracer)

    def traced(
        self,
        handle: Handler,
        *,
        route_of: Callable[[Any], str | None],
        organization_of: Callable[[Any], UUID | None],
    ) -> Handler:
        """Return a handler that makes a span of each request."""
        return traced(handle, self.tracer, route_of=route_of, organization_of=organization_of)

    def close(self) -> None:
        """Send what is left. It blocks for seconds if the collector does not answer."""
        self.provider.shutdown()
