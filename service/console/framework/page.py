"""A row of the table of pages: what serves a method of an address, and who may open it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from service.console.sessions.caller import ADMINISTRATOR, AUDITOR, OPERATOR

PREFIX: Final = "/console"

EVERYBODY: Final = frozenset[str]()  # Also without a session.
ADMINISTRATORS: Final = frozenset({ADMINISTRATOR})
READERS: Final = frozenset({ADMINISTRATOR, AUDITOR})
OPERATORS: Final = frozenset({OPERATOR})
ANYBODY_SIGNED_IN: Final = frozenset({ADMINISTRATOR, AUDITOR, OPERATOR})

Handler = Callable[
    ..., Awaitable[Any]
]  # Takes a ConsoleCall, and the names in the path in their order.


@dataclass(frozen=True, slots=True)
class Page:
    """What serves a method of an address.

    `handle` takes the call, then the names in the path in their order; a name that is `id` or ends in `_id` is a
    UUID. It returns what `call.show`, `call.go` or `call.csv` has made. A POST is checked before the handler runs:
    the same site, the token of the session.
    """

    method: str
    path: str  # Below /console, such as /people/{id}.
    roles: frozenset[str]  # Any of them is enough.
    handle: Handler
    is_stream: bool = False  # It answers for long: with live updates or a large file.
