"""The copy of checkpoints outside of the database: what any kind of it does, and what is written to it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from eventstore.proof.notes import TrustedKey, read_note
from eventstore.proof.outside_lines import Erased, OutsideLog


class ForkedCopy(Exception):
    """The copy outside holds another checkpoint of this size. Nothing was written."""

    def __init__(self, organization_id: UUID, size: int) -> None:
        super().__init__(f"The copy outside holds another checkpoint of size {size}.")
        self.organization_id = organization_id
        self.size = size


class Update(NamedTuple):
    """What a log has to tell its copy outside."""

    organization_id: UUID
    note: str  # The newest one.
    signed_at: datetime
    kept: Sequence[tuple[str, datetime]] = ()  # Older notes that are kept, the oldest first.
    keys: Sequence[TrustedKey] = ()
    marks_from: int | None = None


class OutsideCopy(Protocol):
    """A copy of checkpoints outside of the database. Errors of the place are OSErrors."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    @property
    def is_gone(self) -> bool:
        """Whether it was there before, and is not there now."""
        ...

    async def load(
        self, organization_ids: Collection[UUID] | None = None, *, with_history: bool = False
    ) -> Mapping[UUID, OutsideLog]:
        """Return what it holds, about some logs or about all that it knows. Errors: BrokenCopy, OSError."""
        ...

    async def save(self, update: Update) -> None:
        """Write. A smaller size is never written over a larger one. Errors: ForkedCopy, OSError."""
        ...

    async def save_erased(self, organization_id: UUID, erased: Erased) -> None:
        """Record that a person was erased. Errors: OSError."""
        ...


def place_of(note: str) -> tuple[int, int]:
    """Return the incarnation and the size of a note, by which notes are ordered."""
    read = read_note(note)
    return read.incarnation, read.size
