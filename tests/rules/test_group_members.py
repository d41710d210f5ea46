"""The members of a group: given these members, when this command comes, then those join and leave."""

from typing import Any
from uuid import UUID

import pytest

from schema.events.event import Event
from schema.events.group import (
    MEMBERS_MAX,
    GroupChanged,
    MembersAdded,
    MembersRemoved,
)
from schema.events.user import UserDeactivated, UserDeleted
from schema.scim.errors import (
    InvalidFilter,
    InvalidValue,
)
from service.write.commands import Command
from service.write.decide.state import Decision
from tests.builders import (
    ANN,
    JO,
    KIM,
    NOBODY,
    SALES,
    STAFF,
    Story,
    add,
    ann,
    created,
    given,
    jo,
    members,
    patch_group,
    pathless,
    provisioned,
    put_group,
    remove,
    replace,
    sales,
    staff,
)

MANY = [UUID(int=number) for number in range(1, 2 * MEMBERS_MAX + 2)]


def people() -> list[Decision]:
    """Return the first events of Jo, Ann and Kim."""
    return [
        jo(provisioned("jo@example.com")),
        ann(provisioned("ann@example.com")),
        Decision(KIM, provisioned("kim@example.com")),
    ]


def group_of(*ids: UUID) -> Story:
    """Return the story of three people and a group of some of them."""
    joined = [sales(added(*ids))] if ids else []
    return given(*people(), sales(created()), *joined)


def added(*ids: UUID) -> MembersAdded:
    """Return the event of users who joined."""
    return MembersAdded(members=ids)


def removed(*ids: UUID) -> MembersRemoved:
    """Return the event of users who left."""
    return MembersRemoved(members=ids)


def changed(**values: Any) -> GroupChanged:
    """Return the event of a group's changed attributes."""
    return GroupChanged(values=values)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Add", "path": "members", "value": members(ANN)},
        add("members", {"value": str(ANN)}),
        add("members", [{"value": str(ANN), "type": "User", "display": "Ann"}]),
        add('members[type eq "User"]', {"value": str(ANN)}),
        pathless({"members": members(ANN)}, op="add"),
        pathless({"urn:ietf:params:scim:schemas:core:2.0:Group:members": members(ANN)}, op="add"),
    ],
)
def test_an_added_user_joins(operation: dict[str, Any]) -> None:
    group_of(JO).when(patch_group(operation)).then(sales(added(ANN)))


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Remove", "path": "members", "value": members(ANN, NOBODY)},
        remove("members", value={"value": str(ANN)}),
        remove(f'members[value eq "{ANN}"]'),
        remove(f'members[value eq "{str(ANN).upper()}"]'),
        remove(f'members[value eq "{ANN}" and type eq "User"]'),
        remove(f'members[value eq "{ANN}" or value eq "{NOBODY}"]'),
        remove(f'members[value ne "{JO}"]'),
    ],
)
def test_a_removed_user_leaves(operation: dict[str, Any]) -> None:
    group_of(JO, ANN).when(patch_group(operation)).then(sales(removed(ANN)))


@pytest.mark.parametrize(
    "chosen",
    [
        'display eq "Ann"',
        f'$ref ew "{ANN}"',
        f'value eq "{ANN}" and not (display pr)',
        f'value eq "{ANN}" or display sw "A"',
    ],
)
def test_members_are_not_selected_by_what_a_membership_does_not_hold(chosen: str) -> None:
    with pytest.raises(InvalidFilter, match="selected by value and type"):
        group_of(JO, ANN).when(patch_group(remove(f"members[{chosen}]")))


@pytest.mark.parametrize(
    "operation",
    [
        remove("members"),
        replace("members", []),
        replace("members", None),
        pathless({"members": []}),
    ],
)
def test_a_group_can_be_emptied(operation: dict[str, Any]) -> None:
    group_of(JO, ANN).when(patch_group(operation)).then(sales(removed(JO, ANN)))


@pytest.mark.parametrize(
    "operation",
    [
        replace("members", members(ANN, KIM)),
        {"op": "Replace", "path": "members", "value": members(ANN, KIM)},
        pathless({"members": members(ANN, KIM)}),
    ],
)
def test_replaced_members_leave_and_join(operation: dict[str, Any]) -> None:
    group_of(JO, ANN).when(patch_group(operation)).then(sales(removed(JO)), sales(added(KIM)))


@pytest.mark.parametrize(
    "command",
    [
        patch_group(),
        patch_group(add("members", members(JO))),
        patch_group(add("members", [])),
        patch_group(replace("members", members(JO))),
        patch_group(replace("displayName", "Sales")),
        patch_group(remove("members", value=[])),
        patch_group(remove("members", value=members(ANN))),
        patch_group(remove("members", value=[{"value": "no id"}])),
        patch_group(remove(f'members[value eq "{ANN}"]')),
        patch_group(remove(f'members[value eq "{JO}" and type eq "Group"]')),
        patch_group(add("members", members(ANN)), remove(f'members[value eq "{ANN}"]')),
        patch_group(remove("members", value=members(JO)), add("members", members(JO))),
        put_group(),
        put_group(members=None),
        put_group(members=members(JO)),
    ],
)
def test_what_changes_nothing_is_no_event(command: Command) -> None:
    group_of(JO).when(command).then()


def test_a_put_with_an_empty_list_empties_the_group() -> None:
    group_of(JO, ANN).when(put_group(members=[])).then(sales(removed(JO, ANN)))


def test_a_put_with_members_leaves_those() -> None:
    group_of(JO, ANN).when(put_group(members=members(ANN, KIM))).then(
        sales(removed(JO)), sales(added(KIM))
    )


def test_operations_on_members_apply_in_order() -> None:
    operations = [
        remove("members"),
        add("members", members(KIM)),
        remove(f'members[value eq "{KIM}"]'),
    ]

    group_of(JO).when(patch_group(*operations, add("members", members(ANN)))).then(
        sales(removed(JO)), sales(added(ANN))
    )


@pytest.mark.parametrize("unknown", [str(NOBODY), "no-id", "x" * 5_000])
@pytest.mark.parametrize(
    "write",
    [
        lambda ids: patch_group(replace("displayName", "Staff"), add("members", ids)),
        lambda ids: patch_group(replace("members", ids)),
        lambda ids: put_group(members=ids),
    ],
)
def test_unknown_members_are_named_and_the_group_is_unchanged(write: Any, unknown: str) -> None:
    story = group_of(JO)

    with pytest.raises(
        InvalidValue, match=f"no user or group has the id '{unknown[:100]}'.*The group is unchanged"
    ) as refusal:
        story.when(write(members(ANN, unknown)))
    assert len(refusal.value.detail) < 300
    assert story.group() == group_of(JO).group()


def test_of_many_unknown_members_some_are_named() -> None:
    with pytest.raises(InvalidValue, match="and 990 more"):
        group_of().when(patch_group(add("members", members(*MANY[:1_000]))))


def test_a_member_without_an_id_is_refused() -> None:
    with pytest.raises(InvalidValue, match="members needs a value"):
        group_of().when(patch_group(add("members", [{"$ref": "https://clm.example/Users/1"}])))


def test_a_deleted_user_cannot_become_a_member() -> None:
    story = group_of()
    story.happen(jo(UserDeleted()), "scim")

    with pytest.raises(InvalidValue, match=str(JO)):
        story.when(patch_group(add("members", members(JO))))


def test_an_inactive_user_may_join() -> None:
    story = group_of()
    story.happen(jo(UserDeactivated()), "scim")

    story.when(patch_group(add("members", members(JO)))).then(sales(added(JO)))


def test_many_members_join_and_leave_in_events_of_a_thousand() -> None:
    story = given(sales(created()), *(Decision(each, provisioned(str(each))) for each in MANY))
    story.when(patch_group(add("members", members(*MANY))))
    joined = [each.event for each in story.decisions]
    story.when(patch_group(remove("members")))
    left = [each.event for each in story.decisions]

    assert joined == [added(*MANY[:1_000]), added(*MANY[1_000:2_000]), added(*MANY[2_000:])]
    assert left == [removed(*MANY[:1_000]), removed(*MANY[1_000:2_000]), removed(*MANY[2_000:])]


def group_joined() -> MembersAdded:
    """Return the event of the group Staff, which joined."""
    return MembersAdded(members=(STAFF,), member_type="Group")


def test_a_group_may_be_a_member() -> None:
    story = given(sales(created("Sales")), staff(created("Staff")))

    story.when(patch_group(add("members", members(STAFF)))).then(sales(group_joined()))


def test_users_and_groups_join_in_events_of_their_own() -> None:
    story = given(jo(provisioned()), sales(created("Sales")), staff(created("Staff")))

    story.when(patch_group(add("members", members(STAFF, JO)))).then(
        sales(added(JO)), sales(group_joined())
    )


def test_a_value_path_may_ask_for_the_type() -> None:
    facts: list[Event] = [created("Sales"), added(JO), group_joined()]
    story = given(jo(provisioned()), staff(created("Staff")), *map(sales, facts))

    story.when(patch_group(remove('members[type eq "Group"]'))).then(
        sales(MembersRemoved(members=(STAFF,), member_type="Group"))
    )


@pytest.mark.parametrize(
    "command", [patch_group(add("members", members(SALES))), put_group(members=members(SALES))]
)
def test_a_group_cannot_be_a_member_of_itself(command: Command) -> None:
    with pytest.raises(InvalidValue, match="cannot be a member of itself"):
        group_of().when(command)
