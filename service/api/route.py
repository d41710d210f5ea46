"""A route of an API: a row of the table that is served, that grants access, and that OpenAPI describes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from service.api.models import Message
from service.http.body import BODY_LIMIT_BYTES

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"  # RFC 7396


@dataclass(frozen=True, slots=True)
class Route:
    """What serves a method of a path.

    `handle` takes the call, the names in the path in their order, then the query and the body if the route
    has them. It returns an instance of `answer`; None for an answer without content; or a response of
    aiohttp's, for what is no JSON message. A name in the path that is `id` or ends in `Id` is a UUID.
    """

    method: str
    path: str  # Below the prefix; names are in braces.
    scope: str
    handle: Callable[..., Awaitable[Any]]
    summary: str
    answer: Any = None  # A class of messages.
    query: type[Message] | None = None
    body: type[Message] | None = None
    may_omit_body: bool = False
    status: int = 200
    produces: str = JSON
    is_recorded: bool = False  # Whether the log says who read it.
    body_limit_bytes: int = BODY_LIMIT_BYTES

    @property
    def media_types(self) -> tuple[str, ...]:
        """Return the media types that the body may have."""
        return (MERGE_PATCH, JSON) if self.method == "PATCH" else (JSON,)


@dataclass(frozen=True, slots=True)
class Api:
    """A table of routes below a prefix, and what it is for."""

    prefix: str  # Such as /api/admin/v1.
    title: str
    routes: tuple[Route, ...]
    # Finds out who calls, for a scope, and returns the call that handlers take; None: a token of an organization.
    authenticate: Callable[[web.Request, str], Awaitable[Any]] | None = None
