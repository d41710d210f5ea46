"""The quota of an organization: how many events its log may grow by in a day, counted in UTC.

Positions have no gaps. So the position before a day's first event says how many events the day has had, whichever
process has written them.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from eventstore.append import Tail
from eventstore.postgres.connection import Connection
from eventstore.read import find_position_before
from schema.events.organization import Organization
from schema.scim.errors import TooManyRequests
from service.callers.caller import Caller
from service.limits.failures import LIMITED

EXEMPT = frozenset({"cli", "system"})  # Sources: the operator must be able to help.
REMEMBERED_MAX = 10_000  # Organizations.


class Left(NamedTuple):
    """How many events a batch may still write, of how many in a day, and when the next day begins."""

    events: int
    per_day: int
    seconds: float

    def refuse(self, events: int, caller: Caller) -> None:
        """Refuse more events than are left, unless the caller is exempt. Errors: TooManyRequests."""
        if events <= self.events or caller.source in EXEMPT:
            return
        LIMITED.labels("events").inc()
        raise TooManyRequests(
            f"The organization may write {self.per_day:,} events a day, counted in UTC, and this request needs more "
            "than are left; send it again tomorrow, or ask the operator for a larger quota.",
            self.seconds,
        )


class Quotas:
    """Counts the events of organizations that have a quota. `per_day` holds for those without a setting."""

    def __init__(self, per_day: int | None) -> None:
        self._per_day = per_day
        # Organization → a day, and the position before its first event.
        self._begins: dict[UUID, tuple[datetime, int]] = {}

    async def left(
        self, connection: Connection, organization: Organization, tail: Tail
    ) -> Left | None:
        """Return what an organization may still write, whose log ends at `tail`; None without a quota."""
        per_day = organization.settings.get("eventsPerDay", self._per_day)
        if not per_day:
            return None
        today = tail.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        day, begin = self._begins.get(organization.id, (None, 0))
        if day != today:
            begin = await find_position_before(connection, organization.id, today)
            if len(self._begins) >= REMEMBERED_MAX:
                self._begins.clear()
            self._begins[organization.id] = (today, begin)
        seconds = (today + timedelta(days=1) - tail.now).total_seconds()
        return Left(per_day - (tail.position - begin), per_day, seconds)
