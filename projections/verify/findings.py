"""What a comparison of a projection with the log finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from projections.fold import NotFolded


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs from what the log leads to, with the latest events that explain it."""

    organization_id: UUID
    stream_id: UUID
    table: str
    key: tuple[str, ...]  # Without the organization.
    kind: Literal["missing", "extra", "different"] = "different"
    columns: tuple[str, ...] = ()  # The columns that differ.
    personal: frozenset[str] = frozenset()  # Those of `columns` whose values the log seals.
    expected: Mapping[str, Any] = field(
        default_factory=dict
    )  # Values of `columns`, as the log leads to them.
    found: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[tuple[int, str], ...] = ()  # Position and type.
    earlier: int = 0  # How many more events come before these.


@dataclass(frozen=True, slots=True)
class Waiting:
    """Parked streams of a log. They were compared only up to the event that failed."""

    organization_id: UUID
    streams: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A log that holds an event that this release cannot read. The rest of it was not compared."""

    organization_id: UUID
    error: NotFolded


Finding = Difference | Waiting | Unread
