"""All open connections of a server: how many there may be, and which one is closed to make room."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import structlog
from aiohttp import web
from prometheus_client import Counter, Gauge

from schema.scim.errors import TooManyRequests
from service.addresses import limit_key
from service.http.connections.client_address import Peer, client_address

EACH_MAX = 256  # Connections of one client address.
REPORT_INTERVAL_S = 10.0
UNLIMITED_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})

log = structlog.get_logger()

OPEN = Gauge(
    "scim_ledger_connections",
    "Connections of clients that are open.",
    multiprocess_mode="livesum",
)
REFUSED = Counter(
    "scim_ledger_connections_refused_total",
    "Connections that were closed because too many were open, by the limit: total or address.",
    ["limit"],
)


class Connection(Protocol):
    """What the registry has to know about a connection."""

    peer: Peer
    has_authenticated: bool

    @property
    def is_idle(self) -> bool:
        """Return whether no request is in flight."""
        ...

    def abort(self) -> None:
        """Close the connection at once."""
        ...


class Refusal(NamedTuple):
    """A connection that has to go, and the limit that was reached."""

    connection: Connection
    limit: str


@dataclass(slots=True)
class Report:
    """When a limit was logged last, and how many connections were closed since."""

    at_s: float = float("-inf")
    closed: int = 0


class Connections:
    """The open connections of a server, oldest first.

    At a limit, the oldest idle connection that never authenticated is closed, else the oldest idle one, else the
    new one. So a client that opens connections without end closes its own, and not those that do work.
    """

    def __init__(self, total_max: int, each_max: int = EACH_MAX) -> None:
        self._total_max, self._each_max = total_max, each_max
        self._open: dict[Connection, None] = {}
        self._strangers: dict[Connection, None] = {}  # Those that never authenticated.
        self._by_address: dict[str, dict[Connection, None]] = {}
        self._reports = {"total": Report(), "address": Report()}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, new: Connection, now_s: float) -> None:
        """Take a connection in; at a limit, close one. A trusted proxy has no limit of its own."""
        refusal = self._refusal(new)
        self._open[new] = self._strangers[new] = None
        self._by_address.setdefault(new.peer.limit_key, {})[new] = None
        OPEN.inc()
        if refusal is not None:
            self.remove(refusal.connection)
            self._report(refusal, new.peer, now_s)
            refusal.connection.abort()

    def remove(self, connection: Connection) -> None:
        """Forget a connection. Repeating it changes nothing."""
        if connection not in self._open:
            return
        del self._open[connection]
        self._strangers.pop(connection, None)
        key = connection.peer.limit_key
        own = self._by_address[key]
        del own[connection]
        if not own:
            del self._by_address[key]
        OPEN.dec()

    def note_authenticated(self, connection: Connection) -> None:
        """Close this connection only after all that never authenticated."""
        self._strangers.pop(connection, None)

    def _refusal(self, new: Connection) -> Refusal | None:
        own = self._by_address.get(new.peer.limit_key, {})
        if len(own) >= self._each_max and not new.peer.is_proxy:
            strangers = (each for each in own if not each.has_authenticated)
            return Refusal(_first_idle(strangers) or _first_idle(own) or new, "address")
        if len(self._open) >= self._total_max:
            return Refusal(_first_idle(self._strangers) or _first_idle(self._open) or new, "total")
        return None

    def _report(self, refusal: Refusal, peer: Peer, now_s: float) -> None:
        """Count a closed connection, and log it at most once in ten seconds for each limit."""
        REFUSED.labels(refusal.limit).inc()
        report = self._reports[refusal.limit]
        report.closed += 1
        if now_s - report.at_s < REPORT_INTERVAL_S:
            return
        if refusal.limit == "total":
            log.warning("connections_at_limit", limit=self._total_max, closed=report.closed)
        else:
            log.warning(
                "connections_of_address_at_limit",
                limit=self._each_max,
                address=peer.address,
                closed=report.closed,
            )
        report.at_s, report.closed = now_s, 0


def _first_idle(connections: Iterable[Connection]) -> Connection | None:
    return next((each for each in connections if each.is_idle), None)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RequestsInFlight:
    """Counts the requests in flight of each client behind a trusted proxy: at most so many are served at once.

    The connections of a proxy are no measure of its clients; their requests in flight are.
    """

    def __init__(self, each_max: int = EACH_MAX) -> None:
        self.each_max = each_max
        self._counts: dict[str, int] = {}

    def take(self, client: str) -> bool:
        """Return whether one more request of a client may be served; then `give_back` must follow."""
        key = limit_key(client)
        if self._counts.get(key, 0) >= self.each_max:
            return False
        self._counts[key] = self._counts.get(key, 0) + 1
        return True

    def give_back(self, client: str) -> None:
        """Note that a request is answered."""
        key = limit_key(client)
        self._counts[key] -= 1
        if not self._counts[key]:
            del self._counts[key]


def bounded_per_client(handle: Handler, in_flight: RequestsInFlight) -> Handler:
    """Return a handler that serves at most so many requests at once of one client behind a trusted proxy."""

    async def answer(request: web.Request) -> web.StreamResponse:
        peer: Peer = cast("Any", request.protocol).peer
        if not peer.is_proxy or request.path in UNLIMITED_PATHS:
            return await handle(request)
        client = client_address(request)
        if not in_flight.take(client):
            REFUSED.labels("address").inc()
            raise TooManyRequests(
                f"{in_flight.each_max} requests of this client are in flight; wait for their answers.",
                1.0,
            )
        try:
            return await handle(request)
        finally:
            in_flight.give_back(client)

    return answer
