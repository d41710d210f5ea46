"""One connection: aiohttp's, but a request that arrives too slowly, or whose head is too long, is refused."""

import asyncio

from aiohttp import HttpVersion10, HttpVersion11, StreamReader
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web import RequestPayloadError
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from service.http.connections.arrivals import HEAD_TIMEOUT_S, Arrivals
from service.http.connections.client_address import Peer
from service.http.connections.registry import Connections

HEAD_BYTES_MAX = 65_536  # Of the request line and all headers.
SPLINTERED_BYTES_MIN, BYTES_PER_LINE_MIN = 4_096, 8
REQUEST_LINE_EXTRA = len("  HTTP/1.1\r\n\r\n")
HEADER_EXTRA = len(": \r\n")


class RequestRefused(Exception):
    """A request is refused while it arrives; `detail` says what the client can change."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class BodyTooSlow(TimeoutError):
    """A body brought less than it must; the handler that reads it gets this error."""


class BoundedConnection(RequestHandler):
    """A connection that bounds how long a request takes to arrive, and how long its head is."""

    __slots__ = (
        "arrivals",
        "body",
        "connections",
        "has_authenticated",
        "head_bytes",
        "is_chunked",
        "is_head_arriving",
        "peer",
    )

    # The server sets these three before the connection is made.
    arrivals: Arrivals
    connections: Connections
    peer: Peer
    body: StreamReader | None  # The body that is arriving.
    has_authenticated: bool
    head_bytes: int  # Of a head that is not complete.
    is_head_arriving: bool
    is_chunked: bool  # The latest body comes in chunks.

    def begin(self) -> None:
        """Begin as a connection that has sent nothing: its first head is awaited from now on."""
        self.body, self.head_bytes = None, 0
        self.is_chunked = False
        self.has_authenticated = False
        self.is_head_arriving = True
        self.arrivals.head_begins(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self.arrivals.forget(self)
        self.connections.remove(self)
        # A body refers to its connection: the two would wait for the garbage collector, with what has arrived.
        self.body = None
        self._messages.clear()

    def data_received(self, data: bytes) -> None:
        """Parse what was received, and note how far the request has come. Most requests come as a whole."""
        if len(data) > SPLINTERED_BYTES_MIN and is_splintered(data):
            if not self.is_chunked:
                self.is_chunked = b"chunked" in data[:HEAD_BYTES_MAX].lower()
            if self.is_chunked:
                self._drop_splinters()
                return
        count = self._request_count
        super().data_received(data)
        if self._request_count != count:
            self._note_heads(len(data), self._request_count - count)
        elif data:
            self._note_part(len(data))

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - as aiohttp's.
        """Go on reading from the client, if we had stopped. aiohttp asks for it whenever a body is read.

        Its own method would run the parser each time. That has nothing left to parse unless reading was stopped.
        """
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    def _drop_splinters(self) -> None:
        """Refuse a body in tiny chunks: each takes as long to parse as a large one. Nothing more is read."""
        body, self.body = self.body, None
        if body is not None:
            body.set_exception(RequestPayloadError("The chunks of the body are too small."))
        else:
            self._refuse(RequestRefused(400, "Send chunks of at least a hundred bytes each."))
        if self.transport is not None:
            self.transport.pause_reading()
        self.keep_alive(False)

    def _note_heads(self, size: int, count: int) -> None:
        """Note that heads are complete, the last of which may have a body that is not."""
        if self.is_head_arriving:
            self.is_head_arriving = False
            self.arrivals.head_ends(self)
        is_long = self.head_bytes + size > HEAD_BYTES_MAX
        self.head_bytes = 0
        for place in range(-count, 0):
            message, payload = self._messages[place]
            if isinstance(message, _ErrInfo):
                continue
            if message.version is not HttpVersion11 and message.version is not HttpVersion10:
                self._messages[place] = _refused(_other_version())
            elif is_long and head_size(message) > HEAD_BYTES_MAX:
                self._messages[place] = _refused(_too_long())
            elif not payload.is_eof():
                self.body = payload
                self.is_chunked = message.chunked
                self.arrivals.body_begins(self, payload)

    def _note_part(self, size: int) -> None:
        """Note that a part of a body or of a head has arrived."""
        if self.body is not None:
            if self.body.is_eof():
                self.body = None
                self.arrivals.body_ends(self)
            return
        if self._buffer_paused:  # What has arrived waits until earlier requests are answered.
            return
        self.head_bytes += size
        if not self.is_head_arriving:
            self.is_head_arriving = True
            self.arrivals.head_begins(self)
        if self.head_bytes > HEAD_BYTES_MAX:
            self._refuse(_too_long())

    @property
    def is_idle(self) -> bool:
        """Return whether no request is in flight."""
        return self._current_request is None and not self._messages

    @property
    def is_held_back(self) -> bool:
        """Return whether we do not read from the client now."""
        return self._reading_paused or self._buffer_paused

    def end_head(self) -> None:
        """Refuse a head that takes too long; a connection on which nothing came is closed without an answer."""
        if self.head_bytes:
            detail = f"The head of the request did not come within {HEAD_TIMEOUT_S:g} seconds."
            self._refuse(RequestRefused(408, detail))
        else:
            self.force_close()

    def end_body(self) -> None:
        """Let the reader of a body that takes too long fail."""
        body, self.body = self.body, None
        if body is not None:
            body.set_exception(
                BodyTooSlow("The body came too slowly: send at least 1 KiB a second.")
            )

    def abort(self) -> None:
        """Close the connection at once."""
        if self.transport is not None:
            self.transport.abort()

    def _refuse(self, refusal: RequestRefused) -> None:
        """Answer with a refusal, after the requests that are complete, and close the connection."""
        self.is_head_arriving, self.head_bytes = False, 0
        self.arrivals.head_ends(self)
        self._request_count += 1
        self._messages.append(_refused(refusal))
        waiter: asyncio.Future[None] | None = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def is_splintered(data: bytes) -> bool:
    """Return whether data has so many line ends that it may be chunks of a few bytes each."""
    return data.count(b"\r\n") * BYTES_PER_LINE_MIN > len(data)


def head_size(message: RawRequestMessage) -> int:
    """Return how many bytes a head has, without the blanks around its values."""
    line = len(message.method) + len(message.path) + REQUEST_LINE_EXTRA
    return line + sum(len(name) + len(value) + HEADER_EXTRA for name, value in message.raw_headers)


def _refused(refusal: RequestRefused) -> tuple[_ErrInfo, StreamReader]:
    """Return a refusal in the form in which aiohttp's parser reports errors."""
    return _ErrInfo(status=refusal.status, exc=refusal, message=refusal.detail), EMPTY_PAYLOAD


def _too_long() -> RequestRefused:
    return RequestRefused(
        431,
        f"The request line and the headers are longer than {HEAD_BYTES_MAX:,} bytes together; "
        "shorten them, or POST to /.search.",
    )


def _other_version() -> RequestRefused:
    return RequestRefused(400, "Send HTTP/1.1 that is well formed: another version is not served.")
