"""What a handler has at hand: the service, and who makes the request."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from aiohttp import web

from eventstore.events import Provenance
from eventstore.seal import Sealer
from projections.borrow import borrowed
from projections.load import Connection
from projections.read import PointReader
from projections.totals import Totals
from service.batch import Outcome
from service.commands import Command
from service.gate import Gate, Visitor
from service.lane import Lanes
from service.scim.middleware import NOTES, REQUEST_ID
from service.scim.refusal_log import ORIGIN, Origin
from service.shares import Shares

BASE_PATH = "/api/scim/v2"
CONFLICTS_NOTED_MAX = 20  # Of roles, in the log line of a bulk.
READ_TIMEOUT_S = 25.0  # For a page; Postgres ends statements before that.
HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running service. `public_url` is None where requests tell it (Host)."""

    pool: asyncpg.Pool
    lanes: Lanes
    reader: PointReader
    gate: Gate
    sealer: Sealer
    readings: Shares  # Of the pool's connections, for pages.
    streams: Shares  # For answers that hold a connection as long as their client reads.
    large: Shares  # For bodies of megabytes.
    public_url: str | None = None
    totals: Totals = field(default_factory=Totals)


SERVICE = web.AppKey("service", Service)


class Exchange(NamedTuple):
    """A request that was admitted."""

    service: Service
    visitor: Visitor
    base: str  # The URL of the SCIM endpoint, without a slash at its end.
    request_id: UUID
    notes: dict[str, Any]  # What the request's log line says besides.

    @property
    def organization_id(self) -> UUID:
        """Return the organization that the token stands for: the only one this request may see."""
        return self.visitor.caller.organization.id

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Give a connection to read pages with, of which writes and point reads always find some left."""
        async with (
            self.service.readings.turn(self.organization_id),
            borrowed(self.service.pool, timeout_s=READ_TIMEOUT_S) as connection,
        ):
            yield connection

    async def submit(self, command: Command, *, is_long: bool = False) -> Outcome:
        """Carry out a command in the name of the technical account; a long one is decided aside."""
        visitor = self.visitor
        token_id = visitor.access.token_id
        provenance = Provenance(visitor.actor_id, token_id, self.request_id, "scim")
        lanes = self.service.lanes
        outcome = await lanes.submit(command, visitor.caller, provenance, is_long=is_long)
        if outcome.role_conflict:
            self._note_conflict(outcome.role_conflict)
        return outcome

    def _note_conflict(self, roles: tuple[str, ...]) -> None:
        """Add the roles of one user to the log line; a bulk may have many users."""
        noted = self.notes.setdefault("role_conflicts", [])
        if len(noted) < CONFLICTS_NOTED_MAX:
            noted.append(list(roles))


async def admit(request: web.Request) -> Exchange:
    """Return the exchange of a request. Errors: Unauthorized, Unavailable."""
    service = request.app[SERVICE]
    visitor = await service.gate.admit(request.headers.get("Authorization"))
    request[ORIGIN] = Origin(visitor.access.organization.id, visitor.access.token_id)
    return Exchange(
        service, visitor, base_url(request, service), request[REQUEST_ID], request[NOTES]
    )


async def admit_anyone(request: web.Request) -> Exchange | None:
    """Return the exchange of a request, None for one without a token: it is answered all the same.

    Errors: Unauthorized for a token that is wrong, Unavailable.
    """
    return await admit(request) if "Authorization" in request.headers else None


def base_url(request: web.Request, service: Service) -> str:
    """Return the URL under which the client knows the SCIM endpoint; it is safe inside JSON."""
    if service.public_url:
        return service.public_url + BASE_PATH
    return _base_url(request.scheme, request.headers.get("Host", ""))


@lru_cache(maxsize=256)
def _base_url(scheme: str, host: str) -> str:
    return f"{scheme}://{host if HOST.fullmatch(host) else 'localhost'}{BASE_PATH}"
