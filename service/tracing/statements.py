"""The spans of statements: their name and what they do, and nothing that was sent with them."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

NAME: Final = re.compile(r"-- ([a-z_0-9]+):")  # Each file of a statement begins with it.
VERB: Final = re.compile(r"(?:\s|--[^\n]*\n)*([A-Za-z]+)")
VERBS: Final = frozenset(
    {"BEGIN", "CALL", "COMMIT", "DELETE", "INSERT", "LISTEN", "LOCK", "NOTIFY", "RELEASE"}
    | {"ROLLBACK", "SAVEPOINT", "SELECT", "SET", "UPDATE", "WITH"}
)
S_NS: Final = 1_000_000_000

Connect = Callable[..., Awaitable[asyncpg.Connection]]


def connecting(connect: Connect, tracer: trace.Tracer) -> Connect:
    """Return what connects, and makes a span of each statement that a traced request needs."""

    def note(query: Any) -> None:
        # The request may have ended: requests that overlap share the task that asks for what they read.
        if not trace.get_current_span().get_span_context().trace_flags.sampled:
            return
        verb = verb_of(query.query)
        name = NAME.match(query.query)
        ended = time.time_ns()
        span = tracer.start_span(
            name[1] if name else verb,
            kind=SpanKind.CLIENT,
            start_time=ended - int(query.elapsed * S_NS),
            attributes={"db.system.name": "postgresql", "db.operation.name": verb},
        )
        if query.exception is not None:
            fail(span, query.exception)
        span.end(ended)

    async def open_one(*dsn: Any, **options: Any) -> asyncpg.Connection:
        connection = await connect(*dsn, **options)
        connection.add_query_logger(note)
        return connection

    return open_one


def verb_of(sql: str) -> str:
    """Return what a statement does, in one word."""
    found = VERB.match(sql)
    verb = found[1].upper() if found else ""
    return verb if verb in VERBS else "OTHER"


def fail(span: trace.Span, error: BaseException) -> None:
    """Note what kind of error ended a span: never its message, which may hold values."""
    span.set_status(Status(StatusCode.ERROR))
    span.set_attribute("error.type", type(error).__name__)
