"""Rate limits: token buckets that all processes share, without a statement for each request.

The buckets are in Postgres. A process takes a few requests out of a bucket at once, what a fifth of a second brings at
most, and passes its own requests with them. What it has not used within a second is lost. So all processes
together never pass more than the bucket gave, apart from what they had taken shortly before.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from schema.scim.errors import TooManyRequests
from service.limits.failures import LIMITED

LEASE_S = (
    0.2  # How much a process takes in advance; and how long it waits after it found a bucket empty.
)
LEASE_PART = 8  # At most this part of a full bucket: four processes then hold half of one.
LEASE_EXPIRES_S = 1.0
TRIES = 4  # A request may find its buckets empty again, because others were faster.
REMEMBERED_MAX = 10_000  # Buckets.


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: it holds `burst` requests and fills by `per_second`."""

    id: UUID
    name: str  # What it limits: organization or token.
    per_second: float
    burst: float

    @property
    def in_advance(self) -> int:
        """Return how many requests a process takes beyond those that wait."""
        return int(min(self.per_second * LEASE_S, self.burst / LEASE_PART))

    @property
    def pause_s(self) -> float:
        """Return how long to leave an empty bucket alone: it must not overflow meanwhile."""
        return min(LEASE_S, self.burst / self.per_second)

    @property
    def window_s(self) -> int:
        """Return how long an empty bucket takes to fill, in whole seconds."""
        return max(1, math.ceil(self.burst / self.per_second))


def bucket(bucket_id: UUID, name: str, per_second: int, burst: int | None) -> Bucket:
    """Return a bucket. Without a burst it holds what a second brings; it holds what a fifth of a second brings at least."""
    held = per_second if burst is None else max(burst, math.ceil(per_second * LEASE_S))
    return Bucket(bucket_id, name, float(per_second), float(held))


class Grant(NamedTuple):
    """What a process got out of a bucket, and what is left in it."""

    granted: float
    available: float


class Wish(NamedTuple):
    """How many requests a process wants out of a bucket."""

    bucket: Bucket
    wanted: int


Take = Callable[[Sequence[Wish]], Awaitable[Mapping[UUID, Grant]]]


@dataclass(slots=True)
class Allowance:
    """What this process may pass of a bucket."""

    left: float = 0.0
    expires_s: float = -math.inf
    refused_until_s: float = -math.inf
    available: float = 0.0  # What was left in the bucket at `read_s`.
    read_s: float = -math.inf


class RateLimits:
    """Passes requests within the limits of their buckets. `take` takes out of the buckets that all processes share."""

    def __init__(self, take: Take, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._take, self._clock_s = take, clock_s
        self._allowances: dict[UUID, Allowance] = {}
        self._waiting: list[tuple[Bucket, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def pass_one(self, buckets: Sequence[Bucket]) -> None:
        """Pass a request that counts for all these buckets. Errors: TooManyRequests, Unavailable."""
        for _ in range(TRIES):
            empty = self._first_empty(buckets)
            if empty is None:
                self._count(buckets, 1.0)
                return
            if self._clock_s() < self._allowances[empty.id].refused_until_s:
                raise self._refusal(empty, buckets)
            await self._refill(empty)
        raise self._refusal(self._first_empty(buckets) or buckets[0], buckets)

    def pass_now(self, buckets: Sequence[Bucket]) -> bool:
        """Pass a request if this process has taken enough out of all these buckets; return whether it has."""
        if self._first_empty(buckets) is not None:
            return False
        self._count(buckets, 1.0)
        return True

    def give_back(self, buckets: Sequence[Bucket]) -> None:
        """Take back that a request passed: it is asked about again."""
        self._count(buckets, -1.0)

    def _count(self, buckets: Sequence[Bucket], requests: float) -> None:
        for each in buckets:
            self._allowance(each).left -= requests

    def headers(self, buckets: Sequence[Bucket]) -> dict[str, str]:
        """Return the headers that say how much is left (draft-ietf-httpapi-ratelimit-headers-10)."""
        left = [(each, int(self._left(each))) for each in buckets]
        return _headers(
            [(each, most, math.ceil((each.burst - most) / each.per_second)) for each, most in left]
        )

    def _first_empty(self, buckets: Sequence[Bucket]) -> Bucket | None:
        now_s = self._clock_s()
        for each in buckets:
            own = self._allowance(each)
            if own.left < 1.0 or own.expires_s < now_s:
                own.left = 0.0
                return each
        return None

    def _allowance(self, each: Bucket) -> Allowance:
        own = self._allowances.get(each.id)
        if own is None:
            if len(self._allowances) >= REMEMBERED_MAX:
                self._allowances.clear()
            own = self._allowances[each.id] = Allowance()
        return own

    def _left(self, each: Bucket) -> float:
        own, now_s = self._allowance(each), self._clock_s()
        if own.read_s == -math.inf:
            return each.burst
        filled = own.available + own.left + (now_s - own.read_s) * each.per_second
        return min(each.burst, filled)

    def _refusal(self, empty: Bucket, buckets: Sequence[Bucket]) -> TooManyRequests:
        LIMITED.labels(empty.name).inc()
        missing = 1.0 - self._left(empty)
        wait_s = max(1, math.ceil(missing / empty.per_second))
        states = [
            (each, 0, wait_s) if each is empty else (each, int(self._left(each)), each.window_s)
            for each in buckets
        ]
        return TooManyRequests(
            f"The {empty.name} may send {empty.per_second:g} requests a second, and {empty.burst:g} at once; "
            f"go on in {wait_s} s.",
            wait_s,
            _headers(states),
        )

    async def _refill(self, empty: Bucket) -> None:
        """Take more out of a bucket, in one statement with all others that wait. Errors: Unavailable."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((empty, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="rate limits")
        await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # Requests that arrive together share a statement.
                waiting, self._waiting = self._waiting, []
                wishes = _wishes([each for each, _ in waiting])
                try:
                    self._note(wishes, await self._take(wishes))
                except Exception as error:  # noqa: BLE001 - whoever waits gets the error.
                    _end(waiting, error)
                _end(waiting)
        finally:
            self._task = None
            for _, future in self._waiting:
                future.cancel()

    def _note(self, wishes: Sequence[Wish], grants: Mapping[UUID, Grant]) -> None:
        now_s = self._clock_s()
        for each, most in wishes:
            own, got = self._allowance(each), grants[each.id]
            own.left = got.granted + (own.left if own.expires_s >= now_s else 0.0)
            own.expires_s = now_s + LEASE_EXPIRES_S
            own.available, own.read_s = got.available, now_s
            if got.granted < most:
                own.refused_until_s = now_s + each.pause_s


def _wishes(waiting: Sequence[Bucket]) -> list[Wish]:
    """Return one wish for each bucket that requests wait for; settings that change may differ between requests."""
    wishes: dict[UUID, Wish] = {}
    for each in waiting:
        former = wishes.get(each.id)
        wishes[each.id] = Wish(each, (former.wanted if former else each.in_advance) + 1)
    return list(wishes.values())


def _end(
    waiting: Sequence[tuple[Bucket, asyncio.Future[None]]], error: Exception | None = None
) -> None:
    for _, future in waiting:
        if not future.done():
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


def _headers(states: Sequence[tuple[Bucket, int, int]]) -> dict[str, str]:
    """Return the headers for buckets, what is left in each, and in how many seconds that changes."""
    policies = ", ".join(
        f'"{each.name}";q={each.burst:.0f};w={each.window_s}' for each, _, _ in states
    )
    left = ", ".join(f'"{each.name}";r={most};t={reset_s}' for each, most, reset_s in states)
    return {"RateLimit-Policy": policies, "RateLimit": left}
