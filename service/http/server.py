"""The HTTP server: aiohttp's, with our limits, and with our error form even for malformed requests."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from service.http.connections.arrivals import Arrivals
from service.http.connections.client_address import TrustedProxies, peer_of
from service.http.connections.draining import Draining
from service.http.connections.handler import RequestRefused
from service.http.connections.registry import (
    Connections,
    RequestsInFlight,
    bounded_per_client,
)
from service.http.connections.shortcut import Shortcut, ShortcutConnection
from service.ids import new_id

# Of the request line; a filter of 8,000 characters may take 72,000 bytes once it is encoded. connections/handler.py
# bounds the whole head.
LINE_BYTES_MAX = 65_536
RECEIVED_BYTES_MAX = (
    65_536  # Of one connection, in the system's buffer; twice as many with what the system adds.
)
FIELD_BYTES_MAX = 16_384  # Of one header; a token has about 500.
READ_BYTES = 65_536  # Of a body that waits to be read; twice as much stops the client.
# For requests in flight when the service stops. aiohttp waits twice as long; a container is killed after 30 s.
SHUTDOWN_TIMEOUT_S = 12.0
KEEPALIVE_TIMEOUT_S = 75.0
REASON = re.compile(
    r"[A-Za-z /-]+"
)  # The part of aiohttp's message that comes before it quotes the request.

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MakeShortcut = Callable[[RequestsInFlight, Draining], Shortcut]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answering:
    """How a server answers: around each request, and for requests that reached no handler."""

    around: Callable[[Handler, Draining], Handler]
    refused: Callable[
        [int, str, str], web.StreamResponse
    ]  # Takes a status, what the client must change, and the id of the request.
    failed: Callable[
        [str], web.StreamResponse
    ]  # Takes the id of the request that we failed to answer.


class BoundedHandler(ShortcutConnection):
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
        case RequestRefused(status=status, detail=detail):
            return status, detail
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
    """Makes one handler per connection, and bounds how many there are and how long requests take to arrive."""

    answering: Answering
    registry: Connections
    arrivals: Arrivals
    proxies: TrustedProxies
    shortcut: Shortcut | None

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Accept a connection. At a limit, one is closed: the registry says which."""
        super().connection_made(handler, transport)
        assert isinstance(handler, BoundedHandler)
        handler.peer = peer_of(transport.get_extra_info("peername"), self.proxies)
        # What hundreds of uploads may bring within one turn of the event loop is bounded by what the system buffers.
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES_MAX
        )
        handler.begin()
        self.registry.add(handler, self._loop.time())

    def __call__(self) -> RequestHandler:
        """Return the handler of a new connection."""
        handler = BoundedHandler(self, loop=self._loop, **self._kwargs)
        handler.answering, handler.shortcut = self.answering, self.shortcut
        handler.connections, handler.arrivals = self.registry, self.arrivals
        return handler


class BoundedRunner(web.AppRunner):
    """Runs an application on a BoundedServer."""

    answering: Answering
    connections_max: int
    proxies: TrustedProxies
    shortcut: MakeShortcut | None
    draining: Draining

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        kwargs: dict[str, Any] = plain._kwargs  # noqa: SLF001 - aiohttp offers no way to name the class.
        # aiohttp's types cannot express that the application's requests go to its own handler.
        handle: Any = plain.request_handler
        in_flight = RequestsInFlight()
        if self.proxies:
            handle = bounded_per_client(handle, in_flight)
        answer: Any = self.answering.around(handle, self.draining)
        server = BoundedServer(answer, request_factory=plain.request_factory, **kwargs)
        server.answering, server.proxies = self.answering, self.proxies
        server.shortcut = self.shortcut(in_flight, self.draining) if self.shortcut else None
        server.registry = Connections(self.connections_max)
        server.arrivals = Arrivals(asyncio.get_running_loop())
        return server


def make_runner(
    app: web.Application,
    answering: Answering,
    *,
    connections_max: int,
    proxies: TrustedProxies | None = None,
    shortcut: MakeShortcut | None = None,
    draining: Draining | None = None,
) -> BoundedRunner:
    """Return a runner with our limits, and without aiohttp's access log: our own line is enough.

    `shortcut` makes what answers plain requests; without it, all requests go the ordinary way.
    """
    runner = BoundedRunner(
        app,
        access_log=None,
        auto_decompress=False,  # See compression.py.
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_TIMEOUT_S,
        keepalive_timeout=KEEPALIVE_TIMEOUT_S,
        max_line_size=LINE_BYTES_MAX,
        max_field_size=FIELD_BYTES_MAX,
        read_bufsize=READ_BYTES,
    )
    runner.answering, runner.connections_max = answering, connections_max
    runner.proxies = proxies or TrustedProxies()
    runner.shortcut = shortcut
    runner.draining = draining or Draining()
    return runner
