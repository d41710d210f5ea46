"""What a comparison of a projection with the log finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from projections.fold import NotFolded


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as the log says, and the latest events that say so: (position, type)."""

    organization_id: UUID
    stream_id: UUID
    table: str
    key: tuple[str, ...]  # Without the organization.
    kind: Literal["missing", "extra", "different"] = "different"
    columns: tuple[str, ...] = ()  # Of a row that is different.
    personal: frozenset[str] = frozenset()  # Those of them whose values the log seals.
    expected: Mapping[str, Any] = field(default_factory=dict)  # Of those columns, as the log says.
    found: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[tuple[int, str], ...] = ()
    earlier: int = 0  # How many more events there are, before these.


@dataclass(frozen=True, slots=True)
class Waiting:
    """Streams of a log that are parked: they were compared only up to the event that failed."""

    organization_id: UUID
    streams: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A log that is not compared from an event on that this release cannot read."""

    organization_id: UUID
    error: NotFolded


Finding = Difference | Waiting | Unread
