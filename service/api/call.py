"""A request as the handler of an API sees it: who asks, and with what it is answered."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from aiohttp import web

from eventstore.events import Provenance
from schema.events.organization import Organization
from service.callers.authenticate import AuthenticatedCaller
from service.http.parts import Service
from service.runtime import Runtime

SOURCE: Final = "api"  # The door, as events name it.


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an API."""

    service: Service
    authenticated: AuthenticatedCaller
    request: web.Request
    request_id: UUID
    sought: set[str] = field(default_factory=set)  # Names that it searched for and that nobody has.
    asked_for: set[UUID] = field(default_factory=set)  # People and groups, as far as it names them.

    @property
    def runtime(self) -> Runtime:
        """Return the open parts that use cases work with."""
        return self.service.runtime

    @property
    def organization(self) -> Organization:
        """Return the organization that the token stands for, without its tokens: all that this request may see."""
        return self.authenticated.caller.organization

    @property
    def provenance(self) -> Provenance:
        """Return who acts, as the events of this request record it."""
        authenticated = self.authenticated
        return Provenance(
            authenticated.actor_id, authenticated.token.token_id, self.request_id, SOURCE
        )
