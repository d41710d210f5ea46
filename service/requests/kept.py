"""What requests leave behind, in memory until it is written: no request waits for it, and a crash may lose a second."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from prometheus_client import Counter

from service.clock import Clock

WAITING_MAX: Final = 5_000  # Requests that wait to be written.
SIGHTINGS_MAX: Final = 10_000  # Tokens whose requests wait.
REPEATED_MAX: Final = 1  # Of these findings of one organization, from one writing to the next.
REPEATED: Final = frozenset({"tooManyRequests", "serviceUnavailable", "logStopped"})
TEXT_MAX: Final = 1_000  # Characters of a detail or of a name.

NOT_KEPT = Counter(
    "scim_ledger_requests_not_kept_total",
    "Refused and unchanged requests that were not kept, because too many came at once.",
)


class Text(NamedTuple):
    """What a refusal says about somebody: it is sealed."""

    subject: str | None  # The name that was sent.
    detail: str
    parameters: Mapping[str, str]


class KeptRequest(NamedTuple):
    """A request, or an operation of a Bulk, that was refused or changed nothing."""

    organization_id: UUID
    id: UUID
    at_s: float  # Since the epoch.
    token_id: UUID | None
    request_id: UUID
    operation: int | None  # The place in a Bulk, from 0.
    is_refused: bool
    method: str
    route: str | None
    status: int
    scim_type: str | None
    attribute: str | None
    finding: str | None
    resource_id: UUID | None
    text: Text | None
    duration_ms: float | None


@dataclass(slots=True)
class Sighting:
    """The requests of one token since the last writing. Times are seconds since the epoch."""

    first_s: float
    last_s: float
    slowest_request_id: UUID
    slowest_method: str
    slowest_route: str | None
    slowest_ms: float = -1.0
    requests: int = 0
    reads: int = 0
    unchanged: int = 0
    refused: int = 0


Seen = tuple[UUID, UUID]  # Organization and token.


class KeptRequests:
    """Collects what requests leave behind. It is bounded: what does not fit is counted and dropped."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._waiting = deque[KeptRequest]()
        self._sightings: dict[Seen, Sighting] = {}
        self._repeated: dict[UUID, int] = {}

    def __len__(self) -> int:
        """Return how much waits to be written."""
        return len(self._waiting) + len(self._sightings)

    def see(  # noqa: PLR0913 - one call for each request: an object would cost more than the counting.
        self,
        seen: Seen,
        request_id: UUID,
        method: str,
        route: str | None,
        *,
        began_s: float,
        duration_ms: float,
        is_read: bool,
        unchanged: int,
        refused: int,
    ) -> None:
        """Count a request of a token."""
        began_s += self._clock.offset.total_seconds()
        found = self._sightings.get(seen)
        if found is None:
            if len(self._sightings) >= SIGHTINGS_MAX:
                NOT_KEPT.inc()
                return
            found = self._sightings[seen] = Sighting(began_s, began_s, request_id, method, route)
        found.requests += 1
        found.last_s = max(found.last_s, began_s + duration_ms / 1_000)
        found.first_s = min(found.first_s, began_s)
        found.reads += is_read
        found.unchanged += unchanged
        found.refused += refused
        if duration_ms > found.slowest_ms:
            found.slowest_ms, found.slowest_request_id = duration_ms, request_id
            found.slowest_method, found.slowest_route = method, route

    def keep(self, request: KeptRequest) -> None:
        """Keep a request, if there is room for it."""
        if request.finding in REPEATED:  # They come in floods, and all say the same.
            count = self._repeated.get(request.organization_id, 0)
            if count >= REPEATED_MAX:
                return
            self._repeated[request.organization_id] = count + 1
        if len(self._waiting) >= WAITING_MAX:
            NOT_KEPT.inc()
            return
        self._waiting.append(
            request._replace(at_s=request.at_s + self._clock.offset.total_seconds())
        )

    def take(self, limit: int) -> tuple[list[KeptRequest], dict[Seen, Sighting]]:
        """Take what waits out of memory: up to `limit` requests, and all sightings."""
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        sightings, self._sightings = self._sightings, {}
        self._repeated.clear()
        return taken, sightings

    def put_back(self, requests: Iterable[KeptRequest], sightings: Mapping[Seen, Sighting]) -> None:
        """Put back what could not be written, as far as there is room."""
        for each in reversed(list(requests)):
            if len(self._waiting) >= WAITING_MAX:
                NOT_KEPT.inc()
            else:
                self._waiting.appendleft(each)
        for key, former in sightings.items():
            later = self._sightings.get(key)
            self._sightings[key] = former if later is None else _joined(former, later)


def _joined(former: Sighting, later: Sighting) -> Sighting:
    slowest = max(former, later, key=lambda each: each.slowest_ms)
    return Sighting(
        min(former.first_s, later.first_s),
        max(former.last_s, later.last_s),
        slowest.slowest_request_id,
        slowest.slowest_method,
        slowest.slowest_route,
        slowest.slowest_ms,
        former.requests + later.requests,
        former.reads + later.reads,
        former.unchanged + later.unchanged,
        former.refused + later.refused,
    )
