"""The lines of the copy outside of the database: of the files `history`, `keys` and `erased`.

A last line without its newline was being written when a process died: it does not count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from eventstore.proof.leaf import origin_of
from eventstore.proof.notes import (
    DASH,
    ED25519,
    Note,
    TrustedKey,
    body_of,
    decoded,
    encoded,
    read_note,
    read_vkey,
)

HISTORY = "scim-ledger history 1"  # The first line, followed by the organization's id.
CLOSED = "closed"
MARKS = "marks"
UNLIMITED = "-"
REASON_CHARACTERS_MAX = 500


class BrokenCopy(Exception):
    """A file of the copy outside cannot be read; the message says which line."""


class Erased(NamedTuple):
    """A person who was erased: when, who, and the position of the event that says so."""

    at: datetime
    subject_id: UUID
    position: int


class Closed(NamedTuple):
    """A log that legitimately ended, or went on elsewhere: at which size, when and why. It may be missing afterwards."""

    size: int
    at: datetime
    reason: str  # One line.


@dataclass(slots=True)
class OutsideLog:
    """What the copy outside holds about one log."""

    organization_id: UUID
    latest: str | None = None  # The newest note.
    history: list[str] = field(default_factory=list)  # Notes, the oldest first.
    keys: list[TrustedKey] = field(default_factory=list)
    marks_from: int | None = None
    erased: list[Erased] = field(default_factory=list)
    closed: Closed | None = None  # The log ended, and nothing was signed since.
    latest_at: datetime | None = None  # When the newest note was written there, if that is known.

    @property
    def notes(self) -> list[str]:
        """Return all notes, the oldest first."""
        newest = [] if self.latest is None or self.latest in self.history[-1:] else [self.latest]
        return [*self.history, *newest]


def whole_lines(text: str) -> list[str]:
    """Return the lines that end with a newline."""
    return text.split("\n")[:-1]


def first_line(organization_id: UUID) -> str:
    """Return the first line of a history."""
    return f"{HISTORY} {organization_id}\n"


def history_line(note: Note, signed_at: datetime) -> str:
    """Return the line that keeps a checkpoint."""
    own = [encoded(octets) for name, octets in note.signatures if name == note.origin]
    return f"{note.incarnation} {note.size} {encoded(note.root)} {instant(signed_at)} {','.join(own)}\n"


def instant(at: datetime) -> str:
    """Return an instant in UTC, with six decimals."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_history(text: str, organization_id: UUID) -> Iterator[str]:
    """Yield the notes of a history, the oldest first. Errors: BrokenCopy."""
    lines = whole_lines(text)
    if lines and lines[0] != first_line(organization_id).rstrip("\n"):
        raise BrokenCopy("The first line of history names another log or format.")
    for number, line in enumerate(lines[1:], 2):
        if line.startswith(f"{CLOSED} "):
            continue
        words = line.split(" ")
        try:
            incarnation, size, root, _, signatures = words
            note = _note_of(
                origin_of(organization_id, int(incarnation)), int(size), root, signatures
            )
            read_note(note)
        except ValueError as error:
            raise BrokenCopy(f"Line {number} of history cannot be read.") from error
        yield note


def closed_line(closed: Closed) -> str:
    """Return the line that says that a log ended."""
    reason = " ".join(closed.reason.split())
    printable = "".join(each for each in reason if each.isprintable())
    return f"{CLOSED} {closed.size} {instant(closed.at)} {printable[:REASON_CHARACTERS_MAX]}\n"


def read_closed(line: str) -> Closed | None:
    """Return what the last line of a history says about the end of its log; None if it keeps a checkpoint.

    Errors: BrokenCopy.
    """
    if not line.startswith(f"{CLOSED} "):
        return None
    try:
        _, size, at, reason = line.split(" ", 3)
        return Closed(int(size), datetime.fromisoformat(at), reason)
    except ValueError as error:
        raise BrokenCopy("The last line of history cannot be read.") from error


def _note_of(origin: str, size: int, root: str, signatures: str) -> str:
    lines = "".join(f"{DASH} {origin} {each}\n" for each in signatures.split(","))
    return f"{body_of(origin, size, decoded(root))}\n{lines}"


def keys_text(keys: Iterable[TrustedKey], marks_from: int | None) -> str:
    """Return the file of keys."""
    lines = [
        f"{each.vkey} {each.from_size} {UNLIMITED if each.to_size is None else each.to_size}\n"
        for each in keys
    ]
    return "".join([*lines, *([] if marks_from is None else [f"{MARKS} {marks_from}\n"])])


def read_keys(text: str) -> tuple[list[TrustedKey], int | None]:
    """Return the keys, and the position where marks begin. Errors: BrokenCopy."""
    keys, marks_from = list[TrustedKey](), None
    for number, line in enumerate(whole_lines(text), 1):
        try:
            name, first, *last = line.split(" ")
            if name == MARKS:
                marks_from = int(first)
                continue
            keys.append(_read_key(name, int(first), last[0]))
        except (ValueError, IndexError) as error:
            raise BrokenCopy(f"Line {number} of keys cannot be read.") from error
    return keys, marks_from


def _read_key(text: str, first: int, last: str) -> TrustedKey:
    vkey = read_vkey(text)
    return TrustedKey(vkey, first, None if last == UNLIMITED else int(last))


def erased_line(erased: Erased) -> str:
    """Return the line that keeps an erasure."""
    return f"{instant(erased.at)} {erased.subject_id} {erased.position}\n"


def read_erased(text: str) -> Iterator[Erased]:
    """Yield the persons who were erased. Errors: BrokenCopy."""
    for number, line in enumerate(whole_lines(text), 1):
        try:
            at, subject_id, position = line.split(" ")
            yield Erased(datetime.fromisoformat(at), UUID(subject_id), int(position))
        except ValueError as error:
            raise BrokenCopy(f"Line {number} of erased cannot be read.") from error


def log_keys(keys: Iterable[TrustedKey]) -> list[TrustedKey]:
    """Return the keys of the log itself, without those of witnesses."""
    return [each for each in keys if each.vkey.kind == ED25519]
