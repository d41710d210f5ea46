"""Load what the guard judges a batch by. All of it changes only together with the log.

A batch is written only if its log still ends where it ended before this was read, or under the log's lock. So all
processes count the same.
"""

from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

from eventstore.postgres.connection import Connection
from projections.directory import load, load_roles
from schema.events.hold import LossKind
from schema.events.organization import TOKEN_ROLE
from service.ids import new_id
from service.limits.guard_state import APPROVED_FOR, REJECTED_FOR, GuardState, limits_of
from service.limits.offload import LONG_MEMBERS, offload
from service.write.decide.required_state import RequiredState
from service.write.decide.state import BatchState


async def load_guard(  # noqa: PLR0917 - for whose batch, what it requires and has, and when.
    connection: Connection,
    organization_id: UUID,
    required: RequiredState,
    state: BatchState,
    now: datetime,
) -> None:
    """Load holds that are decided on, and the guard if the batch may take access from anybody."""
    state.now = now
    if required.holds:
        state.holds = await load.load_holds(connection, organization_id, required.holds)
    users = required.may_lose
    organization = state.organization
    if organization is None or not (users or required.role_groups):
        return
    is_long = len(users) > LONG_MEMBERS
    # Also those who are looked at for another reason: they may be about to hold a token.
    looked_at = await offload(set.union, is_long, users, required.users)
    # Of those who were loaded in full it is known.
    read = {each for each, user in state.users.items() if not user.is_deleted}
    if others := await offload(looked_at.difference, is_long, state.unread.keys(), read):
        state.technical |= await load_roles.find_technical(connection, organization_id, others)
    guard = state.guard = GuardState(limits_of(organization, now))
    administrator = organization.roles[TOKEN_ROLE]
    if await offload(_are_administrators_among, is_long, state, users, administrator):
        # One more than the batch can touch is as good as any number.
        guard.administrators = await load_roles.count_administrators(
            connection, organization_id, administrator, len(looked_at) + 1
        )
    if guard.limits is not None and users:
        await _load_window(connection, organization_id, guard, users, now)
        await _load_holds(connection, organization_id, state, guard, users)


def _are_administrators_among(state: BatchState, users: set[UUID], administrator: UUID) -> bool:
    """Return whether some of the users are active Administrators, and people."""
    found = (state.anyone(each) for each in users if each not in state.technical)
    return any(each and each.active and each.role_id == administrator for each in found)


async def _load_window(  # noqa: PLR0917 - as load_guard.
    connection: Connection,
    organization_id: UUID,
    guard: GuardState,
    users: set[UUID],
    now: datetime,
) -> None:
    limits = guard.limits
    assert limits is not None
    since = now - timedelta(minutes=limits.window_minutes)
    window = await load_roles.count_losses(connection, organization_id, since)
    guard.lost_count, guard.since_position = window
    if guard.lost_count:
        guard.lost = await load_roles.find_lost(connection, organization_id, since, users)
    is_long = len(users) > LONG_MEMBERS
    # Otherwise the number does not matter.
    if await offload(guard.count, is_long, users) > limits.max_users:
        guard.active_users = await load_roles.count_active(connection, organization_id, since)


async def _load_holds(  # noqa: PLR0917 - as load_guard.
    connection: Connection,
    organization_id: UUID,
    state: BatchState,
    guard: GuardState,
    users: set[UUID],
) -> None:
    now = state.now
    assert now is not None
    guard.new_holds = {kind: new_id() for kind in get_args(LossKind)}
    guard.open_holds = await load_roles.find_open_holds(connection, organization_id)
    guard.concerns = await load_roles.find_concerns(
        connection,
        organization_id,
        users,
        approved_since=now - APPROVED_FOR,
        rejected_since=now - REJECTED_FOR,
    )
    named = {*guard.open_holds.values(), *guard.concerns.values()} - state.holds.keys()
    if named:
        state.holds |= await load.load_holds(connection, organization_id, named)
