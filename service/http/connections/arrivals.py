"""Heads and bodies that are arriving: one that takes too long is ended.

A head must be complete within ten seconds, from the connection's begin or from its first byte. A body must bring
1 KiB a second over any ten seconds, for as long as we read it. Both are looked at once a second, in small slices:
thousands of slow clients must not hold up the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from prometheus_client import Counter

HEAD_TIMEOUT_S = 10.0
BODY_WINDOW_S = 10
BODY_BYTES_MIN = 1_024 * BODY_WINDOW_S  # In each window.
TICK_S = 1.0
SOON_S = 0.01  # Until the next slice.
ENDED_MAX = 50  # Requests that one slice ends: each costs an answer.
LOOKED_AT_MAX = 1_000  # Bodies that one slice looks at.

TIMED_OUT = Counter(
    "scim_ledger_requests_timed_out_total",
    "Requests that arrived too slowly, and answers that were read too slowly, by the part.",
    ["part"],
)


class Body(Protocol):
    """What arrives of a body; aiohttp's StreamReader is one."""

    total_bytes: int

    def is_eof(self) -> bool:
        """Return whether the body is complete."""
        ...


class Arriving(Protocol):
    """A connection on which a head or a body is arriving."""

    @property
    def is_held_back(self) -> bool:
        """Return whether we do not read from the client now, so that nothing can arrive."""
        ...

    def end_head(self) -> None:
        """Refuse a head that takes too long."""
        ...

    def end_body(self) -> None:
        """Refuse a body that takes too long."""
        ...


class Progress:
    """How much of a body had arrived at the last looks."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.seen = deque([body.total_bytes], maxlen=BODY_WINDOW_S + 1)

    def is_too_slow(self) -> bool:
        """Look at the body; return whether less than it must has arrived within the last window."""
        self.seen.append(self.body.total_bytes)
        is_window = len(self.seen) == self.seen.maxlen
        return is_window and self.seen[-1] - self.seen[0] < BODY_BYTES_MIN

    def restart(self) -> None:
        """Begin a new window."""
        self.seen.clear()
        self.seen.append(self.body.total_bytes)


class Arrivals:
    """The heads and bodies that are arriving on a server's connections."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heads: dict[Arriving, float] = {}  # With the time at which each must be complete.
        self._bodies: dict[Arriving, Progress] = {}
        self._to_look_at: Iterator[Arriving] = iter(())
        self._looks_at_s = loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def head_begins(self, connection: Arriving) -> None:
        """Expect a complete head within the time that it has."""
        self._heads[connection] = self._loop.time() + HEAD_TIMEOUT_S
        self._start()

    def head_ends(self, connection: Arriving) -> None:
        """Note that a head is complete."""
        self._heads.pop(connection, None)

    def body_begins(self, connection: Arriving, body: Body) -> None:
        """Expect a body to keep its rate."""
        self._bodies[connection] = Progress(body)
        self._start()

    def body_ends(self, connection: Arriving) -> None:
        """Note that a body is complete."""
        self._bodies.pop(connection, None)

    def forget(self, connection: Arriving) -> None:
        """Note that a connection is closed."""
        self._heads.pop(connection, None)
        self._bodies.pop(connection, None)

    def _start(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        """End what is late, at most a slice of it; come again soon if there may be more."""
        self._timer = None
        now_s = self._loop.time()
        ended = self._end_heads(now_s)
        if now_s >= self._looks_at_s:
            self._looks_at_s = now_s + TICK_S
            self._to_look_at = iter(list(self._bodies))
        looked_at, late = self._look_at_bodies(ENDED_MAX - ended)
        is_more = ended + late >= ENDED_MAX or looked_at == LOOKED_AT_MAX
        if is_more or self._heads or self._bodies:
            self._timer = self._loop.call_later(SOON_S if is_more else TICK_S, self._tick)

    def _end_heads(self, now_s: float) -> int:
        """End the heads that are late, the oldest first; return how many."""
        late = [
            connection
            for connection, by_s in islice(self._heads.items(), ENDED_MAX)
            if by_s <= now_s
        ]
        for each in late:
            del self._heads[each]
            TIMED_OUT.labels("head").inc()
            each.end_head()
        return len(late)

    def _look_at_bodies(self, ended_max: int) -> tuple[int, int]:
        """Look at a slice of the bodies; return how many were looked at, and how many were too slow."""
        looked_at = late = 0
        while looked_at < LOOKED_AT_MAX and late < ended_max:
            connection = next(self._to_look_at, None)
            if connection is None:
                break
            looked_at += 1
            late += self._is_ended(connection)
        return looked_at, late

    def _is_ended(self, connection: Arriving) -> bool:
        progress = self._bodies.get(connection)
        if progress is None:
            return False
        if progress.body.is_eof():
            del self._bodies[connection]
        elif connection.is_held_back:
            progress.restart()
        elif progress.is_too_slow():
            del self._bodies[connection]
            TIMED_OUT.labels("body").inc()
            connection.end_body()
            return True
        return False
