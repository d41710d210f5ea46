"""Reads and sets the guard, lists holds, and decides on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from projections.directory import load
from projections.directory.queries.holds import (
    Concerned,
    Which,
    find_hold,
    list_concerned,
    list_holds,
)
from schema.events.hold import Hold
from schema.events.organization import Organization
from schema.scim.errors import NotFound
from service.callers.caller import Caller
from service.limits.guard_state import APPROVED_FOR, NEW_FOR, REJECTED_FOR, is_over, limits_of
from service.runtime import Runtime
from service.write.commands import ChangeSettings, DecideHold

SETTING = "guard"
SHOWN_MAX = 1_000  # People whom a hold names; its numbers count all.
LISTED_MAX = 100  # The same, of each hold in a list.


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard's setting, and since when it is in force."""

    enabled: bool
    max_users: int
    max_percent: int
    window_minutes: int
    is_in_force: bool
    in_force_from: datetime | None  # None: it is off.


@dataclass(frozen=True, slots=True)
class ShownHold:
    """A hold with the people in it and those who lost access before: the first of each."""

    hold: Hold
    users: Sequence[Concerned]
    passed: Sequence[Concerned]

    @property
    def ends_at(self) -> datetime | None:
        """Return until when the decision holds; None while there is none."""
        if self.hold.decided_at is None:
            return None
        lasts = APPROVED_FOR if self.hold.state == "approved" else REJECTED_FOR
        return self.hold.decided_at + lasts

    @property
    def is_over(self) -> bool:
        """Return whether the decision holds no longer."""
        return is_over(self.hold.state, self.hold.decided_at, datetime.now(UTC))


async def read_guard(runtime: Runtime, organization: Organization) -> Guard:
    """Return the guard as it is now, whatever this process has cached."""
    async with runtime.pool.acquire() as connection:
        found = await load.load_organization(connection, organization.id, with_tokens=False)
    if found is None:
        raise NotFound("There is no such organization.")
    now, values = datetime.now(UTC), found.setting(SETTING)
    begins = found.created_at if SETTING in found.settings else found.created_at + NEW_FOR
    return Guard(
        values["enabled"],
        values["maxUsers"],
        values["maxPercent"],
        values["windowMinutes"],
        is_in_force=limits_of(found, now) is not None,
        in_force_from=begins if values["enabled"] else None,
    )


async def set_guard(
    runtime: Runtime,
    organization: Organization,
    values: Mapping[str, Any],
    *,
    provenance: Provenance,
) -> None:
    """Set the guard as a whole; it applies at once, in a new organization too. Errors: InvalidValue."""
    command = ChangeSettings(organization.id, {SETTING: dict(values)})
    caller = Caller(organization, None, provenance.source)
    await runtime.lanes.submit(command, caller, provenance)


async def show_holds(  # noqa: PLR0917 - of whom, which, and which page.
    runtime: Runtime,
    organization: Organization,
    state: str | None,
    limit: int,
    before: UUID | None = None,
) -> list[ShownHold]:
    """Return holds, latest first, each with the first of its people."""
    async with runtime.pool.acquire() as connection:
        holds = await list_holds(
            connection, organization.id, limit=limit, before=before, state=state
        )
        return [await _shown(connection, organization.id, each, LISTED_MAX) for each in holds]


async def show_hold(runtime: Runtime, organization: Organization, hold_id: UUID) -> ShownHold:
    """Return a hold with the first of its people. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        found = await _existing(connection, organization.id, hold_id)
        return await _shown(connection, organization.id, found)


async def show_people(  # noqa: PLR0917 - of which hold, who, and which page.
    runtime: Runtime,
    organization: Organization,
    hold_id: UUID,
    which: Which,
    limit: int,
    after: UUID | None = None,
) -> list[Concerned]:
    """Return the people in a hold, or those who lost access before it, by id. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        found = await _existing(connection, organization.id, hold_id)
        return await list_concerned(connection, organization.id, found, which, limit, after)


async def decide_hold(
    runtime: Runtime,
    organization: Organization,
    hold_id: UUID,
    *,
    is_approved: bool,
    user_count: int | None,
    provenance: Provenance,
) -> ShownHold:
    """Approve or reject a hold, and return it. A decision may be changed.

    Errors: NotFound; Conflict if the hold has another number of users than `user_count`.
    """
    command = DecideHold(hold_id, is_approved, user_count)
    caller = Caller(organization, None, provenance.source)
    await runtime.lanes.submit(command, caller, provenance)
    return await show_hold(runtime, organization, hold_id)


async def _existing(connection: Connection, organization_id: UUID, hold_id: UUID) -> Hold:
    found = await find_hold(connection, organization_id, hold_id)
    if found is None:
        raise NotFound(f"There is no hold {hold_id}.")
    return found


async def _shown(
    connection: Connection, organization_id: UUID, hold: Hold, count: int = SHOWN_MAX
) -> ShownHold:
    people = [
        await list_concerned(connection, organization_id, hold, which, count) for which in WHICH
    ]
    return ShownHold(hold, *people)


WHICH: tuple[Which, ...] = ("held", "passed")
