"""What clients sent and how it was answered: a record that the service cannot touch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID


class Kind(Enum):
    """What a request asks for."""

    CREATE_USER = "create a user"
    CHANGE_USER = "change a user"
    DELETE_USER = "delete a user"
    CREATE_GROUP = "create a group"
    CHANGE_GROUP = "change a group"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request wants its resource to be afterwards; `name` is its displayName.

    A name is used once in a whole drill, so that it leads from an event to the request behind it.
    """

    name: str
    active: bool = True
    role_id: UUID | None = None  # Of a user.
    members: frozenset[UUID] = frozenset()  # That a group has at least.


@dataclass(slots=True)
class Try:
    """A request as sent once. `status` is None while it waits, and where the connection was lost."""

    began_s: float
    ended_s: float | None = None
    status: int | None = None
    request_id: UUID | None = None


@dataclass(slots=True)
class Attempt:
    """A request that is sent until it is answered; the client relies on the last answer."""

    kind: Kind
    wish: Wish
    method: str
    path: str
    body: Mapping[str, Any] | None
    stream_id: UUID | None = None  # None until an answer has it.
    version: int | None = None  # As acknowledged; None for a deletion.
    acknowledged: Try | None = None  # The try that the service answered as done, if one did.
    tries: list[Try] = field(default_factory=list)

    @property
    def latest(self) -> Try:
        """Return the last try."""
        return self.tries[-1]


@dataclass(slots=True)
class Ledger:
    """All attempts on one organization, and the answers that no client should ever get."""

    attempts: list[Attempt] = field(default_factory=list)
    wrong_answers: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Attempt]:
        """Return the attempts that the clients rely on."""
        return [each for each in self.attempts if each.acknowledged]
