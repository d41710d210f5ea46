"""The HTTP server: aiohttp's, with our limits, and with our error form even for malformed requests."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from service.ids import new_id

LINE_BYTES_MAX = 65_536  # Of the request line; a filter of 8,000 characters may take 72,000 bytes once it is encoded.
FIELD_BYTES_MAX = 16_384  # Of one header; a token has about 500.
# For requests in flight when the service stops. aiohttp waits twice as long; a container is killed after 30 s.
SHUTDOWN_TIMEOUT_S = 12.0
KEEPALIVE_TIMEOUT_S = 75.0
REPORT_INTERVAL_S = 10.0
REASON = re.compile(
    r"[A-Za-z /-]+"
)  # The part of aiohttp's message that comes before it quotes the request.

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answering:
    """How a server answers: around each request, and for requests that reached no handler."""

    around: Callable[[Handler], Handler]
    refused: Callable[
        [int, str, str], web.StreamResponse
    ]  # Takes a status, what the client must change, and the id of the request.
    failed: Callable[
        [str], web.StreamResponse
    ]  # Takes the id of the request that we failed to answer.


class BoundedHandler(RequestHandler):
    """Answers malformed HTTP in our error form, and closes the connection."""

    __slots__ = ("answering",)

    answering: Answering

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that never reached a route."""
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun: an error cannot follow it.")
        request_id = str(new_id())
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            answer_status, detail = malformed(exc, message or "")
            log.info("request_malformed", request_id=request_id, status=answer_status)
            response = self.answering.refused(answer_status, detail, request_id)
        else:
            log.error("request_failed", request_id=request_id, exc_info=exc)
            response = self.answering.failed(request_id)
        response.headers["X-Request-Id"] = request_id
        response.force_close()
        return response


def malformed(error: BaseException | None, message: str) -> tuple[int, str]:
    """Return status and detail for malformed HTTP; nothing of it is quoted, since a token may be in it."""
    match error:
        case LineTooLong(args=(_, limit, *_)) if limit == LINE_BYTES_MAX:
            detail = f"The request line is longer than {LINE_BYTES_MAX:,} bytes; POST to /.search."
            return HTTPStatus.REQUEST_URI_TOO_LONG, detail
        case LineTooLong():
            detail = f"A header is longer than {FIELD_BYTES_MAX:,} bytes; shorten it."
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail
        case _:
            reason = REASON.match(message)
            named = reason[0].strip().lower() if reason else "malformed request"
            return HTTPStatus.BAD_REQUEST, f"Send HTTP/1.1 that is well formed: {named}."


class BoundedServer(web.Server):
    """Makes one handler per connection, and at most `connections_max` of them."""

    connections_max = 1_000
    answering: Answering
    reported_at_s = -math.inf

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Accept a connection. At the limit, close the oldest idle one, or the new one if none is idle."""
        if len(self._connections) >= self.connections_max:
            self._report()
            open_ones = (
                held
                for other, held in self._connections.items()
                if is_idle(other) and not held.is_closing()
            )
            next(open_ones, transport).abort()
        super().connection_made(handler, transport)

    def _report(self) -> None:
        now_s = self._loop.time()
        if now_s - self.reported_at_s > REPORT_INTERVAL_S:
            self.reported_at_s = now_s
            log.warning("connections_at_limit", limit=self.connections_max)

    def __call__(self) -> RequestHandler:
        """Return the handler of a new connection."""
        handler = BoundedHandler(self, loop=self._loop, **self._kwargs)
        handler.answering = self.answering
        return handler


def is_idle(handler: RequestHandler) -> bool:
    """Return whether a connection has no request in flight."""
    return handler._current_request is None  # noqa: SLF001 - aiohttp offers no way to ask.


class BoundedRunner(web.AppRunner):
    """Runs an application on a BoundedServer."""

    connections_max = 1_000
    answering: Answering

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        kwargs: dict[str, Any] = plain._kwargs  # noqa: SLF001 - aiohttp offers no way to name the class.
        # aiohttp's types cannot express that the application's requests go to its own handler.
        handle: Any = plain.request_handler
        answer: Any = self.answering.around(handle)
        server = BoundedServer(answer, request_factory=plain.request_factory, **kwargs)
        server.connections_max, server.answering = self.connections_max, self.answering
        return server


def make_runner(
    app: web.Application, answering: Answering, *, connections_max: int
) -> BoundedRunner:
    """Return a runner with our limits, and without aiohttp's access log: our own line is enough."""
    runner = BoundedRunner(
        app,
        access_log=None,
        auto_decompress=False,  # See compression.py.
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
        keepalive_timeout=KEEPALIVE_TIMEOUT_S,
        max_line_size=LINE_BYTES_MAX,
        max_field_size=FIELD_BYTES_MAX,
    )
    runner.connections_max, runner.answering = connections_max, answering
    return runner
