"""The events that say something about the log itself: how its proof began, went on, and who read it or got evidence of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from schema.events.event import Event, PersonalEvent


class LogPoint(BaseModel):
    """A size of a log, and the root of its tree at this size, in base64."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid"
    )

    size: int
    root_hash: str
    note: str | None = None  # The checkpoint, if there is one.


class ProofBegun(Event):
    """The tree of a log was begun when it had so many events already: what came before was hashed as it was found."""

    size: int
    root_hash: str  # In base64.
    reason: str | None = None  # Of the operator who began it by hand.


class LogKeyChanged(Event):
    """Another key signs the checkpoints from now on."""

    from_: str = Field(alias="from")  # A vkey (C2SP signed-note).
    to: str
    reason: str
    compromised: bool | None = None  # True: the former key does not sign the change.


class LogRestored(Event):
    """It was declared that the end of the log was lost: an older backup, or a standby without its tail."""

    kept: LogPoint
    lost: LogPoint  # Without a note if no checkpoint of it is known; then its root is empty.
    reason: str
    tokens: Literal["keep", "revoke"]  # Revocations may be among what was lost.


class AuditExported(Event):
    """Somebody got a part of the log."""

    what: Literal["evidence", "events", "access", "report", "organization"]
    from_position: int
    to_position: int
    digest: str  # SHA-256 in hexadecimal: of the file, or of the manifest of a bundle of evidence.
    disclosure: Literal["full", "subject", "none"]
    subject_id: str | None = None  # Whose values were disclosed, if only one person's.


class AuditRead(PersonalEvent):
    """Somebody read the log within an hour, through the audit API or the command line: all these reads in one event.

    Version 2 seals the names that were searched for and that nobody had, under the key of the organization: `names` of the
    values. People and groups that were found are `subjects`.
    """

    schema_version: ClassVar[int] = 2
    first_at: datetime
    last_at: datetime
    reads: int
    paths: Mapping[str, int]  # The path of each route, or the command → how often.
    to_position: int | None = None  # The last position of the log that an answer was computed at.
    subjects: tuple[UUID, ...] = ()  # The people and groups that were asked for.
    subjects_left_out: int | None = None  # How many more they were.
    names_sought: int | None = None  # How many names are sealed.


ProofEvent = ProofBegun | LogKeyChanged | LogRestored | AuditExported | AuditRead
