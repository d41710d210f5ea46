"""Where a log differs from the stored leaf hashes: which events were altered, and which only changed places."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventstore.events import RecordedEvent
from eventstore.proof.leaf import leaf_hash
from eventstore.proof.verdicts import Finding

COMPARED_MAX = 64  # Events that are tried in each other's places.
LISTED_MAX = 1_000


@dataclass(slots=True)
class Differing:
    """The events whose leaf is not the stored one, with the first ones in full."""

    count: int = 0
    positions: list[int] = field(default_factory=list)
    rows: dict[int, RecordedEvent] = field(default_factory=dict)  # By position.
    stored: dict[int, bytes] = field(default_factory=dict)

    def add(self, position: int, row: RecordedEvent, stored: bytes) -> None:
        """Note an event that differs."""
        self.count += 1
        if len(self.positions) < LISTED_MAX:
            self.positions.append(position)
        if len(self.rows) <= COMPARED_MAX:
            self.rows[position], self.stored[position] = row, stored

    def findings(self) -> list[Finding]:
        """Return `reordered` where each event hashes right in another's place, else `altered`."""
        code = "reordered" if self._are_moved() else "altered"
        *listed, last = self.positions
        rest = self.count - len(listed)
        return [Finding(code, each) for each in listed] + [Finding(code, last, count=rest)]

    def _are_moved(self) -> bool:
        if self.count > COMPARED_MAX:
            return False
        places = {leaf: position for position, leaf in self.stored.items()}
        moved = {places[leaf] for leaf in self._in_other_places() if leaf in places}
        return len(moved) == self.count

    def _in_other_places(self) -> Iterator[bytes]:
        """Yield the leaf of each event in the place of each other one."""
        for row in self.rows.values():
            for other in self.rows.values():
                for changes in _places_of(other):
                    moved = row._replace(**changes)
                    if (leaf := leaf_or_none(moved)) is not None:
                        yield leaf


def _places_of(other: RecordedEvent) -> Sequence[Mapping[str, Any]]:
    return (
        {"position": other.position},
        {"position": other.position, "recorded_at": other.recorded_at},
    )


def leaf_or_none(row: RecordedEvent) -> bytes | None:
    """Return the leaf hash of a row; None for one that the service cannot have written."""
    try:
        return leaf_hash(row)
    except UNREADABLE:
        return None


# A NULL where the table allows none, or a number or an instant that no event can have.
UNREADABLE = (AttributeError, TypeError, ValueError, OverflowError, struct.error)
