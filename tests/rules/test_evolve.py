"""The state that events add up to: `evolve` is the only way it changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.events import group as groups
from schema.events import organization as organizations
from schema.events import user as users
from schema.events.group import (
    Group,
    GroupChanged,
    GroupDeleted,
    GroupEvent,
    MembersAdded,
    MembersRemoved,
)
from schema.events.organization import (
    Organization,
    OrganizationEvent,
    SchemaRegistered,
    SettingsChanged,
    Token,
    TokenIssued,
    TokenRevoked,
)
from schema.events.user import (
    RoleAssigned,
    User,
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserEvent,
    UserLinked,
    UserProvisioned,
    UserReactivated,
)
from schema.scim.attributes import Document
from tests.builders import (
    ANN,
    EDITOR,
    JO,
    NOBODY,
    ORGANIZATION_ID,
    READER,
    ROLES,
    SALES,
    STAFF,
    created,
    organization,
    place,
    provisioned,
)
from tests.rules.documents import CUSTOM, ENTERPRISE

FIRST, SECOND = place(JO, 1, 7, source="console"), place(JO, 2, 9)
IN_IT: Document = {"title": "Boss", ENTERPRISE: {"department": "IT"}}
PROVISIONED = provisioned(**IN_IT)
USER = User(
    id=JO,
    version=1,
    created_at=FIRST.recorded_at,
    modified_at=FIRST.recorded_at,
    origin="console",
    active=True,
    role_id=READER,
    attributes={"userName": "jo@example.com", **IN_IT},
)
GROUP = Group(
    id=SALES,
    version=1,
    created_at=FIRST.recorded_at,
    modified_at=FIRST.recorded_at,
    attributes={"displayName": "Sales"},
)
TOKEN = UUID("c0000000-0000-7000-8000-000000000001")
ISSUED = TokenIssued(token_id=TOKEN, jti_hash="5e88", account_id=JO, label="Entra", scope="scim")


def test_a_user_begins() -> None:
    assert users.evolve(None, PROVISIONED, FIRST) == USER


def test_an_erased_user_begins_without_values() -> None:
    erased = PROVISIONED.model_copy(update={"values": None})

    assert users.evolve(None, erased, FIRST) == USER._replace(attributes={})


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (
            UserChanged(attributes=("title",), values={"title": None, "nickName": "J"}),
            {
                "attributes": {
                    "userName": "jo@example.com",
                    "nickName": "J",
                    ENTERPRISE: {"department": "IT"},
                }
            },
        ),
        (
            UserChanged(attributes=(), values={f"{ENTERPRISE}:department": None}),
            {"attributes": {"userName": "jo@example.com", "title": "Boss"}},
        ),
        (UserChanged(attributes=("title",), values=None), {}),
        (
            UserLinked(values={"externalId": "7"}),
            {"attributes": {**USER.attributes, "externalId": "7"}},
        ),
        (UserLinked(values=None), {}),
        (RoleAssigned(role_id=EDITOR, previous_role_id=READER), {"role_id": EDITOR}),
        (UserDeactivated(), {"active": False}),
        (UserReactivated(), {"active": True}),
        (UserDeleted(), {"is_deleted": True}),
    ],
)
def test_an_event_changes_a_user(event: UserEvent, changed: dict[str, Any]) -> None:
    after = users.evolve(USER, event, SECOND)

    assert after == USER._replace(version=2, modified_at=SECOND.recorded_at, **changed)


def test_a_reactivated_user_has_access() -> None:
    inactive = users.evolve(USER, UserDeactivated(), SECOND)

    assert users.evolve(inactive, UserReactivated(), place(JO, 3)).active


@pytest.mark.parametrize(
    ("source", "attributes", "is_made_by_hand"),
    [
        ("console", {}, True),
        ("cli", {}, True),
        ("scim", {}, False),
        ("console", {"externalId": "7"}, False),
    ],
)
def test_a_user_is_made_by_hand_until_a_provider_knows_it(
    source: str, attributes: dict[str, str], *, is_made_by_hand: bool
) -> None:
    event = UserProvisioned(role_id=READER, active=True, attributes=(), values=attributes)

    assert users.evolve(None, event, place(source=source)).is_made_by_hand == is_made_by_hand


def test_a_group_begins_without_members() -> None:
    assert groups.evolve(None, created(), place(SALES, 1, 7)) == GROUP


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (
            GroupChanged(values={"displayName": "Staff", "externalId": "7"}),
            {"attributes": {"displayName": "Staff", "externalId": "7"}},
        ),
        (
            MembersAdded(members=(JO,)),
            {"members": {JO: "User", ANN: "User"}, "member_count": 2},
        ),
        (
            MembersAdded(members=(STAFF,), member_type="Group"),
            {"members": {ANN: "User", STAFF: "Group"}, "member_count": 2},
        ),
        (MembersRemoved(members=(ANN,)), {"members": {}, "member_count": 0}),
        (GroupDeleted(), {"members": {}, "member_count": 0, "is_deleted": True}),
    ],
)
def test_an_event_changes_a_group(event: GroupEvent, changed: dict[str, Any]) -> None:
    before = replace(GROUP, members={ANN: "User"}, member_count=1)
    after = groups.evolve(before, event, SECOND)

    assert after == replace(before, version=2, modified_at=SECOND.recorded_at, **changed)


def test_a_group_that_is_made_with_members_was_not_modified_since() -> None:
    made = groups.evolve(None, created(), place(SALES, 1, 7))
    second, third = (
        place(SALES, n, 6 + n)._replace(recorded_at=made.created_at + timedelta(microseconds=n - 1))
        for n in (2, 3)
    )
    with_one = groups.evolve(made, MembersAdded(members=(JO,)), second)
    assert with_one.modified_at == made.created_at
    assert (
        groups.evolve(with_one, MembersAdded(members=(ANN,)), third).modified_at == made.created_at
    )

    later = third._replace(recorded_at=third.recorded_at + timedelta(microseconds=1))
    after = groups.evolve(with_one, MembersAdded(members=(ANN,)), later)
    assert after.modified_at == later.recorded_at


MEMBERS = st.lists(st.sampled_from([JO, ANN, STAFF, EDITOR]), min_size=1, unique=True).map(tuple)
GROUP_EVENTS = st.lists(
    st.one_of(
        st.builds(lambda ids: MembersAdded(members=ids), MEMBERS),
        st.builds(lambda ids: MembersRemoved(members=ids), MEMBERS),
        st.just(GroupChanged(values={"displayName": "Staff"})),
        st.just(GroupDeleted()),
    ),
    max_size=6,
)


@given(GROUP_EVENTS)
def test_members_that_change_in_place_end_as_members_that_are_copied(
    events: list[GroupEvent],
) -> None:
    whole = groups.evolve(None, created(), place(SALES, 1, 7))
    alone, members = whole, dict(whole.members)
    for version, event in enumerate(events, start=2):
        at = place(SALES, version, 7 + version)
        whole = groups.evolve(whole, event, at)
        alone = groups.evolve_in_place(alone, event, at, members)
        assert not alone.members
        assert alone.with_members(members) == whole


def test_members_that_were_not_loaded_still_count() -> None:
    before = replace(GROUP, members={ANN: "User"}, member_count=100_000)

    after = groups.evolve(before, MembersRemoved(members=(ANN,)), SECOND)

    assert (after.members, after.member_count) == ({}, 99_999)


def test_an_organization_begins_with_its_roles() -> None:
    begun = organization()

    assert begun == Organization(ORGANIZATION_ID, 1, begun.created_at, "Acme", ROLES)
    assert (begun.role_name(EDITOR), begun.role_name(NOBODY)) == ("Editor", None)
    assert begun.default_role_id == READER


def test_an_issued_token_is_known_by_its_hash() -> None:
    after = organizations.evolve(organization(), ISSUED, SECOND)

    assert after.tokens == {
        TOKEN: Token(TOKEN, "5e88", JO, "Entra", "scim", SECOND.recorded_at, None)
    }
    assert after.version == 2


def test_a_revoked_token_has_an_end() -> None:
    issued = organizations.evolve(organization(), ISSUED, FIRST)

    after = organizations.evolve(issued, TokenRevoked(token_id=TOKEN), SECOND)

    assert after.tokens[TOKEN] == replace(issued.tokens[TOKEN], revoked_at=SECOND.recorded_at)


def test_a_registered_schema_takes_the_place_of_its_former_self() -> None:
    first = SchemaRegistered(document={"id": CUSTOM, "attributes": []})
    second = SchemaRegistered(document={"id": CUSTOM, "attributes": [{"name": "Tags"}]})

    after = organizations.evolve(organizations.evolve(organization(), first, FIRST), second, SECOND)

    assert dict(after.schemas) == {CUSTOM: second.document}


def test_a_setting_holds_until_it_returns_to_its_default() -> None:
    chosen = organizations.evolve(organization(), SettingsChanged(settings={"strict": True}), FIRST)
    after = organizations.evolve(chosen, SettingsChanged(settings={"strict": None}), SECOND)

    assert (chosen.setting("strict"), dict(chosen.settings)) == (True, {"strict": True})
    assert (after.setting("strict"), dict(after.settings)) == (False, {})


def test_a_state_is_never_changed_in_place() -> None:
    before = replace(GROUP, members={ANN: "User"}, member_count=1)
    groups.evolve(before, MembersAdded(members=(JO,)), SECOND)
    users.evolve(USER, UserChanged(attributes=("title",), values={"title": None}), SECOND)

    assert (before.members, USER.attributes["title"]) == ({ANN: "User"}, "Boss")


def test_a_user_cannot_begin_in_the_middle() -> None:
    with pytest.raises(AssertionError, match="UserDeleted before UserProvisioned"):
        users.evolve(None, UserDeleted(), FIRST)


def test_a_group_cannot_begin_in_the_middle() -> None:
    with pytest.raises(AssertionError, match="GroupDeleted before GroupCreated"):
        groups.evolve(None, GroupDeleted(), FIRST)


@pytest.mark.parametrize("event", [ISSUED, TokenRevoked(token_id=TOKEN)])
def test_an_organization_cannot_begin_in_the_middle(event: OrganizationEvent) -> None:
    with pytest.raises(AssertionError, match="before OrganizationRegistered"):
        organizations.evolve(None, event, FIRST)
