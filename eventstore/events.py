"""An event before it is appended, and after."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

Source = Literal["scim", "console", "cli"]  # By which door it came.


class Provenance(NamedTuple):
    """Who caused an event, and how; all events of one request share it."""

    actor_id: str  # The technical account's id, or cli:<uid>(<account>), with `as <name>` where one is given.
    token_id: UUID | None  # None: it came through no token.
    request_id: UUID
    source: Source


class NewEvent(NamedTuple):
    """A fact to append; the append gives it its position and its instant.

    A tuple, as the others here: a frozen dataclass takes four times as long to make, and each write and
    each event of a rebuild makes one.
    """

    stream_id: UUID
    version: int  # The stream's next, from 1: what makes the append an optimistic lock.
    event_id: UUID
    type: str
    schema_version: int
    data: str  # JSON; stored as this very text.
    personal: bytes | None  # To be sealed; None: there is nothing personal.
    subject_id: UUID | None  # Whose key seals it; None exactly when `personal` is.
    provenance: Provenance


class RecordedEvent(NamedTuple):
    """A fact as the log holds it, in the order of its columns."""

    organization_id: UUID
    position: int  # In the organization's log, from 1, gapless.
    stream_id: UUID
    version: int  # In the stream, from 1, gapless.
    event_id: UUID
    type: str
    schema_version: int
    recorded_at: datetime  # Later than at the position before.
    actor_id: str
    token_id: UUID | None
    request_id: UUID
    source: Source
    data: str
    sealed: bytes | None  # None: it has no personal part.
    subject_id: UUID | None
