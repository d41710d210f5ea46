"""A whole answer, whose head and body are sent in one piece."""

import asyncio
import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp import ClientConnectionResetError, HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter

from service.http.connections.arrivals import TIMED_OUT
from service.http.connections.unread import UNREAD
from service.http.media_type import MEDIA_TYPE

READ_TIMEOUT_S = 30.0  # For a client to read an answer that waits in memory.

COPIED_BYTES_MAX = (
    65_536  # Of a body that is joined to its head; a larger one is written beside it.
)

SERVER = "scim-ledger"  # The product's name; aiohttp would name itself and its version.

REASONS = {each.value: each.phrase for each in HTTPStatus}

WITHOUT_BODY = frozenset({204, 304})  # RFC 9110 §6.4.1


class Answer(web.StreamResponse):
    """A whole answer, in SCIM's media type unless another is named.

    A value of a header must be text without control characters.
    """

    def __init__(
        self,
        body: bytes = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = MEDIA_TYPE,
    ) -> None:
        super().__init__(status=status, headers=headers)
        self._whole = body
        self._media_type = media_type

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write the whole answer. Errors: ConnectionError if the client is gone."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("The client has closed the connection.")
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        self._eof_sent = True
        kind, is_old = (self.status, self._media_type), request.version < HttpVersion11
        head = head_of(
            kind, self._headers, len(self._whole), is_old=is_old, is_kept=self._keep_alive
        )
        body = b"" if request.method == "HEAD" else self._whole
        size, self._whole = len(body), b""  # What waits in the transport is not kept a second time.
        if size > COPIED_BYTES_MAX:
            transport.writelines([head, body])
        else:
            transport.write(head + body)
        del body
        if request.protocol.writing_paused:
            await _drain(request, transport, size)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: `prepare` has written everything."""


def head_of(
    kind: tuple[int, str],
    headers: Mapping[str, str],
    length: int,
    *,
    is_old: bool = False,
    is_kept: bool | None = True,
) -> bytes:
    """Return the head of an answer: of a status and media type, with a body of this length.

    `is_old` is HTTP/1.0; `is_kept` keeps the connection. Errors: ValueError for a line break in a header.
    """
    begin = _begin(kind, is_old, is_kept, int(time.time()))
    own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    count = len(headers)
    if own.count("\n") != count or own.count("\r") != count or "\0" in own:
        raise ValueError("A header of an answer has a line break in it.")
    size = "" if kind[0] in WITHOUT_BODY else f"Content-Length: {length}\r\n"
    return f"{begin}{own}{size}\r\n".encode()


async def _drain(request: web.BaseRequest, transport: asyncio.Transport, size: int) -> None:
    """Wait until the client has read enough for the rest to wait in memory. Errors: ConnectionError."""
    try:
        with UNREAD.waiting(transport, request.remote or "", size):
            async with asyncio.timeout(READ_TIMEOUT_S):
                await request.writer.drain()
    except TimeoutError:
        TIMED_OUT.labels("answer").inc()
        transport.abort()
        raise ClientConnectionResetError("The client does not read its answer.") from None


@lru_cache(maxsize=64)
def _begin(kind: tuple[int, str], is_old: bool, is_kept: bool | None, at: int) -> str:  # noqa: FBT001
    """Return the lines that all answers of a kind share within a second (Date: RFC 9110 §5.6.7)."""
    status, media_type = kind
    lines = [f"HTTP/1.{0 if is_old else 1} {status} {REASONS.get(status, '')}"]
    if status not in WITHOUT_BODY:  # RFC 9110 §8.3: a Content-Type describes content.
        lines.append(f"Content-Type: {media_type}")
    lines += [f"Server: {SERVER}", f"Date: {formatdate(at, usegmt=True)}"]
    if bool(is_kept) is is_old:  # Not the default of this version.
        lines.append(f"Connection: {'keep-alive' if is_kept else 'close'}")
    return "".join(f"{line}\r\n" for line in lines)
