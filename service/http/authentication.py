"""What all ways in share before a handler runs: the caller is authenticated, within the limits."""

from typing import Any, cast
from uuid import UUID

from aiohttp import web

from schema.scim.errors import Unauthorized
from service.addresses import limit_key
from service.callers.authenticate import AuthenticatedCaller
from service.http.connections.client_address import client_address
from service.http.connections.handler import BoundedConnection
from service.http.parts import SERVICE
from service.http.refusal_log import ORIGIN, Origin
from service.limits.offload import WORKS_FOR
from service.limits.rate import Bucket
from service.metrics.requests import UNAUTHORIZED

# The organization whose turn a request has; it is given back when the request is answered.
TURN = web.RequestKey("turn", UUID)
# The limits that a request counts for.
BUCKETS: web.RequestKey[tuple[Bucket, ...]] = web.RequestKey("buckets", tuple)


async def authenticate_request(request: web.Request) -> AuthenticatedCaller:
    """Return who a request comes from.

    The request counts for the limits of its organization and of its token. Failures count for the client's
    address; a valid token is never refused because of them.
    Errors: Unauthorized, TooManyRequests, Unavailable.
    """
    service, address = request.app[SERVICE], client_address(request)
    try:
        authenticated = await service.authenticator.authenticate(
            request.headers.get("Authorization"), address
        )
    except Unauthorized as error:
        UNAUTHORIZED.labels(error.reason).inc()
        count_failure(request)
        raise
    note_authenticated(request)
    organization_id = authenticated.caller.organization.id
    request[ORIGIN] = Origin(organization_id, authenticated.token.token_id)
    WORKS_FOR.set(organization_id)
    if authenticated.buckets:
        request[BUCKETS] = authenticated.buckets
        await service.rates.pass_one(authenticated.buckets)
    if TURN not in request:
        await service.turns.take(organization_id)
        request[TURN] = organization_id
    return authenticated


def count_failure(request: web.Request) -> None:
    """Count a failed authentication for the client's address. Errors: TooManyRequests."""
    request.app[SERVICE].failures.count(limit_key(client_address(request)))


def note_authenticated(request: web.Request) -> None:
    """Note that the client of a connection has authenticated."""
    connection: BoundedConnection = cast("Any", request.protocol)
    if not connection.has_authenticated:
        connection.has_authenticated = True
        connection.connections.note_authenticated(connection)
