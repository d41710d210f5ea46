"""Compare a log with its witnesses: the stored tree, the checkpoints in the database, those of the copy outside.

The log comes in batches, in order, so that memory does not grow with it. `Examination.verdict` gives what was found.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from json import JSONDecodeError, loads
from typing import Any, NamedTuple
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.proof.leaf import HASH_BYTES, hash_of, leaf_bytes, leaf_of, mark_of, origin_of
from eventstore.proof.located import LISTED_MAX, UNREADABLE, Differing
from eventstore.proof.notes import KEY_ID_BYTES, Note, TrustedKey, note_verdict, read_note
from eventstore.proof.tiles import WIDTH_BITS, Address, Edge
from eventstore.proof.tree import EMPTY
from eventstore.proof.verdicts import Finding, Restore, Verdict, by_gravity

RESTORED, BEGUN = "LogRestored", "ProofBegun"  # Events that say something about the proof itself.
NOTED = frozenset({RESTORED, BEGUN})
NO_LEAF = bytes(HASH_BYTES)  # For a row that the service cannot have written.


class Row(NamedTuple):
    """An event and its mark, as they are stored."""

    event: RecordedEvent
    mark: bytes | None


Columns = Sequence[
    Any
]  # The same, as a plain row: the columns of the event in their order, then the mark.


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What a log is compared with."""

    organization_id: UUID
    incarnation: int
    keys: Sequence[TrustedKey]
    checkpoint: str | None = None  # The newest one in the database.
    kept: Sequence[str] = ()  # The older ones in the database.
    outside: Sequence[str] = ()  # Those of the copy outside, the oldest first.
    mark_key: bytes | None = None  # None: marks are not compared.
    marks_from: int = 1  # The first event that must have one.

    def note_findings(self) -> list[Finding]:
        """Return why a note is not to be believed. One of the newest checkpoint comes first."""
        current = [origin_of(self.organization_id, self.incarnation)]
        every = [
            origin_of(self.organization_id, number) for number in range(1, self.incarnation + 1)
        ]
        found = []
        for note, origins, place in self._with_origins(current, every):
            if (code := note_verdict(note, origins, self.keys)) != "valid":
                size = f" of size {lines[1]}" if len(lines := note.split("\n")) > 1 else ""
                found.append(Finding(code, detail=f"It is the one{size} in {place}."))
        return found

    def _with_origins(
        self, current: list[str], every: list[str]
    ) -> Iterator[tuple[str, list[str], str]]:
        if self.checkpoint is not None:
            yield self.checkpoint, current, "the database"
        for note in self.kept:
            yield note, every, "the database"
        for note in self.outside:
            yield note, every, "the copy outside"


@dataclass(slots=True)
class Examination:
    """One pass over a log."""

    witnesses: Witnesses
    edge: Edge = field(default_factory=Edge)
    expected: int = 1  # The next position.
    missing: list[int] = field(default_factory=list)
    differing: Differing = field(default_factory=Differing)
    unreadable: list[int] = field(default_factory=list)
    forged: list[tuple[int, str]] = field(default_factory=list)  # Position; actor, as claimed.
    forged_count: int = 0
    restores: list[Restore] = field(default_factory=list)
    proven_from: int = 1
    last: RecordedEvent | None = None
    note_findings: list[Finding] = field(default_factory=list)
    inside: list[Note] = field(default_factory=list)  # The newest last.
    outside: list[Note] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)  # At the sizes of all notes.
    sizes: list[int] = field(default_factory=list)  # Still to come, the largest first.
    damaged: list[Address] = field(default_factory=list)
    upper: dict[Address, bytes] = field(default_factory=dict)  # Tiles above the lowest level.
    signed_size: int = 0  # Of the newest checkpoint in the database, once the log reached it.

    def __post_init__(self) -> None:
        """Read the notes; a log whose notes are not to be believed is read all the same."""
        self.note_findings = self.witnesses.note_findings()
        if self.note_findings:
            return
        newest = [] if self.witnesses.checkpoint is None else [self.witnesses.checkpoint]
        self.inside = [read_note(each) for each in (*self.witnesses.kept, *newest)]
        self.outside = [read_note(each) for each in self.witnesses.outside]
        self.roots[0] = EMPTY
        self.sizes = sorted({each.size for each in (*self.inside, *self.outside)}, reverse=True)

    def add(self, rows: Sequence[Row], stored: Sequence[bytes]) -> None:
        """Read on: the next rows of the log, and the stored leaf hashes of the same positions, as far as there are any.

        After a gap no leaf is where it was: only more gaps are looked for.
        """
        leaves: list[bytes] = []
        for index, row in enumerate(rows):
            position = row.event.position
            if position != self.expected:
                self._note_gap(position)
            self.expected, self.last = position + 1, row.event
            if self.missing:
                continue
            leaf = self._leaf(row)
            leaves.append(leaf)
            if index < len(stored) and stored[index] != leaf:
                self.differing.add(position, row.event, stored[index])
        self._extend(leaves)

    def add_plain(self, rows: Sequence[Columns], stored: Sequence[bytes]) -> bool:
        """Read on by rows of which there is nothing to note, and return True; else read nothing and return False.

        Most rows of a log are such rows, and `add` with an object for each takes twice as long. It has to read the
        last rows of a log in any case: their instant is noted.
        """
        leaves = self._plain_leaves(rows)
        if not leaves or [*stored] != leaves[: len(stored)]:
            return False
        self.expected += len(leaves)
        self._extend(leaves)
        return True

    def _plain_leaves(self, rows: Sequence[Columns]) -> list[bytes]:
        """Return the leaf hashes of rows; none if one is not where it is expected, or not a plain one."""
        key, marks_from = self.witnesses.mark_key, self.witnesses.marks_from
        leaves = list[bytes]()
        if self.missing:
            return leaves
        for position, row in enumerate(rows, self.expected):
            if row[1] != position or row[5] in NOTED:
                return []
            try:
                octets = leaf_of(row)
            except UNREADABLE:
                return []
            if key is not None and position >= marks_from and row[-1] != mark_of(key, octets):
                return []
            leaves.append(hash_of(octets))
        return leaves

    def _note_gap(self, found: int) -> None:
        """Note the positions before the one found; where that came before, somebody dropped the primary key."""
        gap = range(self.expected, found) or range(found, found + 1)
        self.missing += gap[: LISTED_MAX - len(self.missing)]

    def _leaf(self, row: Row) -> bytes:
        event, own = row.event, self.witnesses
        try:
            octets = leaf_bytes(event)
        except UNREADABLE:
            self.unreadable.append(event.position)
            return NO_LEAF
        if (
            own.mark_key is not None
            and event.position >= own.marks_from
            and row.mark != mark_of(own.mark_key, octets)
        ):
            self.forged_count += 1
            if len(self.forged) < LISTED_MAX:
                self.forged.append((event.position, event.actor_id))
        if event.type == RESTORED and (restore := restore_of(event)):
            self.restores.append(restore)
        elif event.type == BEGUN:
            self.proven_from = event.position
        return hash_of(octets)

    def _extend(self, leaves: Sequence[bytes]) -> None:
        """Extend the tree, and stop at each size of a note for its root."""
        at = 0
        while self.sizes and self.sizes[-1] <= self.edge.size + len(leaves) - at:
            size = self.sizes.pop()
            until = at + size - self.edge.size
            self.edge.extend(leaves[at:until])
            self.roots[size], at = self.edge.root(), until
            self._note_upper(is_signed=bool(self.inside) and size == self.inside[-1].size)
        self.edge.extend(leaves[at:])
        self._note_upper(is_signed=False)

    def _note_upper(self, *, is_signed: bool) -> None:
        """Note the upper tiles that were filled, and at the size of the newest checkpoint also those that were not."""
        full, self.edge.full = self.edge.full, {}
        if self.inside and self.edge.size <= self.inside[-1].size:
            self.upper |= {address: held for address, held in full.items() if address[0]}
        if is_signed:
            self.signed_size = self.edge.size
            self.upper |= {
                (level, self.edge.size >> WIDTH_BITS * (level + 1)): b"".join(hashes)
                for level, hashes in enumerate(self.edge.levels)
                if level and hashes
            }

    def note_damaged(self, addresses: Iterable[Address]) -> None:
        """Note upper tiles that are not those of the log."""
        self.damaged += addresses

    def verdict(self) -> Verdict:
        """Return what was found, once the whole log was read."""
        own = self.witnesses
        has_checkpoint = own.checkpoint is not None
        signed = next(iter((self.inside if has_checkpoint else self.outside)[-1:]), None)
        return Verdict(
            organization_id=own.organization_id,
            findings=by_gravity(self._findings()),
            size=signed.size if signed else 0,
            root=signed.root if signed else b"",
            key_id=key_id_of(signed) if signed else "",
            tail=self.last.position if self.last else 0,
            last_recorded_at=self.last.recorded_at if self.last else None,
            proven_from=self.proven_from,
            restores=tuple(self.restores),
        )

    def _findings(self) -> list[Finding]:
        own = self.witnesses
        if self.note_findings:
            return self.note_findings
        if own.checkpoint is None and not self.inside and not self.outside:
            return [Finding("unproven"), *self._forged(frozenset())]
        inside = [each for each in self.inside if not is_superseded(each, self.restores)]
        outside = [each for each in self.outside if not is_superseded(each, self.restores)]
        if (forked := self._forked_notes(inside, outside)) is not None:
            return [forked]
        if self.missing:
            return [Finding("removed", each) for each in self.missing]
        return self._contents(inside, outside)

    def _contents(self, inside: Sequence[Note], outside: Sequence[Note]) -> list[Finding]:
        """Return how the events differ from what was signed, and where the log ends too early."""
        every, tail = [*inside, *outside], self.edge.size
        reached = [each for each in every if each.size <= tail]
        wrong = sorted(each.size for each in reached if self.roots[each.size] != each.root)
        agreed = [each.size for each in reached if self.roots[each.size] == each.root]
        if wrong and any(size >= wrong[0] for size in agreed):
            return [Finding("forked", wrong[0], after=self._largest(agreed, wrong[0]))]
        found = [Finding("altered", each) for each in self.unreadable]
        if wrong and self.differing.count:
            found = self.differing.findings()
        elif wrong:
            found.append(Finding("altered", wrong[0], after=self._largest(agreed, wrong[0])))
        found += self._forged({each.position for each in found})
        if ends := [each.size for each in inside if each.size > tail]:
            found.append(Finding("truncated", tail + 1, count=max(ends) - tail))
        elif ends := [each.size for each in outside if each.size > tail]:
            found.append(Finding("restored", tail + 1, count=max(ends) - tail))
        if self.witnesses.checkpoint is None and not ends:
            found.append(Finding("checkpoint_missing"))
        if not found and self.differing.count:
            damaged = self.differing.findings()
            found = [replace(each, code="tree_damaged") for each in damaged]
        if not found:
            found = [
                Finding("tree_damaged", detail=f"It is tile {tile} of level {level}.")
                for level, tile in self.damaged
            ]
        return found

    @staticmethod
    def _largest(agreed: Sequence[int], below: int) -> int:
        return max((size for size in agreed if size < below), default=0)

    def _forked_notes(self, inside: Sequence[Note], outside: Sequence[Note]) -> Finding | None:
        """Return the smallest size at which two notes disagree."""
        roots = {each.size: each.root for each in inside}
        wrong = sorted(
            each.size for each in outside if roots.get(each.size, each.root) != each.root
        )
        if not wrong:
            return None
        agreed = [each.size for each in outside if roots.get(each.size) == each.root]
        reached = [
            each.size for each in (*inside, *outside) if self.roots.get(each.size) == each.root
        ]
        return Finding("forked", wrong[0], after=self._largest([*agreed, *reached], wrong[0]))

    def _forged(self, others: set[int | None] | frozenset[int | None]) -> list[Finding]:
        listed = [each for each in self.forged if each[0] not in others]
        rest = self.forged_count - len(self.forged)
        return [
            Finding(
                "forged",
                position,
                count=1 + (rest if index + 1 == len(listed) else 0),
                detail=f"Actor, as claimed: {actor_id}.",
            )
            for index, (position, actor_id) in enumerate(listed)
        ]


def restore_of(event: RecordedEvent) -> Restore | None:
    """Return the restore that an event declares; None if its text was tampered with."""
    try:
        facts = loads(event.data)
        return Restore(event.position, int(facts["kept"]["size"]), int(facts["lost"]["size"]))
    except (JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def is_superseded(note: Note, restores: Sequence[Restore]) -> bool:
    """Return whether a declared restore cut a checkpoint off. The n-th restore ended incarnation n."""
    ended = note.incarnation - 1
    return 0 <= ended < len(restores) and restores[ended].kept < note.size <= restores[ended].lost


def key_id_of(note: Note) -> str:
    """Return the id of the key that signed last for the log, in hexadecimal."""
    own = [octets for name, octets in note.signatures if name == note.origin]
    return own[-1][:KEY_ID_BYTES].hex() if own else ""


def compare_sizes(
    witnesses: Witnesses, tail: int, restores: Sequence[Restore] = ()
) -> tuple[Finding, ...]:
    """Return what the notes and the end of the log show by themselves, without reading the log."""
    if found := witnesses.note_findings():
        return by_gravity(found)
    inside = [read_note(each) for each in (*witnesses.kept, witnesses.checkpoint) if each]
    outside = [
        note for each in witnesses.outside if not is_superseded(note := read_note(each), restores)
    ]
    inside = [each for each in inside if not is_superseded(each, restores)]
    if not inside and not outside:
        return () if witnesses.outside else (Finding("unproven"),)
    roots = {each.size: each.root for each in inside}
    if wrong := [each.size for each in outside if roots.get(each.size, each.root) != each.root]:
        return (Finding("forked", min(wrong)),)
    if ends := [each.size for each in inside if each.size > tail]:
        return (Finding("truncated", tail + 1, count=max(ends) - tail),)
    if ends := [each.size for each in outside if each.size > tail]:
        return (Finding("restored", tail + 1, count=max(ends) - tail),)
    return () if witnesses.checkpoint else (Finding("checkpoint_missing"),)
