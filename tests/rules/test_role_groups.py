"""Role groups: whoever is in a group of the list has its role, and whoever leaves it has the former one again."""

from uuid import UUID

import pytest

from schema.events.event import Event
from schema.events.group import GroupChanged, GroupDeleted, MembersAdded, MembersRemoved
from schema.events.organization import RoleGroup, RoleGroupsChanged
from schema.events.user import ExplicitRoleChanged, RoleAssigned, UserDeleted
from schema.scim.errors import Conflict, InvalidValue
from service.write.commands import ChangeRoleGroups, Command
from service.write.decide.organization import role_groups_digest
from service.write.decide.state import Decision
from tests.builders import (
    ADMINISTRATOR,
    ANN,
    CONTRIBUTOR,
    EDITOR,
    JO,
    KIM,
    NOBODY,
    ORGANIZATION_ID,
    READER,
    SALES,
    STAFF,
    VALIDATOR,
    Story,
    add,
    ann,
    created,
    delete_group,
    delete_user,
    given,
    jo,
    members,
    patch_group,
    patch_user,
    post_group,
    post_user,
    provisioned,
    put_group,
    put_user,
    remove,
    replace,
    sales,
    staff,
)

SALES_EDIT = RoleGroup(role_id=EDITOR, group_id=SALES)
STAFF_VALIDATE = RoleGroup(role_id=VALIDATOR, display_name="STAFF")


def listed(*items: RoleGroup, explicit_wins: bool = True) -> Decision:
    """Return the event of a saved list."""
    event = RoleGroupsChanged(items=items, explicit_wins=explicit_wins)
    return Decision(ORGANIZATION_ID, event)


def joined(*ids: UUID) -> MembersAdded:
    """Return the event of users who joined."""
    return MembersAdded(members=ids)


def left(*ids: UUID) -> MembersRemoved:
    """Return the event of users who left a role group."""
    return MembersRemoved(members=ids, takes_access=True)


def given_role(role: UUID, before: UUID, group: UUID, explicit: UUID | None = None) -> RoleAssigned:
    """Return the event of a role that a group gives."""
    return RoleAssigned(
        role_id=role,
        previous_role_id=before,
        group_id=group,
        is_given_by_group=True,
        explicit_role_id=explicit,
    )


def ended_role(role: UUID, before: UUID, group: UUID, explicit: UUID | None = None) -> RoleAssigned:
    """Return the event of a role that a group gives no longer."""
    return RoleAssigned(
        role_id=role, previous_role_id=before, group_id=group, explicit_role_id=explicit
    )


def named(role: UUID, before: UUID, explicit: UUID | None = None) -> RoleAssigned:
    """Return the event of a role that a request named."""
    return RoleAssigned(role_id=role, previous_role_id=before, explicit_role_id=explicit)


def two_people(*more: Decision, role: UUID = READER, wins: bool = True) -> Story:
    """Return a story with Jo, Ann, the groups Sales and Staff, and a list that names both."""
    story = Story()
    story.known.role_groups_of = {JO: set(), ANN: set(), KIM: set()}
    facts = (
        jo(provisioned("jo", role=role)),
        ann(provisioned("ann", role=role)),
        sales(created("Sales")),
        staff(created("Staff")),
        listed(SALES_EDIT, STAFF_VALIDATE, explicit_wins=wins),
        *more,
    )
    for fact in facts:
        story.happen(fact, "scim")
    return story


JO_IN_SALES = (sales(joined(JO)), jo(given_role(EDITOR, READER, SALES)))


@pytest.mark.parametrize(
    "command", [patch_group(add("members", members(JO))), put_group(members=members(JO))]
)
def test_who_joins_has_the_role_of_the_group(command: Command) -> None:
    two_people().when(command).then(sales(joined(JO)), jo(given_role(EDITOR, READER, SALES)))


def test_a_group_that_is_made_with_members_gives_its_role() -> None:
    command = post_group(KIM, displayName="Clerks", members=members(JO))
    clerks = RoleGroup(role_id=EDITOR, display_name="clerks")

    two_people(listed(clerks)).when(command).then(
        Decision(KIM, created("Clerks")),
        Decision(KIM, joined(JO)),
        jo(given_role(EDITOR, READER, KIM)),
    )


@pytest.mark.parametrize(
    "command",
    [
        patch_group(remove("members", value=members(JO))),
        patch_group(remove("members")),
        patch_group(replace("members", [])),
        put_group(members=[]),
    ],
)
def test_who_leaves_is_a_reader_again(command: Command) -> None:
    two_people(*JO_IN_SALES).when(command).then(
        sales(left(JO)), jo(ended_role(READER, EDITOR, SALES))
    )


def test_the_first_group_of_the_list_counts() -> None:
    story = two_people(*JO_IN_SALES).when(patch_group(add("members", members(JO)), group_id=STAFF))
    story.then(staff(joined(JO)))

    story.when(patch_group(remove("members", value=members(JO)))).then(
        sales(left(JO)), jo(given_role(VALIDATOR, EDITOR, STAFF))
    )


def test_a_group_that_comes_first_replaces_the_role_of_a_later_one() -> None:
    story = two_people(staff(joined(JO)), jo(given_role(VALIDATOR, READER, STAFF)))

    story.when(patch_group(add("members", members(JO)))).then(
        sales(joined(JO)), jo(given_role(EDITOR, VALIDATOR, SALES))
    )


def test_a_deleted_group_gives_nothing_any_more_and_all_leave_it_first() -> None:
    two_people(*JO_IN_SALES).when(delete_group()).then(
        sales(left(JO)), jo(ended_role(READER, EDITOR, SALES)), sales(GroupDeleted())
    )


def test_a_deleted_user_leaves_without_another_role() -> None:
    two_people(*JO_IN_SALES).when(delete_user()).then(
        sales(MembersRemoved(members=(JO,))), jo(UserDeleted())
    )


@pytest.mark.parametrize("is_put", [True, False])
def test_a_name_that_the_list_has_gives_the_role_and_another_name_takes_it(*, is_put: bool) -> None:
    def rename(name: str) -> Command:
        if is_put:
            return put_group(STAFF, displayName=name)
        return patch_group(replace("displayName", name), group_id=STAFF)

    story = two_people(staff(joined(JO)), jo(given_role(VALIDATOR, READER, STAFF)))

    story.when(rename("Clerks")).then(
        staff(GroupChanged(values={"displayName": "Clerks"})),
        jo(ended_role(READER, VALIDATOR, STAFF)),
    )
    story.when(rename("staff")).then(
        staff(GroupChanged(values={"displayName": "staff"})),
        jo(given_role(VALIDATOR, READER, STAFF)),
    )


def test_another_spelling_of_the_name_changes_no_role() -> None:
    story = two_people(staff(joined(JO)), jo(given_role(VALIDATOR, READER, STAFF)))

    story.when(patch_group(replace("displayName", "StAfF"), group_id=STAFF)).then(
        staff(GroupChanged(values={"displayName": "StAfF"}))
    )


def test_members_of_a_nested_group_have_no_role_from_it() -> None:
    story = two_people(staff(joined(JO)), jo(given_role(VALIDATOR, READER, STAFF)))

    story.when(patch_group(add("members", members(STAFF)))).then(
        sales(MembersAdded(members=(STAFF,), member_type="Group"))
    )


def test_groups_outside_the_list_change_no_role() -> None:
    story = two_people(listed(STAFF_VALIDATE))

    story.when(patch_group(add("members", members(JO)))).then(sales(joined(JO)))
    story.when(delete_group()).then(sales(GroupDeleted()))


# Explicit roles


def test_a_role_other_than_reader_counts_as_explicit_and_wins() -> None:
    story = two_people(role=CONTRIBUTOR)

    story.when(patch_group(add("members", members(JO)))).then(sales(joined(JO)))
    story.when(patch_group(remove("members"))).then(sales(left(JO)))


def test_without_explicit_wins_the_explicit_role_comes_back() -> None:
    story = two_people(role=CONTRIBUTOR, wins=False)

    story.when(patch_group(add("members", members(JO)))).then(
        sales(joined(JO)), jo(given_role(EDITOR, CONTRIBUTOR, SALES, CONTRIBUTOR))
    )
    story.when(patch_group(remove("members"))).then(
        sales(left(JO)), jo(ended_role(CONTRIBUTOR, EDITOR, SALES, CONTRIBUTOR))
    )
    assert story.user().explicit_role(READER) == CONTRIBUTOR


@pytest.mark.parametrize(
    "command", [patch_user(replace("roleId", str(VALIDATOR))), put_user(roleId=str(VALIDATOR))]
)
def test_a_role_that_is_named_wins_over_the_group(command: Command) -> None:
    story = two_people(*JO_IN_SALES)

    (decision,) = [each for each in story.when(command).decisions if each.stream_id == JO][-1:]
    assert decision == jo(named(VALIDATOR, EDITOR))
    story.when(patch_group(remove("members"))).then(sales(left(JO)))


def test_a_named_reader_wins_too_once_there_are_role_groups() -> None:
    story = two_people(*JO_IN_SALES)

    story.when(patch_user(replace("roleId", str(READER)))).then(
        jo(named(READER, EDITOR, explicit=READER))
    )
    assert story.user().explicit_role(READER) == READER


def test_a_new_user_named_a_reader_stays_one() -> None:
    story = two_people().when(post_user(KIM, userName="kim", roleId=str(READER)))
    provisioned_kim = provisioned("kim").model_copy(update={"explicit_role_id": READER})
    story.then(Decision(KIM, provisioned_kim))

    story.when(patch_group(add("members", members(KIM)))).then(sales(joined(KIM)))


def test_a_repeated_role_is_no_event_and_no_explicit_role() -> None:
    story = two_people(*JO_IN_SALES)

    story.when(patch_user(replace("roleId", str(EDITOR)))).then()
    assert story.user().explicit_role(READER) is None


def test_a_role_that_is_taken_back_gives_way_to_the_group() -> None:
    story = two_people(*JO_IN_SALES, jo(named(VALIDATOR, EDITOR)))

    story.when(patch_user(remove("roleId"))).then(jo(given_role(EDITOR, VALIDATOR, SALES)))
    story.when(patch_user(remove("roleId"))).then()


def test_without_explicit_wins_a_named_role_waits_until_the_group_is_left() -> None:
    story = two_people(*JO_IN_SALES, wins=False)

    story.when(patch_user(replace("roleId", str(VALIDATOR)))).then(
        jo(ExplicitRoleChanged(role_id=VALIDATOR))
    )
    story.when(patch_user(replace("roleId", str(VALIDATOR)))).then()
    story.when(patch_user(remove("roleId"))).then(jo(ExplicitRoleChanged()))
    story.when(patch_user(replace("roleId", str(VALIDATOR))))
    story.when(patch_group(remove("members"))).then(
        sales(left(JO)), jo(ended_role(VALIDATOR, EDITOR, SALES, VALIDATOR))
    )


def test_an_app_role_is_explicit_and_so_is_its_end() -> None:
    story = two_people(*JO_IN_SALES)
    app_role = [{"value": "Validator"}]

    story.when(patch_user(add("roles", app_role)))
    assert story.user().role_id == VALIDATOR
    story.when(patch_user(remove("roles")))
    assert (story.user().role_id, story.user().role_group_id) == (EDITOR, SALES)


def test_technical_accounts_keep_their_role() -> None:
    story = two_people(role=ADMINISTRATOR, wins=False)
    story.known.technical = {JO}

    story.when(patch_group(add("members", members(JO, ANN)))).then(
        sales(joined(JO, ANN)), ann(given_role(EDITOR, ADMINISTRATOR, SALES, ADMINISTRATOR))
    )


# The list


def save(*items: RoleGroup, explicit_wins: bool = True, digest: str | None = None) -> Command:
    """Return the command that saves a list."""
    return ChangeRoleGroups(ORGANIZATION_ID, items, explicit_wins, digest)


def test_saving_a_list_gives_and_takes_roles() -> None:
    story = two_people(listed(), sales(joined(JO)), staff(joined(JO, ANN)))

    story.when(save(SALES_EDIT, STAFF_VALIDATE)).then(
        listed(SALES_EDIT, STAFF_VALIDATE),
        jo(given_role(EDITOR, READER, SALES)),
        ann(given_role(VALIDATOR, READER, STAFF)),
    )
    story.when(save(STAFF_VALIDATE, SALES_EDIT)).then(
        listed(STAFF_VALIDATE, SALES_EDIT), jo(given_role(VALIDATOR, EDITOR, STAFF))
    )
    story.when(save(SALES_EDIT)).then(
        listed(SALES_EDIT),
        jo(given_role(EDITOR, VALIDATOR, SALES)),
        ann(ended_role(READER, VALIDATOR, STAFF)),
    )
    story.when(save(SALES_EDIT)).then()


def test_explicit_wins_is_a_part_of_the_list() -> None:
    story = two_people(sales(joined(JO)), role=CONTRIBUTOR)

    story.when(save(SALES_EDIT, explicit_wins=False)).then(
        listed(SALES_EDIT, explicit_wins=False),
        jo(given_role(EDITOR, CONTRIBUTOR, SALES, CONTRIBUTOR)),
    )
    story.when(save(SALES_EDIT)).then(
        listed(SALES_EDIT), jo(ended_role(CONTRIBUTOR, EDITOR, SALES, CONTRIBUTOR))
    )


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ((RoleGroup(role_id=EDITOR),), "named by its groupId or by its displayName"),
        ((RoleGroup(role_id=EDITOR, group_id=SALES, display_name="Sales"),), "named by its"),
        ((RoleGroup(role_id=EDITOR, display_name=" "),), "named by its"),
        ((RoleGroup(role_id=NOBODY, group_id=SALES),), "no role"),
        ((RoleGroup(role_id=EDITOR, group_id=NOBODY),), "no group"),
        ((SALES_EDIT, RoleGroup(role_id=READER, group_id=SALES)), "in the list twice"),
        ((SALES_EDIT, RoleGroup(role_id=READER, display_name="sales")), "in the list twice"),
        ((STAFF_VALIDATE,) * 201, "at most 200"),
    ],
)
def test_a_list_that_means_nothing_is_refused(items: tuple[RoleGroup, ...], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        two_people().when(save(*items))


def test_a_list_is_saved_as_it_was_previewed_or_not_at_all() -> None:
    story = two_people(listed(), sales(joined(JO)))
    command = ChangeRoleGroups(ORGANIZATION_ID, (SALES_EDIT,), explicit_wins=True)
    digest = role_groups_digest(command, story.known)

    story.when(patch_group(add("members", members(ANN))))
    with pytest.raises(Conflict, match="since the preview"):
        story.when(save(SALES_EDIT, digest=digest))

    story.when(patch_group(remove("members", value=members(ANN))))
    story.when(save(SALES_EDIT, digest=digest)).then(
        listed(SALES_EDIT), jo(given_role(EDITOR, READER, SALES))
    )


@pytest.mark.parametrize("event", [EDITOR, VALIDATOR])
def test_without_a_list_nothing_is_stated(event: UUID) -> None:
    given(jo(provisioned())).when(patch_user(replace("roleId", str(event)))).then(
        jo(named(event, READER))
    )


def test_an_event_of_a_former_release_is_explicit_unless_it_is_the_default() -> None:
    story = given(jo(provisioned(role=EDITOR)), ann(provisioned("ann", role=READER)))
    expected: list[Event | UUID | None] = [EDITOR, None]

    assert [story.user(each).explicit_role(READER) for each in (JO, ANN)] == expected
