"""What the first page shows: counts of people, changes by day, what needs somebody."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import position_at, read
from projections.directory.load_roles import find_open_holds
from projections.directory.queries.holds import list_holds
from projections.directory.queries.people import count_roles
from projections.history.days import count_days
from projections.history.search import reached
from schema.events.hold import Hold
from service.console.framework.call import ConsoleCall
from service.organizations.listing import ListedToken, list_tokens
from service.replay.cycles import CountedCycle, list_cycles
from service.requests.read import CycleFilter, Reason, reasons_of_cycle

DAYS: Final = 30
HOLDS_MAX: Final = 100
REMEMBERED_MAX: Final = 500  # Organizations whose counts are kept in memory.
PEOPLE_FOR_S: Final = 10.0  # How old the counts of people may be.
CREATED: Final = frozenset({"UserProvisioned"})
ENDED: Final = frozenset({"UserDeactivated", "UserDeleted"})
CHANGED: Final = frozenset(
    {"UserChanged", "UserLinked", "UserReactivated", "RoleAssigned", "ExplicitRoleChanged"}
    | {"GroupCreated", "GroupChanged", "GroupDeleted", "MembersAdded", "MembersRemoved"}
)
TYPES: Final = CREATED | ENDED | CHANGED


@dataclass(frozen=True, slots=True)
class Day:
    """How many people were created, changed and deactivated on a day."""

    day: date
    created: int
    changed: int
    ended: int


@dataclass(slots=True)
class Counted:
    """The counts of an organization up to a position."""

    since: date
    position: int
    by_day: dict[tuple[date, str], int]


class DayCounts:
    """Changes by day, kept up to a position: a later look counts only what came since. One per process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, str], Counted] = OrderedDict()

    async def days(
        self,
        connection: Connection,
        organization_id: UUID,
        *,
        zone: str,
        first: date,
        begin: datetime,
    ) -> Sequence[Day]:
        """Return the days from the first on, which begins at an instant. `zone` is whose days are meant."""
        key = (organization_id, zone)
        last = await reached(connection, organization_id)
        kept = self._kept.get(key)
        if kept is None or kept.since > first or kept.position > last:
            before = await position_at(connection, organization_id, begin)
            kept = self._kept[key] = Counted(first, before, {})
        begun = kept.position
        if last > begun:
            found = await count_days(
                connection, organization_id, begun, last, zone=zone, types=TYPES
            )
            if kept.position == begun:  # Else another request has added these events meanwhile.
                for name, events in found.items():
                    kept.by_day[name] = kept.by_day.get(name, 0) + events
                kept.position = last
        self._kept[key] = kept  # It may have been forgotten meanwhile.
        self._kept.move_to_end(key)
        if len(self._kept) > REMEMBERED_MAX:
            self._kept.popitem(last=False)
        return [_day(first + timedelta(days=each), kept.by_day) for each in range(DAYS)]


def _day(day: date, counts: Mapping[tuple[date, str], int]) -> Day:
    created, changed, ended = (
        sum(counts.get((day, each), 0) for each in types) for types in (CREATED, CHANGED, ENDED)
    )
    return Day(day, created, changed, ended)


@dataclass(slots=True)
class PeopleCounts:
    """People by role and whether they are active. Each organization's are counted every ten seconds at most."""

    kept: OrderedDict[UUID, tuple[float, Mapping[tuple[UUID, bool], int]]] = field(
        default_factory=OrderedDict
    )

    async def find(
        self, connection: Connection, organization_id: UUID
    ) -> Mapping[tuple[UUID, bool], int]:
        """Return how many people have each role, by role and whether the account is active."""
        now_s = time.monotonic()
        counted_at_s, found = self.kept.get(organization_id, (float("-inf"), {}))
        if now_s - counted_at_s > PEOPLE_FOR_S:
            found = await count_roles(connection, organization_id)
            self.kept[organization_id] = (now_s, found)
            if len(self.kept) > REMEMBERED_MAX:
                self.kept.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class Attention:
    """What needs somebody, each part the gravest first."""

    holds: Sequence[Hold]
    tokens: Sequence[
        ListedToken
    ]  # Those that expire soon, and those that are blocked although they are used.
    reasons: Sequence[Reason]  # Of the last cycle.
    lag_s: float  # How long history has not followed the log.


async def waiting(call: ConsoleCall) -> Mapping[str, int]:
    """Return how many holds wait for a decision, for the navigation."""
    async with call.runtime.pool.acquire() as connection:
        holds = await find_open_holds(connection, call.organization.id)
    return {"holds": len(holds)}


async def last_cycle(call: ConsoleCall) -> CountedCycle | None:
    """Return the last cycle; None if there was none."""
    found = await list_cycles(call.runtime, call.organization, CycleFilter(), limit=1)
    return found.items[0] if found.items else None


async def find_needs(
    call: ConsoleCall, cycle: CountedCycle | None, tokens: Sequence[ListedToken]
) -> Attention:
    """Return what needs somebody."""
    organization_id = call.organization.id
    async with call.runtime.pool.acquire() as connection:
        holds = await list_holds(connection, organization_id, limit=HOLDS_MAX, state="open")
        reasons = (
            await reasons_of_cycle(connection, organization_id, cycle.cycle.id) if cycle else []
        )
        ahead = await read(
            connection, organization_id, after=await reached(connection, organization_id), limit=1
        )
    lag_s = max(0.0, *((call.now - each.recorded_at).total_seconds() for each in ahead), 0.0)
    urgent = [
        each
        for each in tokens
        if each.state == "expiring" or (each.state == "blocked" and each.last_use)
    ]
    return Attention(holds, urgent, reasons, lag_s)


async def all_tokens(call: ConsoleCall) -> Sequence[ListedToken]:
    """Return the tokens of the organization that are neither revoked nor expired."""
    found = await list_tokens(call.runtime, call.organization, limit=1_000)
    return [each for each in found if each.state not in {"revoked", "expired"}]
