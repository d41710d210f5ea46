"""Reads of the log, counted in memory until they are written: a crash may lose those of a second."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from prometheus_client import Counter

from eventstore.events import Provenance
from service.clock import Clock
from service.reads.names import CHARACTERS_MAX, NAMES_MAX

WAITING_MAX: Final = 50_000  # Rows.
SUBJECTS_MAX: Final = 100  # Of one read that are recorded one by one.

NOT_COUNTED = Counter(
    "scim_ledger_audit_reads_not_counted_total",
    "Reads of the log that no event will record, because they could not be written for long.",
)


class ReadKey(NamedTuple):
    """What is counted together."""

    organization_id: UUID
    hour: datetime
    actor_id: str
    token_id: UUID | None
    source: str
    path: str
    subject_id: UUID | None


@dataclass(slots=True)
class Reads:
    """How often and when something was read, up to which position of the log, and in which request the last time."""

    reads: int
    first_at: datetime
    last_at: datetime
    position: int
    request_id: UUID
    names: set[str] = field(default_factory=set)  # That were searched for, and that nobody has.

    def add(self, other: "Reads") -> None:
        """Add other reads of the same."""
        self.reads += other.reads
        self.names = set(sorted(self.names | other.names)[:NAMES_MAX])
        self.position = max(self.position, other.position)
        self.first_at = min(self.first_at, other.first_at)
        if other.last_at >= self.last_at:
            self.last_at, self.request_id = other.last_at, other.request_id


class AuditReads:
    """The reads since they were last written. One per process."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self.writing = asyncio.Lock()  # Held by whoever writes what was counted.
        self._waiting: dict[ReadKey, Reads] = {}

    def __len__(self) -> int:
        """Return how many rows wait to be written."""
        return len(self._waiting)

    def see(
        self,
        organization_id: UUID,
        provenance: Provenance,
        path: str,
        *,
        position: int = 0,
        subjects: Collection[UUID] = (),
        names: Collection[str] = (),
    ) -> None:
        """Count a read that happens now. Of too many subjects none is recorded.

        `names` are those that were searched for and that nobody has. They are sealed as soon as they are written.
        """
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        who = (organization_id, hour, provenance.actor_id, provenance.token_id, provenance.source)
        kept = {each[:CHARACTERS_MAX] for each in names if each.strip()}
        for each in _subjects(subjects):
            made = Reads(1, now, now, position, provenance.request_id, kept)
            self._add(ReadKey(*who, path, each), made)
            kept = set()  # With the first row only.

    def take(self) -> Mapping[ReadKey, Reads]:
        """Take what waits out of memory."""
        taken, self._waiting = self._waiting, {}
        return taken

    def put_back(self, taken: Mapping[ReadKey, Reads]) -> None:
        """Put back what could not be written, as far as there is room."""
        for key, reads in taken.items():
            self._add(key, reads)

    def _add(self, key: ReadKey, reads: Reads) -> None:
        found = self._waiting.get(key)
        if found is not None:
            found.add(reads)
        elif len(self._waiting) < WAITING_MAX:
            self._waiting[key] = reads
        else:
            NOT_COUNTED.inc(reads.reads)


def _subjects(subjects: Collection[UUID]) -> Iterator[UUID | None]:
    if not 0 < len(subjects) <= SUBJECTS_MAX:
        yield None
    else:
        yield from subjects
