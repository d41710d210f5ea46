"""What commands do to groups: given these events, when this command comes, then those events follow."""

from typing import Any
from uuid import UUID

import pytest

from schema.events.group import (
    MEMBERS_MAX,
    GroupChanged,
    GroupDeleted,
    MembersAdded,
    MembersRemoved,
)
from schema.scim.errors import (
    InvalidValue,
    Mutability,
    NotFound,
    PreconditionFailed,
    Uniqueness,
)
from service.write.commands import ANY_VERSION, Command, Precondition
from service.write.decide.state import Decision
from tests.builders import (
    ANN,
    JO,
    KIM,
    SALES,
    STAFF,
    Story,
    add,
    ann,
    created,
    delete_group,
    given,
    if_match,
    jo,
    members,
    patch_group,
    pathless,
    post_group,
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


def test_a_new_group_has_a_name() -> None:
    given().when(post_group(externalId="7")).then(sales(created("Sales", externalId="7")))


def test_a_new_group_has_its_members_in_an_event_of_their_own() -> None:
    given(*people()).when(post_group(members=members(JO, ANN))).then(
        sales(created()), sales(added(JO, ANN))
    )


@pytest.mark.parametrize("sent", [[], None])
def test_a_new_group_may_be_empty(sent: Any) -> None:
    given().when(post_group(members=sent)).then(sales(created()))


def test_a_new_group_has_each_member_once() -> None:
    given(*people()).when(post_group(members=members(JO, str(JO).upper()))).then(
        sales(created()), sales(added(JO))
    )


def test_a_missing_name_is_refused() -> None:
    with pytest.raises(InvalidValue, match="displayName is required"):
        given().when(post_group(displayName=""))


@pytest.mark.parametrize("name", ["Sales", "SALES"])
def test_a_taken_name_is_refused_with_its_owner(name: str) -> None:
    with pytest.raises(Uniqueness, match=f"displayName .* is taken by group {SALES}"):
        group_of().when(post_group(STAFF, displayName=name))


def test_a_group_may_have_the_name_of_a_user() -> None:
    given(jo(provisioned("Sales"))).when(post_group(displayName="Sales")).then(sales(created()))


def test_a_group_cannot_begin_with_itself() -> None:
    with pytest.raises(InvalidValue, match=str(SALES)):
        given().when(post_group(SALES, members=members(SALES)))


@pytest.mark.parametrize(
    "command",
    [
        put_group(displayName="Staff"),
        patch_group({"op": "Replace", "path": "displayName", "value": "Staff"}),
        patch_group(pathless({"id": str(SALES), "displayName": "Staff"})),
    ],
)
def test_a_renamed_group_keeps_its_members(command: Command) -> None:
    group_of(JO).when(command).then(sales(changed(displayName="Staff")))


@pytest.mark.parametrize(
    "command", [put_group(displayName="STAFF"), patch_group(replace("displayName", "STAFF"))]
)
def test_a_rename_to_a_taken_name_is_refused(command: Command) -> None:
    story = given(sales(created("Sales")), staff(created("Staff")))

    with pytest.raises(Uniqueness, match=str(STAFF)):
        story.when(command)


def test_a_name_may_change_its_case() -> None:
    group_of().when(patch_group(replace("displayName", "SALES"))).then(
        sales(changed(displayName="SALES"))
    )


def test_a_removed_attribute_is_an_event() -> None:
    given(sales(created(externalId="7"))).when(patch_group(remove("externalId"))).then(
        sales(changed(externalId=None))
    )


def test_the_name_cannot_be_removed() -> None:
    with pytest.raises(Mutability, match="displayName is required"):
        group_of().when(patch_group(remove("displayName")))


def test_a_rename_and_new_members_are_two_events() -> None:
    command = patch_group(add("members", members(JO)), replace("displayName", "Staff"))

    group_of().when(command).then(sales(changed(displayName="Staff")), sales(added(JO)))


def test_a_deleted_group_is_gone() -> None:
    group_of(JO).when(delete_group()).then(sales(GroupDeleted()))


def test_a_deleted_group_leaves_other_groups() -> None:
    joined = MembersAdded(members=(STAFF,), member_type="Group")
    story = given(sales(created("Sales")), staff(created("Staff")), sales(joined))

    story.when(delete_group(STAFF)).then(
        sales(MembersRemoved(members=(STAFF,), member_type="Group")), staff(GroupDeleted())
    )


def test_the_name_of_a_deleted_group_is_free() -> None:
    group_of().when(delete_group()).when(post_group(STAFF, displayName="sales")).then(
        staff(created("sales"))
    )


@pytest.mark.parametrize("command", [put_group(), patch_group(), delete_group()])
def test_a_group_that_is_not_there_is_not_found(command: Command) -> None:
    with pytest.raises(NotFound, match=f"There is no group {SALES}"):
        given().when(command)


@pytest.mark.parametrize("command", [put_group(), patch_group(), delete_group()])
def test_a_deleted_group_is_not_found(command: Command) -> None:
    with pytest.raises(NotFound):
        group_of().when(delete_group()).when(command)


@pytest.mark.parametrize("precondition", [if_match(2), Precondition(ANY_VERSION)])
def test_a_version_that_is_the_latest_is_accepted(precondition: Precondition) -> None:
    group_of(JO).when(delete_group(precondition=precondition)).then(sales(GroupDeleted()))


@pytest.mark.parametrize("write", [put_group, patch_group, delete_group])
def test_another_version_is_refused(write: Any) -> None:
    with pytest.raises(PreconditionFailed, match='W/"2"'):
        group_of(JO).when(write(precondition=if_match(1)))
