"""Plain reads: GETs of resources by a unique key, which the connection answers by a shortcut.

What surrounds a request surrounds a plain read too, and by the same parts: authentication, the limits on rates and on
what is worked on at once, the bound for each client behind a proxy, the id, the log line, what is noted of each
request. A read that is not plain in any respect goes the ordinary way: its token was not looked up lately, a limit is
reached, nothing is found, Postgres fails, the answer is long.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

from aiohttp import HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from multidict import istr

from projections.directory.queries.point_reads import Key, Lookup, Resource
from service.callers.authenticate import AuthenticatedCaller
from service.http.answer import head_of
from service.http.connections.client_address import client_of
from service.http.connections.draining import Draining
from service.http.connections.registry import RequestsInFlight
from service.http.connections.shortcut import ShortcutConnection
from service.http.kept import note_read
from service.http.media_type import MEDIA_TYPE
from service.http.parts import Service
from service.http.request_state import sent_id
from service.ids import new_id
from service.log import line_writer
from service.metrics.requests import count

ANSWER_BYTES_MAX: Final = (
    32_768  # A longer answer is made beside the event loop, or waits for a slow client.
)
OK: Final = (200, MEDIA_TYPE)
AUTHORIZATION, HOST, EXPECT = istr("Authorization"), istr("Host"), istr("Expect")
X_REQUEST_ID = istr("X-Request-Id")


class Shown(NamedTuple):
    """What an answer shows: its body, and the headers that go with it."""

    body: bytes
    headers: dict[str, str]


class PlainRead(NamedTuple):
    """A read by key. `show` makes the answer of what was found and of the service's URL; None if it is not plain."""

    route: str  # Of the log line.
    lookup: Lookup
    key: Key
    show: Callable[[list[Resource], str], Shown | None]


class PlainReads(NamedTuple):
    """Which requests are plain reads: by their path with its query, and by the headers that they may not have."""

    find: Callable[[str], PlainRead | None]
    other_headers: tuple[str, ...]
    scope: str


class PlainReader:
    """Answers plain reads. It is the shortcut of a server's connections."""

    def __init__(
        self,
        service: Service,
        reads: PlainReads,
        in_flight: RequestsInFlight,
        draining: Draining,
    ) -> None:
        self.service, self.in_flight, self.draining = service, in_flight, draining
        self._find, self._scope = reads.find, reads.scope
        self._other_headers = (EXPECT, *map(istr, reads.other_headers))
        self.write_line = line_writer("request_answered")

    def begin(self, connection: ShortcutConnection, message: RawRequestMessage) -> "Reading | None":
        """Begin to answer a request; None if it is no plain read, or may not pass at once."""
        headers = message.headers
        is_plain = message.method == "GET" and message.version is HttpVersion11
        read = self._find(message.path) if is_plain else None
        if read is None or any(each in headers for each in self._other_headers):
            return None
        if self.draining.is_on:  # Then no connection is kept.
            return None
        peer, service = connection.peer, self.service
        client = client_of(peer, headers) if peer.is_proxy else peer.address
        caller = service.authenticator.find_fresh(headers.get(AUTHORIZATION), client, renew=True)
        if caller is None or self._scope not in caller.scopes:
            return None
        organization_id = caller.caller.organization.id
        if not self._may_pass(caller, organization_id):
            return None
        client = client if peer.is_proxy else ""
        if client and not self.in_flight.take(client):
            self.give_back(caller, organization_id)
            return None
        if not connection.has_authenticated:
            connection.has_authenticated = True
            connection.connections.note_authenticated(connection)
        origin = service.hosts.origin_at(
            "https" if connection.ssl_context else "http",
            headers.get(HOST, ""),
            connection.sockname,
        )
        reading = Reading(self, connection, caller, read=read, origin=origin, client=client)
        reading.sent_id = sent_id(headers.get(X_REQUEST_ID))
        service.reader.find_then(read.lookup, organization_id, read.key, reading.end)
        return reading

    def _may_pass(self, caller: AuthenticatedCaller, organization_id: UUID) -> bool:
        """Return whether a request may be worked on at once; then `give_back` must follow, or `end`."""
        if not self.service.turns.take_now(organization_id):
            return False
        if caller.buckets and not self.service.rates.pass_now(caller.buckets):
            self.service.turns.give_back(organization_id)
            return False
        return True

    def give_back(self, caller: AuthenticatedCaller, organization_id: UUID) -> None:
        """Undo what `begin` took for a request, which is not answered here."""
        self.service.turns.give_back(organization_id)
        if caller.buckets:
            self.service.rates.give_back(caller.buckets)


class Reading:
    """A plain read that waits for its resources."""

    __slots__ = (
        "_caller",
        "_client",
        "_connection",
        "_origin",
        "_read",
        "_reader",
        "_started",
        "id",
        "sent_id",
    )

    def __init__(
        self,
        reader: PlainReader,
        connection: ShortcutConnection,
        caller: AuthenticatedCaller,
        *,
        read: PlainRead,
        origin: str,
        client: str,
    ) -> None:
        self._started = time.perf_counter()
        self.id = new_id()
        self.sent_id: str | None = None  # The id that the client gave its request.
        self._reader, self._connection, self._caller = reader, connection, caller
        self._read, self._origin = read, origin
        self._client = client  # Behind a proxy; empty: the peer is the client.

    def end(self, found: list[Resource], error: Exception | None) -> None:
        """Answer with what was found, or leave the request to the ordinary way."""
        reader, caller = self._reader, self._caller
        organization_id = caller.caller.organization.id
        if self._client:
            reader.in_flight.give_back(self._client)
        shown = None
        if error is None and self._connection.taken is self:
            # Whatever fails, the ordinary way meets it too, and says what it is.
            with suppress(Exception):
                shown = self._read.show(found, self._origin)
        if shown is None or len(shown.body) > ANSWER_BYTES_MAX:
            reader.give_back(caller, organization_id)
            self._connection.leave(self)
            return
        reader.service.turns.give_back(organization_id)
        self._answer(shown)

    def _answer(self, shown: Shown) -> None:
        reader, read, caller = self._reader, self._read, self._caller
        headers: dict[str, str] = shown.headers
        shown_id = str(self.id)
        headers["X-Request-Id"] = self.sent_id or shown_id
        if caller.buckets:
            headers.update(reader.service.rates.headers(caller.buckets))
        duration_s = time.perf_counter() - self._started
        duration_ms = round(duration_s * 1000, 2)
        count("GET", read.route, OK[0], duration_s)
        origin = (caller.caller.organization.id, caller.token.token_id)
        note_read(reader.service.kept, origin, self.id, route=read.route, duration_ms=duration_ms)
        sent = {"client_request_id": self.sent_id} if self.sent_id else {}
        reader.write_line(
            request_id=shown_id,
            method="GET",
            route=read.route,
            status=200,
            duration_ms=duration_ms,
            **sent,
        )
        self._connection.answer(self, head_of(OK, headers, len(shown.body)), shown.body)
