"""An event before it is appended, and after."""

from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

POSITION_MAX: Final = 2**63 - 1  # A position is a bigint of Postgres, from 1 on.

Source = Literal["scim", "console", "cli", "api", "system"]  # Through which door the event came.


class Provenance(NamedTuple):
    """Who caused an event, and how. All events of one request share it."""

    # The technical account's id, or cli:<uid>(<account>), followed by `as <name>` if a name was given.
    actor_id: str
    token_id: UUID | None  # None: no token was involved.
    request_id: UUID
    source: Source


class Cause(NamedTuple):
    """Which event it was, when, and who caused it: what an audit says of a value that the event gave."""

    position: int
    recorded_at: datetime
    actor_id: str
    token_id: UUID | None
    request_id: UUID
    source: Source


class NewEvent(NamedTuple):
    """A fact to append. The append gives it a position and an instant.

    This is a tuple, as the others here: creating a frozen dataclass takes four times as long, and every
    write and every event of a rebuild creates one.
    """

    stream_id: UUID
    version: int  # The stream's next version, from 1. It makes the append an optimistic lock.
    event_id: UUID
    type: str
    schema_version: int
    data: str  # JSON, stored exactly as this text.
    personal: bytes | None  # Sealed by the append. None: there is nothing personal.
    subject_id: UUID | None  # Whose key seals `personal`. None exactly if `personal` is None.
    provenance: Provenance


class RecordedEvent(NamedTuple):
    """A fact as the log holds it. The fields are in the order of the columns."""

    organization_id: UUID
    position: int  # In the organization's log: from 1, without gaps.
    stream_id: UUID
    version: int  # In the stream: from 1, without gaps.
    event_id: UUID
    type: str
    schema_version: int
    recorded_at: datetime  # Later than that of the position before.
    actor_id: str
    token_id: UUID | None
    request_id: UUID
    source: Source
    data: str
    sealed: bytes | None  # None: the event has no personal part.
    subject_id: UUID | None
