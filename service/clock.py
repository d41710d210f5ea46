"""The time of what is recorded now. It is Postgres's, or this machine's; a demonstration moves it into the past."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from eventstore.append import Tail

NONE: Final = timedelta()


class Clock:
    """What is added to the time. One per process; only `scim-ledger demo` ever moves it."""

    def __init__(self) -> None:
        self.offset = NONE

    def now(self) -> datetime:
        """Return the time by this machine's clock."""
        return datetime.now(UTC) + self.offset

    def set(self, now: datetime) -> None:
        """Let it be another time from now on."""
        self.offset = now - datetime.now(UTC)

    def moved(self, tail: Tail) -> Tail:
        """Return the end of a log with the time that holds here."""
        return replace(tail, now=tail.now + self.offset) if self.offset else tail
