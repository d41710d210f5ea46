"""What all ways in share before a handler runs: the caller is authenticated, within the limits."""

from typing import Any

from aiohttp import web

from schema.scim.errors import Unauthorized
from service.addresses import limit_key
from service.callers.authenticate import AuthenticatedCaller
from service.http.connections.client_address import client_address, client_of
from service.http.parts import SERVICE
from service.http.request_state import STATE, Origin
from service.limits.offload import WORKS_FOR
from service.metrics.requests import UNAUTHORIZED


async def authenticate_request(request: web.Request) -> AuthenticatedCaller:
    """Return who a request comes from.

    The request counts for the limits of its organization and of its token. Failures count for the client's
    address; a valid token is never refused because of them.
    Errors: Unauthorized, TooManyRequests, Unavailable.
    """
    service, state = request.app[SERVICE], request[STATE]
    state.service = service
    connection: Any = request.protocol  # A BoundedConnection; aiohttp's types cannot say so.
    address = client_of(connection.peer, request.headers)
    header = request.headers.get("Authorization")
    authenticated = service.authenticator.find_fresh(header, address)
    if authenticated is None:
        try:
            authenticated = await service.authenticator.authenticate(header, address)
        except Unauthorized as error:
            UNAUTHORIZED.labels(error.reason).inc()
            count_failure(request)
            raise
    if not connection.has_authenticated:
        note_authenticated(request)
    organization_id = authenticated.caller.organization.id
    state.origin = Origin(organization_id, authenticated.token.token_id)
    WORKS_FOR.set(organization_id)
    # What passes at once, as nearly every request does, passes without a coroutine.
    if buckets := authenticated.buckets:
        state.buckets = buckets
        if not service.rates.pass_now(buckets):
            await service.rates.pass_one(buckets)
    if state.turn is None:
        if not service.turns.take_now(organization_id):
            await service.turns.take(organization_id)
        state.turn = organization_id
    return authenticated


def count_failure(request: web.Request) -> None:
    """Count a failed authentication for the client's address. Errors: TooManyRequests."""
    request.app[SERVICE].failures.count(limit_key(client_address(request)))


def note_authenticated(request: web.Request) -> None:
    """Note that the client of a connection has authenticated."""
    connection: Any = request.protocol
    if not connection.has_authenticated:
        connection.has_authenticated = True
        connection.connections.note_authenticated(connection)
