"""The events of a hold: changes that would take access from many people wait for a decision."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from schema.events.event import Event, Place

# How somebody loses access, the gravest first: a request that does several of these counts as the first.
LossKind = Literal["deletion", "deactivation", "removal", "demotion"]
LOSS_KINDS: tuple[LossKind, ...] = ("deletion", "deactivation", "removal", "demotion")
HoldState = Literal["open", "approved", "rejected"]
HELD_MAX = 1_000  # Users in one event; more become several events of one transaction.


class GuardHeld(Event):
    """A hold was opened: the request would have taken access from more people than the guard allows."""

    kind: LossKind
    users: tuple[UUID, ...]  # Whose changes are held: they still have access.
    since_position: int  # From here on the losses were counted.
    passed: int  # So many users had lost access before the limit was reached.
    active_users: int  # The whole that max_percent is of: people who were active before.
    max_users: int
    max_percent: int
    window_minutes: int


class UsersHeld(Event):
    """More users are held: the same wave reached them."""

    users: tuple[UUID, ...]


class HoldApproved(Event):
    """The changes of the held users are let through, each until it is done."""


class HoldRejected(Event):
    """The changes of the held users are refused."""


HoldEvent = GuardHeld | UsersHeld | HoldApproved | HoldRejected


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold, as its events describe it. Its users are rows: a hold may have very many."""

    id: UUID
    version: int
    kind: LossKind
    opened_at: datetime
    opened_position: int
    since_position: int
    passed: int
    active_users: int
    max_users: int
    max_percent: int
    window_minutes: int
    user_count: int
    state: HoldState = "open"
    decided_at: datetime | None = None
    decided_position: int | None = None


def evolve(hold: Hold | None, event: HoldEvent, place: Place) -> Hold:
    """Return the hold after an event. Pure; every reader of the log uses it."""
    if isinstance(event, GuardHeld):
        return Hold(
            id=place.stream_id,
            version=place.version,
            kind=event.kind,
            opened_at=place.recorded_at,
            opened_position=place.position,
            since_position=event.since_position,
            passed=event.passed,
            active_users=event.active_users,
            max_users=event.max_users,
            max_percent=event.max_percent,
            window_minutes=event.window_minutes,
            user_count=len(event.users),
        )
    assert hold is not None, f"{type(event).__name__} before GuardHeld in {place.stream_id}"
    if isinstance(event, UsersHeld):
        count = hold.user_count + len(event.users)
        return replace(hold, version=place.version, user_count=count)
    state: HoldState = "approved" if isinstance(event, HoldApproved) else "rejected"
    return replace(
        hold,
        version=place.version,
        state=state,
        decided_at=place.recorded_at,
        decided_position=place.position,
    )


def held_users(event: HoldEvent) -> tuple[UUID, ...]:
    """Return the users that an event holds."""
    return event.users if isinstance(event, GuardHeld | UsersHeld) else ()
