"""The request context: the service, and the caller who makes the request."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from aiohttp import web

from eventstore.events import Provenance
from schema.scim.budget import Budget
from schema.scim.errors import InsufficientScope
from service.callers.authenticate import AuthenticatedCaller
from service.callers.scopes import SCIM, lacking
from service.http.authentication import authenticate_request
from service.http.parts import Service
from service.http.request_state import STATE
from service.http.server import Handler
from service.scim.base_path import BASE_PATH
from service.write.batch import Outcome
from service.write.commands import Command

CONFLICTS_NOTED_MAX = 20  # Of roles, in the log line of a bulk.


class RequestContext(NamedTuple):
    """A request's caller, its id, and the service that answers it."""

    service: Service
    authenticated: AuthenticatedCaller
    base: str  # The URL of the SCIM endpoint, without a slash at its end.
    request_id: UUID
    notes: dict[str, Any]  # Further fields of the request's log line.
    budget: Budget  # What the commands of the request may cost in all.

    @property
    def organization_id(self) -> UUID:
        """Return the organization that the token stands for: the only one this request may see."""
        return self.authenticated.caller.organization.id

    async def submit(self, command: Command, *, is_long: bool = False) -> Outcome:
        """Carry out a command in the name of the technical account; a long one is decided beside the event loop."""
        authenticated = self.authenticated
        token_id = authenticated.token.token_id
        provenance = Provenance(authenticated.actor_id, token_id, self.request_id, "scim")
        lanes = self.service.lanes
        outcome = await lanes.submit(
            command, authenticated.caller, provenance, is_long=is_long, budget=self.budget
        )
        if not outcome.is_changed:
            self.notes["unchanged"] = self.notes.get("unchanged", 0) + 1
        if outcome.role_conflict:
            self._note_conflict(outcome.role_conflict)
        return outcome

    def _note_conflict(self, roles: tuple[str, ...]) -> None:
        """Add the roles of one user to the log line; a bulk may have many users."""
        noted = self.notes.setdefault("role_conflicts", [])
        if len(noted) < CONFLICTS_NOTED_MAX:
            noted.append(list(roles))


Handle = Callable[[web.Request, RequestContext], Awaitable[web.StreamResponse]]
Check = Callable[[web.Request], None]  # Raises ScimError for a request that must not be served.
HandleAnyone = Callable[[web.Request, RequestContext | None], Awaitable[web.StreamResponse]]


def authenticating(handle: Handle, scope: str, check: Check | None = None) -> Handler:
    """Return a handler that checks the request, then authenticates the caller. The token must grant the scope."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if check is not None:
            check(request)
        return await handle(request, await authenticate(request, scope))

    return answer


def authenticating_if_sent(handle: HandleAnyone, scope: str, check: Check) -> Handler:
    """Return a handler that also serves requests without a token; a token that is sent must be valid."""

    async def answer(request: web.Request) -> web.StreamResponse:
        check(request)
        is_sent = "Authorization" in request.headers
        return await handle(request, await authenticate(request, scope) if is_sent else None)

    return answer


async def authenticate(request: web.Request, scope: str) -> RequestContext:
    """Return the context of a request. Errors: those of `authenticate_request`, InsufficientScope."""
    authenticated = await authenticate_request(request)
    if scope not in authenticated.scopes:
        raise InsufficientScope(lacking(scope), SCIM)
    state = request[STATE]
    service = state.service
    assert service is not None
    base = base_url(request, service)
    return RequestContext(service, authenticated, base, state.request_id, state.notes, Budget())


def base_url(request: web.Request, service: Service) -> str:
    """Return the URL at which the client reaches the SCIM endpoint; it is safe inside JSON."""
    return service.hosts.origin(request) + BASE_PATH
