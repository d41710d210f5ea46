"""The copy of checkpoints outside of the database: what any kind of it does, and what is written to it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, runtime_checkable
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.proof.notes import TrustedKey, read_note
from eventstore.proof.outside_lines import Closed, Erased, OutsideLog
from eventstore.sealing.sealer import Sealer
from eventstore.trees.keys import load_log_keys
from eventstore.trees.logs import LogWithTail


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
    closed: Closed | None = None  # The note is the last one of a log that ended, or left.


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


class Webhook(Protocol):
    """What gets each kept checkpoint, for people."""

    async def send(self, update: Update) -> None:
        """Send a checkpoint. Errors: OSError."""
        ...


@runtime_checkable
class ByLog(Protocol):
    """A copy that cannot say which logs it knows: whoever loads must name them."""

    is_by_log: Literal[True]


def place_of(note: str) -> tuple[int, int]:
    """Return the incarnation and the size of a note, by which notes are ordered."""
    read = read_note(note)
    return read.incarnation, read.size


def vanished(missing: Iterable[OutsideLog]) -> list[LogWithTail]:
    """Return the missing logs of which the copy outside does not say that they ended."""
    return [LogWithTail(each.organization_id, None, 0) for each in missing if not each.closed]


async def find_missing(
    connection: Connection,
    sealer: Sealer,
    logs: Sequence[LogWithTail],
    outside: Mapping[UUID, OutsideLog],
) -> list[OutsideLog]:
    """Return what only the copy outside knows, if it is the copy of this database: a key of it says so."""
    there = {each.organization_id for each in logs}
    missing = [each for key, each in outside.items() if key not in there]
    if not missing:
        return []
    own = {each.public for each in (await load_log_keys(connection, sealer)).values()}
    return [
        each
        for each in missing
        if each.latest is not None and own & {key.vkey.public for key in each.keys}
    ]
