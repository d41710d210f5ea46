"""What a request carries while it is answered: all in one object, since each look at a request's own mapping is a call.

The id of a request appears in log lines and in events, and in the answer's header unless the client sent an id.
"""

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from aiohttp import web

from schema.scim.errors import ScimError
from service.http.parts import Service
from service.limits.rate import Bucket
from service.limits.working_memory import WorkingMemory

SENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


class Origin(NamedTuple):
    """The organization and token of a request; empty unless the token's signature is right."""

    organization_id: UUID | None = None
    token_id: UUID | None = None


class Held(NamedTuple):
    """The memory that a request holds for its body, until it is answered."""

    memory: WorkingMemory
    holder: UUID | None
    size: int


@dataclass(slots=True)
class RequestState:
    """What a request carries. It changes in place, by whoever learns something of the request."""

    request_id: UUID
    notes: dict[str, Any] = field(default_factory=dict)  # What a handler adds to the log line.
    service: Service | None = None  # Set by who authenticates the request.
    origin: Origin | None = None  # None: nobody has authenticated.
    # The organization whose turn the request has; it is given back when the request is answered.
    turn: UUID | None = None
    buckets: tuple[Bucket, ...] = ()  # The limits that the request counts for.
    held: Held | None = None
    text_bytes: int = 0  # Of a long body, once it is inflated.
    subject: str | None = None  # The name of what the request would create.
    refusal: ScimError | None = None
    operations_refused: int = 0


STATE = web.RequestKey("state", RequestState)


def sent_id(value: str | None) -> str | None:
    """Return the id that a client gave its request; None if it gave none, or one that may break a log line."""
    return value if value and SENT.fullmatch(value) else None


def answered_id(request: web.Request) -> str:
    """Return the id for the header of the answer: the one that the client sent, else ours."""
    return sent_id(request.headers.get("X-Request-Id")) or str(request[STATE].request_id)
