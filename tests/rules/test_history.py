"""Events become periods and a timeline: what one event changes, and what a batch of them writes."""

from datetime import timedelta
from uuid import UUID

import orjson

from eventstore.events import RecordedEvent
from projections.history.periods import (
    Began,
    Change,
    Ended,
    MembershipsEnded,
    Periods,
    history_changes,
)
from schema.events.codec import encode
from schema.events.event import Event
from schema.events.group import GroupChanged, GroupDeleted, MembersAdded, MembersRemoved
from schema.events.organization import TokenIssued
from schema.events.user import (
    RoleAssigned,
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserReactivated,
)
from tests.builders import (
    ANN,
    EDITOR,
    JO,
    ORGANIZATION_ID,
    READER,
    SALES,
    START,
    created,
    provisioned,
)

REQUEST = UUID("c0000000-0000-7000-8000-000000000001")
BY = ("account", "scim", REQUEST)


def recorded(event: Event, stream_id: UUID = JO, position: int = 1) -> RecordedEvent:
    """Return an event in the log; a second passes from one position to the next."""
    encoded = encode(event)
    return RecordedEvent(
        organization_id=ORGANIZATION_ID,
        position=position,
        stream_id=stream_id,
        version=1,
        event_id=REQUEST,
        type=encoded.type,
        schema_version=encoded.schema_version,
        recorded_at=START + timedelta(seconds=position),
        actor_id="account",
        token_id=None,
        request_id=REQUEST,
        source="scim",
        data=encoded.data,
        sealed=None,
        subject_id=None,
    )


def changes(event: Event, stream_id: UUID = JO) -> list[Change]:
    """Return the changes of one event."""
    return history_changes(event, recorded(event, stream_id))


def batch(*events: tuple[UUID, Event]) -> Periods:
    """Return the periods of a batch of events, each given with its stream."""
    periods = Periods()
    periods.add(
        recorded(event, stream_id, position + 1)
        for position, (stream_id, event) in enumerate(events)
    )
    return periods


def test_a_provisioned_user_begins_a_life_a_role_and_access() -> None:
    assert changes(provisioned(role=EDITOR)) == [
        Began("lifetime", (JO,), ("User",)),
        Began("role", (JO,), (EDITOR, *BY)),
        Began("access", (JO,)),
    ]


def test_a_user_provisioned_inactive_has_no_access_yet() -> None:
    assert Began("access", (JO,)) not in changes(provisioned(active=False))


def test_another_role_ends_the_former_and_names_who_assigned_it() -> None:
    event = RoleAssigned(role_id=EDITOR, previous_role_id=READER)
    assert changes(event) == [Ended("role", (JO,)), Began("role", (JO,), (EDITOR, *BY))]


def test_deactivation_ends_access_and_keeps_the_role() -> None:
    assert changes(UserDeactivated()) == [Ended("access", (JO,))]


def test_reactivation_begins_access_again() -> None:
    assert changes(UserReactivated()) == [Began("access", (JO,))]


def test_deletion_ends_role_and_life_and_the_access_that_there_may_be() -> None:
    assert changes(UserDeleted()) == [
        Ended("role", (JO,)),
        Ended("access", (JO,), is_certain=False),
        Ended("lifetime", (JO,)),
    ]


def test_members_begin_one_membership_each() -> None:
    assert changes(MembersAdded(members=(JO, ANN)), SALES) == [
        Began("membership", (SALES, JO), ("User",)),
        Began("membership", (SALES, ANN), ("User",)),
    ]


def test_removed_members_end_theirs() -> None:
    assert changes(MembersRemoved(members=(JO,)), SALES) == [Ended("membership", (SALES, JO))]


def test_a_deleted_group_ends_all_memberships() -> None:
    assert changes(GroupDeleted(), SALES) == [
        MembershipsEnded(SALES),
        Ended("lifetime", (SALES,)),
    ]


def test_changed_attributes_begin_and_end_nothing() -> None:
    assert changes(UserChanged(attributes=("title",), values={"title": "Dr"})) == []
    assert changes(GroupChanged(values={"displayName": "Staff"}), SALES) == []


def test_a_period_within_a_batch_is_one_row() -> None:
    periods = batch(
        (SALES, created()),
        (SALES, MembersAdded(members=(JO,))),
        (SALES, MembersRemoved(members=(JO,))),
    )
    at = (2, START + timedelta(seconds=2)), (3, START + timedelta(seconds=3))
    assert periods.rows("membership") == [(SALES, JO, "User", *at[0], *at[1])]
    assert periods.ended == {}


def test_a_member_that_leaves_and_comes_back_ends_one_period_and_begins_another() -> None:
    periods = batch((SALES, MembersRemoved(members=(JO,))), (SALES, MembersAdded(members=(JO,))))
    assert periods.ended == {"membership": [(SALES, JO, 1, START + timedelta(seconds=1))]}
    assert periods.rows("membership") == [
        (SALES, JO, "User", 2, START + timedelta(seconds=2), None, None)
    ]


def test_a_group_deleted_in_the_batch_ends_what_began_there() -> None:
    periods = batch((SALES, MembersAdded(members=(JO,))), (SALES, GroupDeleted()))
    (row,) = periods.rows("membership")
    assert row[-2:] == (2, START + timedelta(seconds=2))
    assert periods.ended_groups == [(SALES, 2, START + timedelta(seconds=2))]


def test_the_timeline_holds_every_event_and_no_personal_value() -> None:
    periods = batch((JO, provisioned("jo@example.com")))
    assert len(periods.activity) == 1
    assert "jo@example.com" not in str(periods.activity)


def test_the_timeline_withholds_the_hash_of_a_token() -> None:
    event = TokenIssued(token_id=JO, jti_hash="5ec3e7", account_id=ANN, label="Entra", scope="scim")
    (row,) = batch((ORGANIZATION_ID, event)).activity
    assert orjson.loads(row[-1]) == {
        "tokenId": str(JO),
        "accountId": str(ANN),
        "label": "Entra",
        "scope": "scim",
        "allowedNetworks": [],
    }
