"""Who calls the operators' API. Only a token of an operator opens it, whatever the scopes of other tokens say."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from aiohttp import web

from eventstore.postgres.pool import borrowed
from schema.scim.errors import InsufficientScope, Unauthorized
from service.callers.scopes import lacking
from service.http.authentication import authenticate_request, count_failure, note_authenticated
from service.http.parts import SERVICE, Service
from service.http.request_state import STATE
from service.operate.tokens import PREFIX, OperatorToken, find
from service.runtime import Runtime
from service.unavailable import unavailable_in_outages

TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """A request of an operator."""

    service: Service
    token: OperatorToken
    request: web.Request
    request_id: UUID

    @property
    def runtime(self) -> Runtime:
        """Return the open parts that use cases work with."""
        return self.service.runtime


async def authenticate_operator(request: web.Request, scope: str) -> OperatorCall:
    """Return who calls. Errors: Unauthorized, InsufficientScope, TooManyRequests, Unavailable."""
    scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token.startswith(PREFIX):
        await authenticate_request(request)
        raise InsufficientScope(lacking(scope), scope)
    service = request.app[SERVICE]
    with unavailable_in_outages():
        async with borrowed(service.pool, timeout_s=TIMEOUT_S) as connection:
            found = await find(connection, token)
    if found is None or found.state != "active":
        count_failure(request)
        state = "unknown" if found is None else found.state
        raise Unauthorized(f"The token is {state}; issue a new one on the command line.")
    note_authenticated(request)
    return OperatorCall(service, found, request, request[STATE].request_id)
