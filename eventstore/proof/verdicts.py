"""What can be wrong with a log, by code: the gravest first. The codes are stable; metrics and answers use them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final
from uuid import UUID

MEANINGS: Final = {
    "malformed": "A checkpoint is not in the form of a signed note",
    "wrong_origin": "A checkpoint is another log's",
    "key_unknown": "No trusted key signed a checkpoint",
    "key_retired": "A checkpoint is signed by a key that was retired before its size",
    "signature_invalid": "A checkpoint's signature is not valid",
    "forked": "Two signed checkpoints contradict each other: history was rewritten with the key, or a restored "
    "database went on",
    "removed": "An event is missing between others",
    "reordered": "Events have changed places",
    "altered": "The log does not give the signed root",
    "forged": "An event has no mark of the service: somebody wrote it past the service",
    "truncated": "The log ends before its own checkpoint",
    "restored": "The log ends before the copy outside: an older backup, or a standby that lost its tail",
    "checkpoint_missing": "The database has no checkpoint, and the copy outside has one",
    "key_lost": "A person's key is gone, and the log does not say that the person was erased",
    "erasure_undone": "A person who was erased has a key again",
    "tree_damaged": "The log gives the signed root, and the stored tree does not",
    "follower_ahead": "A projection is ahead of the log",
    "unproven": "There is no checkpoint anywhere",
}
GRAVITY: Final = {code: rank for rank, code in enumerate(MEANINGS)}
# After one of these a new event would take a position that already meant something else, or a revoked token may be
# accepted again: requests of the organization stop.
STOPPING: Final = frozenset({"forked", "truncated", "restored", "erasure_undone"})
# Nothing contradicts, but something is missing that trust needs.
MISSING_TRUST: Final = frozenset({"unproven", "key_unknown"})
REMEDIES: Final = {
    "truncated": "If a backup or a standby was put into service, declare it: scim-ledger audit accept-restore",
    "restored": "If a backup or a standby was put into service, declare it: scim-ledger audit accept-restore",
    "forked": "If a backup or a standby was put into service, declare it: scim-ledger audit accept-restore",
    "checkpoint_missing": "The next checkpoint is signed if the log agrees with the copy outside",
    "tree_damaged": "scim-ledger audit rebuild-tree",
    "follower_ahead": "scim-ledger projections rebuild",
    "unproven": "If this log was never proven, begin: scim-ledger audit begin",
    "key_unknown": "Trust the key by another channel, or restore the table of keys",
    "key_lost": "Restore the person's key from the newest export of keys",
}


class AuditExit(IntEnum):
    """Exit codes of `audit verify`."""

    OK = 0
    CONTRADICTION = 1
    USAGE = 2  # Wrong usage, or the database is out of reach.
    UNTRUSTED = 3  # Nothing contradicts, but something is missing that trust needs.


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    code: str
    position: int | None = None  # Or the size, of a checkpoint.
    after: int | None = None  # The largest size at which all witnesses agree.
    count: int = 1  # How many events are concerned, from `position` on; not all are listed.
    detail: str = ""

    def sentence(self) -> str:
        """Return what was found, where, and what to do."""
        where = f" {self._where()}" if self.position is not None else ""
        detail = f" {self.detail}" if self.detail else ""
        remedy = f" {REMEDIES[self.code]}." if self.code in REMEDIES else ""
        return f"{self.code}: {MEANINGS[self.code]}{where}.{detail}{remedy}"

    def _where(self) -> str:
        match self.code:
            case "truncated" | "restored":
                events = "1 event is" if self.count == 1 else f"{self.count:,} events are"
                return f"(first missing position {self.position}, {events} missing)"
            case "forked":
                agreed = "" if self.after is None else f", all agree up to size {self.after}"
                return f"(at size {self.position}{agreed})"
            case "altered" if self.after is not None:
                return f"(between positions {self.after + 1} and {self.position})"
            case _:
                return f"(position {self.position})"

    @property
    def is_contradiction(self) -> bool:
        """Return whether something contradicts, and is not only missing."""
        return self.code not in MISSING_TRUST


@dataclass(frozen=True, slots=True)
class Restore:
    """A declared restore: the log keeps what came before, and the checkpoints of the lost part no longer count."""

    position: int  # Of the event that declares it.
    kept: int  # Size.
    lost: int  # Size.


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of comparing a log with its witnesses."""

    organization_id: UUID
    findings: tuple[Finding, ...]  # The gravest first; empty if all agree.
    size: int = 0  # Of the newest checkpoint.
    root: bytes = b""
    key_id: str = ""
    tail: int = 0
    last_recorded_at: datetime | None = None  # Of the last event.
    proven_from: int = 1  # What came before was hashed as it was found.
    restores: tuple[Restore, ...] = ()
    cosigned_size: int = 0  # Of the newest checkpoint that a witness cosigned; 0: none did.
    cosigned_at: datetime | None = None  # By the clock of the witness.

    @property
    def code(self) -> str:
        """Return the gravest code, or `ok`."""
        return self.findings[0].code if self.findings else "ok"

    @property
    def is_contradicted(self) -> bool:
        """Return whether anything contradicts."""
        return any(each.is_contradiction for each in self.findings)


def by_gravity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings, the gravest first."""
    return tuple(sorted(findings, key=lambda each: (GRAVITY[each.code], each.position or 0)))


def exit_of(verdicts: Iterable[Verdict], *, has_outside_copy: bool) -> AuditExit:
    """Return the exit code of a verification."""
    checked = list(verdicts)
    if any(each.is_contradicted for each in checked):
        return AuditExit.CONTRADICTION
    if not has_outside_copy or any(each.findings for each in checked):
        return AuditExit.UNTRUSTED
    return AuditExit.OK
