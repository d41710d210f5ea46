"""The shortcut: a connection answers a plain request itself, without a task, a router and objects for request and answer.

aiohttp answers a request in the connection's task, which wakes up for it. Here a request without a body that comes
alone is shown to a `Shortcut` first. What the shortcut does not take, or leaves later, goes the ordinary way as if
nothing had happened: so it needs to know the plain case only. While the shortcut works, the request stays in
aiohttp's queue, where the connection's task finds it as soon as it is woken up.

This module uses private members of aiohttp. tests/protocol/test_shortcut.py compares the answers of both ways.
"""

import asyncio
from typing import Protocol

from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD

from service.http.connections.handler import BoundedConnection


class Shortcut(Protocol):
    """What answers plain requests."""

    def begin(self, connection: "ShortcutConnection", message: RawRequestMessage) -> object | None:
        """Begin to answer a request, and return what names the answer.

        `answer` or `leave` of the connection follows in a later turn of the loop, with that name.
        None: the request is none for the shortcut, and nothing has happened.
        """
        ...


class ShortcutConnection(BoundedConnection):
    """A connection that answers plain requests by a shortcut."""

    __slots__ = ("shortcut", "taken")

    shortcut: Shortcut | None  # The server sets it before the connection is made.
    taken: object | None  # What names the answer that the shortcut works on.

    def begin(self) -> None:
        """Begin as a connection that has sent nothing."""
        super().begin()
        self.taken = None

    def data_received(self, data: bytes) -> None:
        """Parse what was received. A plain request that comes alone goes to the shortcut."""
        if self.taken is not None:
            self._wake()  # Answers keep the order of their requests, so the task gives both.
        waiter: asyncio.Future[None] | None = self._waiter
        if waiter is None or waiter.done() or self._messages or self.shortcut is None:
            super().data_received(data)
            return
        self._waiter = None  # Otherwise the parser's first message would wake the task.
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
            if self._force_close or self._close:
                waiter.cancel()
            elif self._messages and not self._is_taken(self.shortcut):
                waiter.set_result(None)

    def _is_taken(self, shortcut: Shortcut) -> bool:
        """Return whether the shortcut answers what has come."""
        message, payload = self._messages[0]
        if (
            payload is not EMPTY_PAYLOAD
            or not isinstance(message, RawRequestMessage)
            or len(self._messages) > 1
            or message.should_close
            or message.upgrade
            or self._buffer_paused
            or self.transport is None
            or self.transport.get_write_buffer_size()  # The client does not read its answers.
        ):
            return False
        self.taken = shortcut.begin(self, message)
        if self.taken is None:
            return False
        self._stay_open()
        return True

    def answer(self, taken: object, head: bytes, body: bytes) -> None:
        """Write an answer that the shortcut has made, unless the request has gone the ordinary way meanwhile."""
        if self.taken is not taken or self.transport is None:
            return
        assert self._parser is not None
        assert self._manager is not None
        self.taken = None
        self._messages.popleft()
        self._parser.message_consumed()
        self._manager.requests_count += 1
        self.transport.write(head + body)
        self._stay_open()

    def leave(self, taken: object) -> None:
        """Let a request that the shortcut took go the ordinary way."""
        if self.taken is taken:
            self._wake()

    def close(self) -> None:
        """Close the connection once the request that it has is answered."""
        if self.taken is not None:
            self._wake()
        super().close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection, and the request that it has."""
        self.taken = None
        super().connection_lost(exc)

    def _wake(self) -> None:
        """Wake the connection's task, which answers what is in the queue."""
        self.taken = None
        waiter: asyncio.Future[None] | None = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _stay_open(self) -> None:
        """Wait for the next request as long as after an answer of the task."""
        self._keepalive = True
        self._next_keepalive_close_time = closes_at = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(closes_at, self._process_keepalive)
