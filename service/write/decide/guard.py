"""Judge whether a change may take access from so many people: it passes, is held, or is refused. Pure.

docs/how-to/guard.md says what the guard does for whom.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast
from uuid import UUID

from schema.events.client import ClientRegistered
from schema.events.event import Event
from schema.events.group import MembersRemoved
from schema.events.hold import (
    HELD_MAX,
    LOSS_KINDS,
    GuardHeld,
    HoldApproved,
    HoldRejected,
    LossKind,
    UsersHeld,
)
from schema.events.loss import LOSSES, losses_of
from schema.events.organization import TOKEN_ROLE, Organization, TokenIssued
from schema.events.user import (
    AccountDesignated,
    RoleAssigned,
    User,
    UserDeactivated,
    UserDeleted,
    UserProvisioned,
    UserReactivated,
)
from schema.scim.errors import Conflict, Held, LastAdministrator, NotFound, Rejected
from service.limits.guard_state import GuardState, is_over
from service.write.commands import DecideHold
from service.write.decide.state import BatchState, Decision

RETRY_AFTER_S = 60  # A person must decide. Some clients wait this long with everything else.
WHAT: dict[LossKind, str] = {
    "deletion": "deleted",
    "deactivation": "deactivated",
    "removal": "removed from a role group",
    "demotion": "given a lower role",
}


# Looked up by type on every write: isinstance of a pydantic class costs eight times as much.
STANDINGS = frozenset(
    {UserProvisioned, RoleAssigned, UserDeactivated, UserDeleted, UserReactivated}
)
HOLDINGS = frozenset({TokenIssued, ClientRegistered})


class HeldNow(Held):
    """The refusal of a change that waits in a hold. `decisions` are the events that put its users there."""

    retry_after_s = RETRY_AFTER_S

    def __init__(self, detail: str, hold_id: UUID, decisions: Sequence[Decision]) -> None:
        super().__init__(detail, hold_id)
        self.decisions = decisions


def judge(decided: list[Decision], state: BatchState, organization: Organization) -> list[Decision]:
    """Return decisions in which each event says whether it takes access; note who loses it.

    Refused is what takes access from too many people, or from the last Administrator. Without a guard in the
    state nothing is judged, and the state says so: such a batch may not be written.
    Errors: LastAdministrator, Rejected, Held.
    """
    guard = state.guard
    if guard is None:
        state.is_unjudged |= any(_takes_access(each.event, organization) for each in decided)
        return decided
    decided = _all_stamped(decided, state, organization)
    change = designated = 0
    if guard.administrators is not None:
        change, designated = _administrators(decided, state), _made_technical(decided, state)
        if change < 0 and guard.administrators + change < 1:
            raise LastAdministrator(
                "This would leave no active Administrator among people. Make somebody else an Administrator first."
            )
    lost = _losses(decided)
    if lost:
        _judge_losses(lost, state, guard)
    if guard.administrators is not None:
        guard.administrators += change - designated
    return decided


def _takes_access(event: Event, organization: Organization) -> bool:
    kind = type(event)
    if kind not in LOSSES:
        return False
    if isinstance(event, RoleAssigned):
        return organization.is_lower(event.role_id, event.previous_role_id)
    # A group that gives a role has been asked for already.
    return kind is not MembersRemoved or bool(getattr(event, "takes_access", None))


def _all_stamped(
    decided: Iterable[Decision], state: BatchState, organization: Organization
) -> list[Decision]:
    """Return decisions whose events say that they take access, if they do. Equal events stay one object.

    Who was not active had no access to lose, and technical accounts are no people.
    """
    stamped: dict[int, Event] = {}  # By the identity of an event.
    found = []
    for decision in decided:
        stream_id, event = decision
        if type(event) not in LOSSES:
            found.append(decision)
            continue
        user = state.anyone(stream_id)
        if user is not None and (not user.active or stream_id in state.technical):
            found.append(decision)
            continue
        made = stamped.get(id(event))
        if made is None:
            made = stamped[id(event)] = _stamped(event, organization)
        found.append(Decision(stream_id, made))
    return found


def _stamped(event: Event, organization: Organization) -> Event:
    if not _takes_access(event, organization) or getattr(event, "takes_access", None):
        return event
    return event.model_copy(update={"takes_access": True})


def _losses(decided: Iterable[Decision]) -> dict[UUID, LossKind]:
    """Return who loses access by a request, and how."""
    lost: dict[UUID, LossKind] = {}
    for stream_id, event in decided:
        found = losses_of(stream_id, event)
        if found is not None:
            users, kind = found
            for each in users:
                lost[each] = min(kind, lost.get(each, kind), key=LOSS_KINDS.index)
    return lost


def _judge_losses(lost: dict[UUID, LossKind], state: BatchState, guard: GuardState) -> None:
    kind = min(lost.values(), key=LOSS_KINDS.index)
    if guard.limits is None:
        guard.note(lost, kind)
        return
    concerns = {each: guard.concerns.get((each, kind)) for each in lost}
    holds = {each: state.holds[hold] for each, hold in concerns.items() if hold is not None}
    for each in holds.values():
        if each.state == "rejected":
            raise Rejected(
                f"An administrator has refused this change: see hold {each.id}. "
                "If it is intended, approve that hold, then send the request again.",
            )
    rest = [each for each in lost if each not in holds or holds[each].state != "approved"]
    if not rest or not guard.is_exceeded(_counted(lost, rest, kind, state)):
        guard.note(lost, kind)
        return
    raise _held(rest, kind, state, guard)


def _counted(
    lost: Iterable[UUID],
    rest: Sequence[UUID],
    kind: LossKind,
    state: BatchState,
) -> int:
    """Return how many users count: those of the window, or the whole wave if one of them waits in a hold.

    Otherwise the next few of a wave would pass as soon as the window has moved on.
    """
    guard = cast("GuardState", state.guard)
    count = guard.count(lost)
    waiting = {guard.concerns[each, kind] for each in rest if (each, kind) in guard.concerns}
    waves = (state.holds[each].passed + state.holds[each].user_count for each in waiting)
    return max(count, *waves) if waiting else count


def _held(rest: Sequence[UUID], kind: LossKind, state: BatchState, guard: GuardState) -> HeldNow:
    """Return the refusal that puts users into the open hold of their kind, or opens one."""
    hold_id = guard.open_holds.get(kind)
    if hold_id is not None and state.holds[hold_id].state != "open":
        hold_id = None  # Decided by another command of the batch.
    new = [each for each in rest if hold_id is None or guard.concerns.get((each, kind)) != hold_id]
    chunks = [tuple(new[begin : begin + HELD_MAX]) for begin in range(0, len(new), HELD_MAX)]
    decisions: list[Decision] = []
    if hold_id is None:
        hold_id = guard.open_holds[kind] = guard.new_holds[kind]
        decisions.append(Decision(hold_id, _opened(chunks.pop(0), kind, guard)))
    decisions += [Decision(hold_id, UsersHeld(users=some)) for some in chunks]
    for each in new:
        guard.concerns[each, kind] = hold_id
    return HeldNow(_detail(hold_id, kind, guard), hold_id, decisions)


def _opened(users: tuple[UUID, ...], kind: LossKind, guard: GuardState) -> GuardHeld:
    limits = guard.limits
    assert limits is not None
    return GuardHeld(
        kind=kind,
        users=users,
        since_position=guard.since_position,
        passed=guard.lost_count,
        active_users=guard.active_users,
        max_users=limits.max_users,
        max_percent=limits.max_percent,
        window_minutes=limits.window_minutes,
    )


def _detail(hold_id: UUID, kind: LossKind, guard: GuardState) -> str:
    limits = guard.limits
    assert limits is not None
    return (
        f"Held as {hold_id}: more than {limits.max_users} users and more than {limits.max_percent} % of "
        f"{guard.active_users} active users would lose access within {limits.window_minutes} minutes "
        f"(here: {WHAT[kind]}). An administrator must approve or reject the hold."
    )


class Standing(NamedTuple):
    """What makes somebody an active Administrator, or not."""

    active: bool
    role_id: UUID


def _administrators(decided: Iterable[Decision], state: BatchState) -> int:
    """Return by how many the active Administrators among people change."""
    after: dict[UUID, Standing] = {}
    technical = {user_id for user_id, event in decided if type(event) is AccountDesignated}
    for user_id, event in decided:
        if type(event) not in STANDINGS:
            continue
        former = after.get(user_id) or _standing(state.anyone(user_id))
        if isinstance(event, UserProvisioned):
            after[user_id] = Standing(event.active, event.role_id)
        elif former is not None and isinstance(event, RoleAssigned):
            after[user_id] = former._replace(role_id=event.role_id)
        elif former is not None:
            after[user_id] = former._replace(active=type(event) is UserReactivated)
    return sum(
        _counts(now, state) - _counts(_standing(state.anyone(user_id)), state)
        for user_id, now in after.items()
        if user_id not in state.technical and user_id not in technical
    )


def _made_technical(decided: Iterable[Decision], state: BatchState) -> int:
    """Return how many active Administrators are people no longer, because they hold a token or a client now."""
    holders = {
        event.account_id
        for _, event in decided
        if type(event) in HOLDINGS and isinstance(event, TokenIssued | ClientRegistered)
    }
    return sum(_counts(_standing(state.anyone(each)), state) for each in holders - state.technical)


def _standing(user: User | None) -> Standing | None:
    return None if user is None or user.is_deleted else Standing(user.active, user.role_id)


def _counts(standing: Standing | None, state: BatchState) -> bool:
    organization = state.organization
    return (
        standing is not None
        and organization is not None
        and standing == Standing(active=True, role_id=organization.roles[TOKEN_ROLE])
    )


def decide_hold(command: DecideHold, state: BatchState) -> list[Decision]:
    """Return the event that decides a hold; none if it is decided so already. A decision may be changed.

    Errors: NotFound; Conflict if other users are in the hold than the person saw who decides.
    """
    hold = state.holds.get(command.id)
    if hold is None:
        raise NotFound(f"There is no hold {command.id}.")
    if command.user_count not in (None, hold.user_count):
        raise Conflict(
            f"The hold has {hold.user_count:,} users now, not {command.user_count:,}: look at it again."
        )
    wanted = "approved" if command.is_approved else "rejected"
    if hold.state == wanted and not is_over(hold.state, hold.decided_at, state.now):
        return []
    return [Decision(hold.id, HoldApproved() if command.is_approved else HoldRejected())]
