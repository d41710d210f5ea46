"""The changes of a batch are collected, so that each row is written once."""

from uuid import UUID

import pytest

from projections.directory.changes import Changes
from projections.directory.rows import user_row
from schema.events.event import Event
from schema.events.group import GroupChanged, GroupDeleted, MembersAdded, MembersRemoved
from schema.events.organization import OrganizationRegistered, TokenIssued, TokenRevoked
from schema.events.user import UserDeactivated, UserDeleted
from schema.scim.definitions import USER
from tests.builders import (
    ANN,
    JO,
    ORGANIZATION_ID,
    ROLES,
    SALES,
    STAFF,
    created,
    given,
    jo,
    place,
    provisioned,
)

TOKEN = UUID("c0000000-0000-7000-8000-000000000001")


def changes(*events: Event, of: UUID = SALES) -> Changes:
    """Return the changes of these events of one stream."""
    gathered = Changes()
    for event in events:
        gathered.add(event, place(of))
    return gathered


def joined(*ids: UUID) -> MembersAdded:
    """Return the event of users who joined."""
    return MembersAdded(members=ids)


def left(*ids: UUID) -> MembersRemoved:
    """Return the event of users who left."""
    return MembersRemoved(members=ids)


def test_members_who_joined_are_added() -> None:
    assert changes(joined(JO, ANN)).added == {(SALES, JO): "User", (SALES, ANN): "User"}


def test_a_group_that_joined_is_added_as_a_group() -> None:
    assert changes(MembersAdded(members=(STAFF,), member_type="Group")).added == {
        (SALES, STAFF): "Group"
    }


def test_members_who_left_are_removed() -> None:
    assert changes(left(JO)).removed == {(SALES, JO): "User"}


@pytest.mark.parametrize("events", [(joined(JO), left(JO)), (left(JO), joined(JO))])
def test_a_member_who_comes_back_or_leaves_again_is_no_change(events: tuple[Event, ...]) -> None:
    gathered = changes(*events)

    assert (gathered.added, gathered.removed) == ({}, {})


def test_a_member_who_joins_leaves_and_joins_is_added() -> None:
    assert changes(joined(JO), left(JO), joined(JO)).added == {(SALES, JO): "User"}


def test_a_user_who_leaves_one_group_and_joins_another_does_both() -> None:
    gathered = changes(left(JO))
    gathered.add(joined(JO), place(STAFF))

    assert (gathered.added, gathered.removed) == ({(STAFF, JO): "User"}, {(SALES, JO): "User"})


def test_a_group_is_written_once_for_all_its_events() -> None:
    assert list(changes(created(), GroupChanged(values={}), joined(JO)).groups) == [SALES]


def test_a_deleted_group_is_not_written_and_has_no_members() -> None:
    gathered = changes(created(), joined(JO), left(ANN), GroupDeleted())

    assert (gathered.groups, gathered.added, gathered.removed) == ({}, {}, {})
    assert gathered.gone_groups == [SALES]


def test_other_groups_keep_their_members_when_one_is_deleted() -> None:
    gathered = changes(joined(JO))
    gathered.add(GroupDeleted(), place(STAFF))

    assert gathered.added == {(SALES, JO): "User"}


def test_the_latest_row_of_a_user_is_written() -> None:
    story, gathered = given(jo(provisioned())), Changes()
    gathered.note_row(user_row(story.user(), USER), is_changed=True)
    story.happen(jo(UserDeactivated()), "scim")
    gathered.note_row(user_row(story.user(), USER), is_changed=True)

    assert [row.version for row in gathered.users.values()] == [2]


def test_the_row_of_a_user_who_did_not_change_is_not_written() -> None:
    gathered = Changes()
    gathered.note_row(user_row(given(jo(provisioned())).user(), USER), is_changed=False)

    assert gathered.users == {}


def test_a_deleted_user_is_not_written() -> None:
    gathered = Changes()
    gathered.note_row(user_row(given(jo(provisioned())).user(), USER), is_changed=True)
    gathered.add(UserDeleted(), place(JO))

    assert (gathered.users, gathered.gone_users) == ({}, [JO])


def test_an_event_of_a_user_leaves_groups_alone() -> None:
    assert changes(UserDeactivated(), of=JO) == Changes()


def test_tokens_are_written_with_their_organization() -> None:
    issued = TokenIssued(token_id=TOKEN, jti_hash="", account_id=JO, label="Entra", scope="scim")

    gathered = changes(issued, TokenRevoked(token_id=TOKEN), of=ORGANIZATION_ID)

    assert (set(gathered.tokens), gathered.is_organization_changed) == ({TOKEN}, True)


def test_a_new_organization_is_written() -> None:
    registered = OrganizationRegistered(name="Acme", roles=ROLES)

    assert changes(registered, of=ORGANIZATION_ID).is_organization_changed
