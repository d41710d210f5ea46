"""The guard against mass deprovisioning: its limits, its holds, and the decisions on them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from projections.directory.queries.holds import Concerned
from schema.events.hold import HoldState, LossKind
from service.api.call import Call
from service.api.cursor import page_of, read_id_cursor
from service.api.models import ListQuery, Message, Page
from service.organizations.access import guard
from service.organizations.access.guard import ShownHold


class GuardValues(Message):
    """The limits. A wave is held if it exceeds both numbers within the window."""

    enabled: bool
    max_users: int = Field(ge=0, le=1_000_000)
    max_percent: int = Field(ge=0, le=100, description="Of the people who were active before.")
    window_minutes: int = Field(ge=1, le=10_080)


class GuardRow(GuardValues):
    """The guard."""

    in_force: bool
    in_force_from: datetime | None = Field(
        description="A new organization is guarded after 24 hours, or when somebody sets the guard. Null: it is off."
    )


class HeldPerson(Message):
    """Somebody in a hold, or who lost access before it. A deleted user has no names."""

    id: UUID
    user_name: str | None
    display_name: str | None
    role: str | None
    active: bool
    at: datetime = Field(description="When the change was held, or access was lost.")


class HoldRow(Message):
    """A hold: changes that would have taken access from more people than the guard allows."""

    id: UUID
    kind: LossKind
    opened_at: datetime
    state: HoldState
    decided_at: datetime | None
    ends_at: datetime | None = Field(
        description="Until when the decision holds; null while there is none."
    )
    user_count: int
    users: list[HeldPerson] = Field(
        description="Those who still have access: the first 1,000, or in a list 100."
    )
    passed_count: int
    passed: list[HeldPerson] = Field(
        description="Those whom the same wave reached before the limit: the first 1,000, or in a list 100."
    )
    active_users: int = Field(description="People who were active before the wave.")
    max_users: int
    max_percent: int
    window_minutes: int


class HoldsQuery(ListQuery):
    """Which holds to list."""

    state: HoldState | None = None


class HeldPeopleQuery(ListQuery):
    """Which people of a hold to list."""

    which: Literal["held", "passed"] = "held"


class HoldDecision(Message):
    """A decision on a hold."""

    users: int | None = Field(
        None,
        ge=0,
        description="The number of users that you have looked at; another number now is refused with 409.",
    )


async def read(call: Call) -> GuardRow:
    """GET /guard."""
    found = await guard.read_guard(call.runtime, call.organization)
    return GuardRow(
        enabled=found.enabled,
        max_users=found.max_users,
        max_percent=found.max_percent,
        window_minutes=found.window_minutes,
        in_force=found.is_in_force,
        in_force_from=found.in_force_from,
    )


async def save(call: Call, body: GuardValues) -> GuardRow:
    """PUT /guard."""
    values = body.model_dump(by_alias=True)
    await guard.set_guard(call.runtime, call.organization, values, provenance=call.provenance)
    return await read(call)


async def list_holds(call: Call, query: HoldsQuery) -> Page[HoldRow]:
    """GET /guard/holds."""
    before = read_id_cursor("holds", query.cursor)
    found = await guard.show_holds(
        call.runtime, call.organization, query.state, query.limit + 1, before
    )
    rows = [_row(call, each) for each in found]
    return page_of(rows, query.limit, "holds", lambda row: (row.id,))


async def read_hold(call: Call, hold_id: UUID) -> HoldRow:
    """GET /guard/holds/{id}."""
    return _row(call, await guard.show_hold(call.runtime, call.organization, hold_id))


async def list_people(call: Call, hold_id: UUID, query: HeldPeopleQuery) -> Page[HeldPerson]:
    """GET /guard/holds/{id}/users."""
    kind = f"{query.which} {hold_id}"
    after = read_id_cursor(kind, query.cursor)
    found = await guard.show_people(
        call.runtime, call.organization, hold_id, query.which, query.limit + 1, after
    )
    rows = [_person(call, each) for each in found]
    return page_of(rows, query.limit, kind, lambda row: (row.id,))


async def approve(call: Call, hold_id: UUID, body: HoldDecision) -> HoldRow:
    """POST /guard/holds/{id}/approve."""
    return await _decide(call, hold_id, body, is_approved=True)


async def reject(call: Call, hold_id: UUID, body: HoldDecision) -> HoldRow:
    """POST /guard/holds/{id}/reject."""
    return await _decide(call, hold_id, body, is_approved=False)


async def _decide(call: Call, hold_id: UUID, body: HoldDecision, *, is_approved: bool) -> HoldRow:
    decided = await guard.decide_hold(
        call.runtime,
        call.organization,
        hold_id,
        is_approved=is_approved,
        user_count=body.users,
        provenance=call.provenance,
    )
    return _row(call, decided)


def _row(call: Call, shown: ShownHold) -> HoldRow:
    hold = shown.hold
    return HoldRow(
        id=hold.id,
        kind=hold.kind,
        opened_at=hold.opened_at,
        state=hold.state,
        decided_at=hold.decided_at,
        ends_at=shown.ends_at,
        user_count=hold.user_count,
        users=[_person(call, each) for each in shown.users],
        passed_count=hold.passed,
        passed=[_person(call, each) for each in shown.passed],
        active_users=hold.active_users,
        max_users=hold.max_users,
        max_percent=hold.max_percent,
        window_minutes=hold.window_minutes,
    )


def _person(call: Call, each: Concerned) -> HeldPerson:
    return HeldPerson(
        id=each.id,
        user_name=each.user_name,
        display_name=each.display_name,
        role=call.organization.role_name(each.role_id) if each.role_id else None,
        active=each.active,
        at=each.at,
    )
