"""The guard: what takes access from too many people waits for a decision, and the last Administrator stays."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schema.events.event import Event
from schema.events.group import MembersAdded, MembersRemoved
from schema.events.hold import GuardHeld, HoldApproved, HoldRejected, UsersHeld
from schema.events.organization import RoleGroup, RoleGroupsChanged, SettingsChanged
from schema.events.settings import SETTINGS
from schema.events.user import RoleAssigned, UserDeactivated, UserDeleted, UserReactivated
from schema.scim.definitions import USER
from schema.scim.errors import Conflict, LastAdministrator, NotFound, Rejected
from service.limits.guard_state import APPROVED_FOR, GuardState, Limits, limits_of
from service.write.commands import (
    Command,
    CreateAccount,
    DecideHold,
    IssueToken,
    RegisterClient,
)
from service.write.decide.guard import HeldNow
from service.write.decide.state import Decision
from tests.builders import (
    ADMINISTRATOR,
    ANN,
    EDITOR,
    JO,
    KIM,
    ORGANIZATION_ID,
    READER,
    SALES,
    START,
    Story,
    ann,
    created,
    delete_group,
    delete_user,
    jo,
    members,
    organization,
    patch_group,
    patch_user,
    post_user,
    provisioned,
    put_user,
    remove,
    replace,
    sales,
)

HOLD, NEXT_HOLD = (UUID(f"c0000000-0000-7000-8000-00000000000{n}") for n in range(2))
PEOPLE = {JO: "jo", ANN: "ann", KIM: "kim"}


def guarded(
    *more: Decision, role: UUID = EDITOR, max_users: int = 1, lost: int = 0, active: int = 3
) -> Story:
    """Return a story with three people and a guard that lets one of them lose access."""
    story = Story()
    for user_id, name in PEOPLE.items():
        story.happen(Decision(user_id, provisioned(name, role=role)), "scim")
    for each in more:
        story.happen(each, "scim")
    known = story.known
    known.now = START + timedelta(days=2)
    known.role_groups_of = {each: set() for each in PEOPLE}
    known.guard = GuardState(
        Limits(max_users=max_users, max_percent=20, window_minutes=60),
        lost_count=lost,
        since_position=2 if lost else 0,
        active_users=active,
        new_holds=dict.fromkeys(("deletion", "deactivation", "removal", "demotion"), HOLD),
    )
    return story


def deactivate(user_id: UUID) -> Command:
    """Return the command that deactivates a user."""
    return patch_user(replace("active", value=False), user_id=user_id)


def held(story: Story, command: Command) -> HeldNow:
    """Return the refusal of a command that is held; its events count as having happened."""
    with pytest.raises(HeldNow) as caught:
        story.when(command)
    for each in caught.value.decisions:
        story.happen(each, "scim")
    return caught.value


def opened(kind: Any, *users: UUID, passed: int = 1, since: int = 0) -> Decision:
    """Return the event that opens a hold."""
    event = GuardHeld(
        kind=kind,
        users=users,
        since_position=since,
        passed=passed,
        active_users=3,
        max_users=1,
        max_percent=20,
        window_minutes=60,
    )
    return Decision(HOLD, event)


DEMOTION = patch_user(replace("roleId", str(READER)))
LOST = UserDeactivated(takes_access=True)
DEMOTED = RoleAssigned(role_id=READER, previous_role_id=EDITOR, takes_access=True)


@pytest.mark.parametrize(
    ("kind", "command", "event"),
    [
        ("deactivation", deactivate(JO), LOST),
        ("deactivation", put_user(userName="jo", active=False), LOST),
        ("deletion", delete_user(JO), UserDeleted(takes_access=True)),
        ("demotion", patch_user(replace("roleId", str(READER))), DEMOTED),
        ("demotion", put_user(userName="jo", roleId=str(READER)), DEMOTED),
    ],
)
def test_within_the_limit_a_change_passes_and_beyond_it_is_held(
    kind: str, command: Command, event: Event
) -> None:
    guarded().when(command).then(jo(event))

    refusal = held(guarded(lost=1), command)
    assert refusal.decisions == [opened(kind, JO, since=2)]
    assert (refusal.status, refusal.hold_id) == (429, HOLD)
    assert str(HOLD) in refusal.detail


def test_both_limits_must_be_exceeded() -> None:
    guarded(lost=1, active=10).when(deactivate(JO)).then(jo(LOST))
    held(guarded(lost=1, active=9), deactivate(JO))
    guarded(lost=1, max_users=2).when(deactivate(JO)).then(jo(LOST))


def test_what_takes_no_access_is_never_held() -> None:
    story = guarded(jo(UserDeactivated()), lost=9)
    story.when(patch_user(replace("active", value=True))).then(jo(UserReactivated()))
    story.when(patch_user(replace("roleId", str(ADMINISTRATOR))))
    story.when(patch_user(replace("title", "Boss")))


@pytest.mark.parametrize("command", [deactivate(JO), delete_user(JO), DEMOTION])
def test_technical_accounts_lose_nothing_that_counts(command: Command) -> None:
    story = guarded(lost=1)
    story.known.technical = {JO}
    story.when(command)
    assert [getattr(each.event, "takes_access", None) for each in story.decisions] == [None]


@pytest.mark.parametrize("command", [delete_user(JO), DEMOTION])
def test_whoever_was_inactive_loses_nothing_that_counts(command: Command) -> None:
    story = guarded(jo(UserDeactivated()), lost=1)
    story.when(command)
    assert [getattr(each.event, "takes_access", None) for each in story.decisions] == [None]
    held(story, deactivate(ANN))


def test_a_user_counts_once() -> None:
    story = guarded()
    story.when(DEMOTION).then(jo(DEMOTED))
    story.when(deactivate(JO)).then(jo(LOST))
    story.when(delete_user(JO)).then(jo(UserDeleted()))  # There was no access left to take.
    held(story, deactivate(ANN))


def test_later_users_are_added_to_the_hold_and_none_of_them_twice() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))

    assert held(story, deactivate(ANN)).decisions == [Decision(HOLD, UsersHeld(users=(ANN,)))]
    assert held(story, deactivate(ANN)).decisions == []
    assert (story.known.holds[HOLD].user_count, story.known.holds[HOLD].state) == (2, "open")


def test_whoever_waits_in_a_hold_waits_on_when_the_window_has_moved_on() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))
    story.known.guard.lost_count = 0  # type: ignore[union-attr]

    assert held(story, deactivate(JO)).hold_id == HOLD
    story.when(deactivate(ANN)).then(ann(LOST))


def test_wider_limits_let_the_whole_wave_through() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))
    story.known.guard.limits = Limits(2, 20, 60)  # type: ignore[union-attr]

    story.when(deactivate(JO)).then(jo(LOST))


def test_another_kind_of_loss_has_a_hold_of_its_own() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))
    story.known.guard.new_holds["deletion"] = NEXT_HOLD  # type: ignore[union-attr]

    assert held(story, delete_user(JO)).hold_id == NEXT_HOLD


# Role groups

LISTED = Decision(
    ORGANIZATION_ID,
    RoleGroupsChanged(items=(RoleGroup(role_id=EDITOR, group_id=SALES),), explicit_wins=True),
)


@pytest.mark.parametrize("command", [delete_group(), patch_group(remove("members"))])
def test_who_leaves_a_role_group_is_counted_whether_the_role_changes_or_not(
    command: Command,
) -> None:
    joined = MembersAdded(members=(JO, ANN))
    story = guarded(sales(created()), LISTED, sales(joined))

    assert held(story, command).decisions == [opened("removal", JO, ANN, passed=0)]


def test_who_leaves_another_group_is_not_counted() -> None:
    story = guarded(sales(created()), sales(MembersAdded(members=(JO, ANN))))

    story.when(patch_group(remove("members"))).then(sales(MembersRemoved(members=(JO, ANN))))


def test_a_request_is_held_as_a_whole() -> None:
    story = guarded(sales(created()), LISTED, sales(MembersAdded(members=(JO, ANN))))
    story.happen(opened("removal", JO, passed=0), "scim")
    story.happen(Decision(HOLD, HoldApproved()), "scim")
    guard = story.known.guard
    assert guard is not None
    guard.concerns[JO, "removal"], guard.new_holds["removal"] = HOLD, NEXT_HOLD

    refusal = held(story, patch_group(remove("members")))
    (decision,) = refusal.decisions
    assert isinstance(decision.event, GuardHeld)
    assert decision.event.users == (ANN,)
    story.when(patch_group(remove("members", value=members(JO))))


# Decisions on a hold


def test_an_approval_lets_exactly_these_users_through_and_once() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))
    story.when(DecideHold(HOLD, is_approved=True)).then(Decision(HOLD, HoldApproved()))
    story.known.guard.new_holds["deactivation"] = NEXT_HOLD  # type: ignore[union-attr]

    story.when(deactivate(JO)).then(jo(LOST))
    story.when(patch_user(replace("active", value=True)))
    assert held(story, deactivate(JO)).hold_id == NEXT_HOLD
    assert held(story, deactivate(ANN)).hold_id == NEXT_HOLD


def test_a_rejection_refuses_with_400_and_names_the_hold() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))
    story.when(DecideHold(HOLD, is_approved=False)).then(Decision(HOLD, HoldRejected()))

    with pytest.raises(Rejected, match=str(HOLD)) as caught:
        story.when(deactivate(JO))
    assert caught.value.status == 400


def test_a_decision_may_change_and_is_not_repeated() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))
    approve, reject = DecideHold(HOLD, is_approved=True), DecideHold(HOLD, is_approved=False)

    story.when(reject).when(reject).then()
    story.when(approve).then(Decision(HOLD, HoldApproved()))
    story.when(approve).then()
    story.known.now = START + APPROVED_FOR + timedelta(days=1)
    story.when(approve).then(Decision(HOLD, HoldApproved()))


def test_a_decision_names_the_number_of_users_that_was_looked_at() -> None:
    story = guarded(lost=1)
    held(story, deactivate(JO))

    with pytest.raises(Conflict, match="1 users now, not 2"):
        story.when(DecideHold(HOLD, is_approved=True, user_count=2))
    story.when(DecideHold(HOLD, is_approved=True, user_count=1))
    with pytest.raises(NotFound):
        story.when(DecideHold(NEXT_HOLD, is_approved=True))


# The last Administrator


def administrators(count: int, *, is_on: bool = True) -> Story:
    """Return a story with three people, of whom so many are known to be active Administrators."""
    story = guarded(role=ADMINISTRATOR, max_users=100)
    assert story.known.guard is not None
    story.known.guard.administrators = count
    if not is_on:
        story.known.guard.limits = None
    return story


TAKING = [
    deactivate(JO),
    delete_user(JO),
    patch_user(replace("roleId", str(EDITOR))),
    patch_user(remove("roleId")),
]


@pytest.mark.parametrize("command", TAKING)
@pytest.mark.parametrize("is_on", [True, False])
def test_the_last_administrator_stays(command: Command, *, is_on: bool) -> None:
    with pytest.raises(LastAdministrator, match="no active Administrator"):
        administrators(1, is_on=is_on).when(command)
    administrators(2).when(command)


@pytest.mark.parametrize("command", TAKING)
def test_technical_accounts_are_no_administrators_among_people(command: Command) -> None:
    story = administrators(1)
    story.known.technical = {JO}
    story.when(command)


def test_administrators_of_the_batch_count() -> None:
    story = administrators(3)
    story.when(deactivate(JO)).when(delete_user(ANN))
    with pytest.raises(LastAdministrator):
        story.when(deactivate(KIM))
    story.when(patch_user(replace("active", value=True)))
    story.when(deactivate(KIM))


def test_a_new_administrator_counts_in_the_same_batch() -> None:
    new = UUID("a0000000-0000-7000-8000-000000000009")
    story = administrators(1)
    story.when(post_user(new, userName="new", roleId=str(ADMINISTRATOR)))
    story.when(deactivate(JO)).then(jo(LOST))


# Whether the guard is on


@pytest.mark.parametrize("listed", [True, False])
def test_a_technical_account_of_the_batch_is_no_administrator_among_people(*, listed: bool) -> None:
    new = UUID("a0000000-0000-7000-8000-000000000009")
    document = {"userName": "sync", "roleId": str(ADMINISTRATOR)}
    story = administrators(1)
    story.when(CreateAccount(new, document, USER, listed_in_scim=listed))
    with pytest.raises(LastAdministrator):
        story.when(deactivate(JO))
    story.when(deactivate(new))


TOKEN = IssueToken(ORGANIZATION_ID, SALES, "hash", ANN, "Entra", "scim")
CLIENT = RegisterClient(ORGANIZATION_ID, SALES, ANN, "Entra", "secret", ("scim",), START)


@pytest.mark.parametrize("holding", [TOKEN, CLIENT])
def test_whoever_holds_a_token_of_the_batch_is_no_administrator_among_people(
    holding: Command,
) -> None:
    story = administrators(2)
    story.when(holding)
    with pytest.raises(LastAdministrator):
        story.when(deactivate(JO))

    again = administrators(2)
    again.known.technical = {ANN}
    again.when(holding).when(deactivate(JO))


def test_a_new_organization_is_guarded_after_a_day_or_when_somebody_sets_the_guard() -> None:
    new = organization()
    late = new.created_at + timedelta(hours=24)
    soon = late - timedelta(seconds=1)

    assert limits_of(new, soon) is None
    assert limits_of(new, late) == Limits(10, 20, 60)
    chosen = {"enabled": True, "maxUsers": 2, "maxPercent": 5, "windowMinutes": 15}
    story = Story()
    story.happen(Decision(ORGANIZATION_ID, SettingsChanged(settings={"guard": chosen})), "cli")
    assert limits_of(story.known.organization, soon) == Limits(2, 5, 15)  # type: ignore[arg-type]
    off = {**chosen, "enabled": False}
    story.happen(Decision(ORGANIZATION_ID, SettingsChanged(settings={"guard": off})), "cli")
    assert limits_of(story.known.organization, late) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"maxUsers": -1},
        {"maxPercent": 101},
        {"windowMinutes": 0},
        {"windowMinutes": 1.5},
        {"enabled": 1},
        {"maxUsers": True},
        {"more": 1},
    ],
)
def test_a_guard_is_set_as_a_whole_within_its_bounds(change: dict[str, Any]) -> None:
    setting = SETTINGS["guard"]

    assert setting.is_legal(setting.default)
    assert not setting.is_legal({**setting.default, **change})
    assert not setting.is_legal({"enabled": True})


def test_without_a_guard_in_the_state_a_loss_is_unjudged() -> None:
    story = Story()
    story.happen(jo(provisioned()), "scim")
    story.when(patch_user(replace("title", "Boss")))
    assert not story.known.is_unjudged
    story.when(deactivate(JO)).then(jo(UserDeactivated()))
    assert story.known.is_unjudged
