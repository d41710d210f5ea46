"""Answers that wait in memory because their clients do not read them: they are bounded, in all."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.http.connections.arrivals import TIMED_OUT

UNREAD_BYTES_MAX = 67_108_864


class Unread:
    """Counts the answers that wait to be read.

    If they take too much memory, the oldest one is dropped, of the address that holds most of it.
    """

    def __init__(self, bytes_max: int = UNREAD_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._waiting: dict[asyncio.Transport, tuple[str, int]] = {}
        self._by_address = Counter[str]()
        self._total = 0

    @contextmanager
    def waiting(self, transport: asyncio.Transport, address: str, size: int) -> Iterator[None]:
        """Count an answer for the duration of the block; this may close other connections, or this one."""
        self._waiting[transport] = (address, size)
        self._by_address[address] += size
        self._total += size
        while self._total > self._bytes_max:
            self._drop_one()
        try:
            yield
        finally:
            self._forget(transport)

    def _drop_one(self) -> None:
        greatest = self._by_address.most_common(1)[0][0]
        oldest = next(each for each, (address, _) in self._waiting.items() if address == greatest)
        self._forget(oldest)
        TIMED_OUT.labels("answer").inc()
        oldest.abort()

    def _forget(self, transport: asyncio.Transport) -> None:
        address, size = self._waiting.pop(transport, ("", 0))
        if size:
            self._total -= size
            self._by_address[address] -= size
            if not self._by_address[address]:
                del self._by_address[address]


UNREAD = Unread()  # Of this process, since its memory is what is scarce.
