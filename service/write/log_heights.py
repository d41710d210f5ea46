"""How high each log has been: an append refuses a log that has become lower, as after a failover that lost its tail.

Heights are in memory, and comparing them costs nothing. They come from our own appends, from signed checkpoints, and from
the copy outside.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID


class LogShrunk(Exception):
    """The log ends before a position that it had reached."""


class LogHeights:
    """The heights of the logs that this process knows. `on_shrunk` is called with a log that has become lower."""

    def __init__(self, on_shrunk: Callable[[UUID], None] | None = None) -> None:
        self._heights: dict[UUID, int] = {}
        self._noted_at: dict[UUID, datetime] = {}
        self._on_shrunk = on_shrunk

    def of(self, organization_id: UUID) -> int:
        """Return the height of a log. Ask before you read its end: another process may append in between."""
        return self._heights.get(organization_id, 0)

    def noted_at(self, organization_id: UUID) -> datetime | None:
        """Return when this process learned that a log had its height: the log had reached it by then."""
        return self._noted_at.get(organization_id)

    def note(self, organization_id: UUID, height: int) -> None:
        """Note that a log has reached a height."""
        if height > self._heights.get(organization_id, 0):
            self.reset(organization_id, height)

    def reset(self, organization_id: UUID, height: int) -> None:
        """Note that a restore was declared: the log may be lower now."""
        self._heights[organization_id] = height
        self._noted_at[organization_id] = datetime.now(UTC)

    def refuse_lower(self, organization_id: UUID, height: int, tail: int) -> None:
        """Raise LogShrunk if a log ends below a height that it had."""
        if tail < height:
            if self._on_shrunk:
                self._on_shrunk(organization_id)
            raise LogShrunk(f"The log was at {height:,} and ends at {tail:,} now.")
