"""What arrived since a step began to listen, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from projections.history.search import Search
from service.console.events.rows import EventRow, event_rows
from service.console.framework.call import ConsoleCall
from service.console.pages.provisioning.refusals import Refusal, explained
from service.replay.answers import Page, search_events
from service.replay.cycles import CountedCycle, list_cycles, list_requests
from service.requests.read import CycleFilter, RequestFilter

CYCLES_READ: Final = 50
REFUSALS_SHOWN: Final = 10
EVENTS_SHOWN: Final = 10
LATER: Final = timedelta(seconds=0.5)  # A request that ends so long after a refusal is another one.
# Which check a finding fails: 1 the token, 2 its account, 3 its scope; every other finding is about the request itself.
CHECKS: Final = {
    "tokenExpired": 1,
    "tokenRevoked": 1,
    "tokenUnknown": 1,
    "addressNotAllowed": 1,
    "accountDeactivated": 2,
    "accountNotEntitled": 2,
    "scopeInsufficient": 3,
    "notPermitted": 3,
}
REQUEST_CHECK: Final = 4
NEW_CREDENTIAL: Final = frozenset(
    {"tokenExpired", "tokenRevoked", "tokenUnknown", "scopeInsufficient", "addressNotAllowed"}
)

State = Literal["waiting", "arrived", "failed", "other"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived. `other`: requests came, but not with the credential of this set-up."""

    state: State
    cycle: CountedCycle | None  # That the newest request of the credential belongs to.
    other: CountedCycle | None  # Of another credential of the organization.
    refusal: Refusal | None  # The newest.
    refusals: Sequence[Refusal]
    events: Sequence[EventRow]  # What the credential changed, newest first.

    @property
    def failed_check(self) -> int:
        """Return which check failed, counted from 0."""
        finding = self.refusal.request.request.finding if self.refusal else None
        return CHECKS.get(finding or "", REQUEST_CHECK)

    @property
    def needs_credential(self) -> bool:
        """Return whether a new token mends it."""
        finding = self.refusal.request.request.finding if self.refusal else None
        return finding in NEW_CREDENTIAL


async def find_arrival(
    call: ConsoleCall, credential_id: UUID | None, since: datetime, *, needs_change: bool
) -> Arrival:
    """Return what arrived since an instant. `needs_change`: only a change of somebody counts, not a search."""
    runtime, organization = call.runtime, call.organization
    found = await list_requests(
        runtime, organization, RequestFilter(is_refused=True, begin=since), limit=REFUSALS_SHOWN
    )
    refusals = [explained(call, each) for each in found.items]
    cycles = await list_cycles(runtime, organization, CycleFilter(), limit=CYCLES_READ)
    recent = [each for each in cycles.items if each.cycle.last_at >= since]
    ours = [each for each in recent if each.cycle.token_id == credential_id]
    others = [each for each in recent if each.cycle.token_id != credential_id]
    events = await _events(call, credential_id, since)
    newest, cycle = refusals[0] if refusals else None, ours[0] if ours else None
    arrived_at = events[0].at if needs_change and events else None
    if not needs_change and cycle and cycle.cycle.requests > cycle.cycle.refused:
        arrived_at = cycle.cycle.last_at
    refused_at = newest.request.request.at if newest else None
    state: State = "waiting"
    if arrived_at and (refused_at is None or arrived_at > refused_at + LATER):
        state = "arrived"
    elif newest:
        state = "failed"
    elif others and not ours:
        state = "other"
    return Arrival(state, cycle, others[0] if others else None, newest, refusals, events)


async def _events(call: ConsoleCall, credential_id: UUID | None, since: datetime) -> list[EventRow]:
    if credential_id is None:
        return []
    wanted = Search(token_id=credential_id, source="scim")
    found = await search_events(
        call.runtime, call.organization, wanted, Page("desc", limit=EVENTS_SHOWN)
    )
    return event_rows(call, [each for each in found.events if each.recorded_at >= since])
