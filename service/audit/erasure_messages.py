"""The messages about erasures."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from service.api.models import Message
from service.audit.messages import ActorRow


class EraseRequest(Message):
    """Who is to be erased, and why."""

    subject_id: UUID = Field(description="The user's id.")
    reason: str = Field(
        max_length=1_000,
        description="Why, in one line that names nobody: it stays in the log for ever.",
    )
    force: bool = Field(False, description="Delete the user first, if the directory still has it.")


class BackupsRow(Message):
    """Until when the operator's backups may still hold the person."""

    retention_days: int
    key_exports_until: date
    physical_copies_until: date


class ErasureRow(Message):
    """Somebody who was erased."""

    subject_id: UUID
    name: str = Field(description="What remains of the person, such as: Erased person 17.")
    reason: str
    forced: bool = Field(description="The directory had the user, and the erasure deleted it.")
    position: int = Field(description="The event that says so.")
    erased_at: datetime
    erased_by: ActorRow
    backups: BackupsRow


class DisclosedRow(Message):
    """A part of the log that was given out and may hold the person's values."""

    position: int
    at: datetime
    what: str


class ErasureReceipt(ErasureRow):
    """What an erasure did."""

    cleared: dict[str, int] = Field(description="Rows that were removed or changed, by table.")
    disclosed: list[DisclosedRow] = Field(
        description="What was given out before: nobody can take it back."
    )
    outside_copy: str = Field(
        description="written, or late: the copy outside of the database does not have it yet."
    )
