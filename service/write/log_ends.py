"""Where logs end, as the last batches of this process left them: the next batch need not query it.

The remembered end may be wrong, because other processes write too. Then the next batch finds its positions taken,
writes nothing and is decided again; no caller gets an answer before that.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from eventstore.append import Tail
from service.clock import Clock

# Since Postgres's clock was read. Times are Postgres's; our clock only measures how long ago that was.
FRESH_S = 1.0
REMEMBERED_MAX = 10_000  # Logs.


class LogEnd(NamedTuple):
    """The end of a log, and Postgres's clock at the moment when the loop's clock showed `read_at_s`."""

    position: int
    recorded_at: datetime | None
    clock: datetime
    read_at_s: float

    def tail(self, now_s: float) -> Tail:
        """Return the tail as reading the log would return it now."""
        now = self.clock + timedelta(seconds=now_s - self.read_at_s)
        return Tail(self.position, self.recorded_at, now)

    def after(self, tail: Tail, events: int) -> "LogEnd":
        """Return the end after so many events were appended; `tail` is this end's."""
        if not events:
            return self
        return self._replace(
            position=tail.position + events, recorded_at=tail.recorded_at_of(events - 1)
        )


def end_of(tail: Tail, now_s: float) -> LogEnd:
    """Return the end of a log whose tail was read just now."""
    return LogEnd(tail.position, tail.recorded_at, tail.now, now_s)


class LogEnds:
    """The ends of the logs that this process writes to."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self._ends: dict[UUID, LogEnd] = {}

    def take(self, organization_id: UUID, now_s: float) -> LogEnd | None:
        """Return where a log ends, if that is known, and forget it: the writer must remember the new end."""
        end = self._ends.pop(organization_id, None)
        return end if end is not None and now_s - end.read_at_s < FRESH_S else None

    def remember(self, organization_id: UUID, end: LogEnd) -> None:
        """Remember where a log ends."""
        if len(self._ends) >= REMEMBERED_MAX:
            self._ends.clear()
        self._ends[organization_id] = end

    def forget(self, organization_id: UUID) -> None:
        """Forget where a log ends, because it is about to be written to in another way."""
        self._ends.pop(organization_id, None)
