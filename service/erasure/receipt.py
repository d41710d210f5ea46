"""The receipt of an erasure: what was removed, and what is still held elsewhere, until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

KEY_EXPORT_DAYS: Final = 30  # How long the operator may keep exports of keys.


@dataclass(frozen=True, slots=True)
class Backups:
    """Until when the operator's backups may still hold a person. Keeping to it is the operator's duty."""

    retention_days: int
    key_exports_until: date
    physical_copies_until: date


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A part of the log that was given out and may hold the person's values: nobody can take it back."""

    position: int  # Of the event that says so.
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What erasing a person did."""

    subject_id: UUID
    name: str  # What remains of it, such as "Erased person 17".
    reason: str
    forced: bool
    position: int  # Of UserErased.
    erased_at: datetime  # The key was destroyed in the same transaction.
    erased_by: str  # As the event holds it.
    backups: Backups
    cleared: Mapping[str, int] = field(default_factory=dict)  # Rows by table.
    disclosed: Sequence[Disclosed] = ()
    outside_copy: str = "written"  # late: the service writes it as soon as it can.


def backups_of(erased_at: datetime, retention_days: int) -> Backups:
    """Return until when backups hold a person who was erased at an instant."""
    return Backups(
        retention_days,
        (erased_at + timedelta(days=KEY_EXPORT_DAYS)).date(),
        (erased_at + timedelta(days=retention_days)).date(),
    )


def as_document(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as JSON."""
    backups = receipt.backups
    return {
        "subjectId": receipt.subject_id,
        "name": receipt.name,
        "reason": receipt.reason,
        "forced": receipt.forced,
        "position": receipt.position,
        "erasedAt": receipt.erased_at,
        "erasedBy": receipt.erased_by,
        "cleared": dict(receipt.cleared),
        "backups": {
            "retentionDays": backups.retention_days,
            "keyExportsUntil": backups.key_exports_until,
            "physicalCopiesUntil": backups.physical_copies_until,
        },
        "disclosed": [
            {"position": each.position, "at": each.at, "what": each.what}
            for each in receipt.disclosed
        ],
        "outsideCopy": receipt.outside_copy,
    }
