"""Events ↔ what the log stores: each way undoes the other, and the public text holds nothing personal."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.events.client import (
    ClientRegistered,
    ClientRevoked,
    ClientSecretAdded,
    ClientSecretRevoked,
    ClientTrustChanged,
)
from schema.events.codec import TYPES, Encoded, UnknownEvent, decode, encode
from schema.events.event import Event, PersonalEvent, difference, with_values
from schema.events.feed import TokenExpiring, WebhookChanged, WebhookCreated
from schema.events.group import (
    GroupChanged,
    GroupCreated,
    GroupDeleted,
    MembersAdded,
    MembersRemoved,
)
from schema.events.hold import (
    LOSS_KINDS,
    GuardHeld,
    HoldApproved,
    HoldRejected,
    UsersHeld,
)
from schema.events.organization import (
    LegalHoldLifted,
    LegalHoldSet,
    OrganizationErased,
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationResumed,
    OrganizationSuspended,
    RoleGroup,
    RoleGroupsChanged,
    SchemaRegistered,
    SettingsChanged,
    TokenIssued,
    TokenRevoked,
    TokenRotated,
)
from schema.events.proof import (
    AuditExported,
    AuditRead,
    LogKeyChanged,
    LogPoint,
    LogRestored,
    ProofBegun,
)
from schema.events.upcast import upcast
from schema.events.user import (
    AccountDesignated,
    ExplicitRoleChanged,
    ReferenceErased,
    RoleAssigned,
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserErased,
    UserLinked,
    UserProvisioned,
    UserReactivated,
)
from tests.builders import EDITOR, JO, READER, ROLES, SALES, provisioned
from tests.rules.documents import CUSTOM, ENTERPRISE, FEW

TEXTS = st.text('aZé😀\0"\\', max_size=4)
SCALARS = st.one_of(
    TEXTS.filter(bool),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
ELEMENTS = st.dictionaries(st.sampled_from(["type", "value", "primary"]), SCALARS, min_size=1)
VALUES = st.one_of(
    SCALARS, st.lists(st.one_of(SCALARS, ELEMENTS), min_size=1, max_size=3), ELEMENTS
)
NAMES = st.sampled_from(["userName", "name", "emails", "title"])
EXTENSIONS = st.dictionaries(st.sampled_from(["a", "b", "manager"]), VALUES, min_size=1)
DOCUMENTS = st.builds(
    lambda core, extensions: {**core, **extensions},
    st.dictionaries(NAMES, VALUES),
    st.dictionaries(st.sampled_from([ENTERPRISE, CUSTOM]), EXTENSIONS),
)
CHANGES = st.dictionaries(
    st.sampled_from(["title", "emails", f"{ENTERPRISE}:department"]), st.one_of(st.none(), VALUES)
)
IDS = st.uuids()
MEMBERS = {
    "members": st.lists(IDS, max_size=3).map(tuple),
    "member_type": st.sampled_from(["User", "Group"]),
}
ATTRIBUTES = st.lists(TEXTS, max_size=3).map(tuple)
ISSUED = {
    **dict.fromkeys(["token_id", "account_id"], IDS),
    **dict.fromkeys(["jti_hash", "label", "scope"], TEXTS),
    "expires_at": st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    "allowed_networks": st.lists(TEXTS, max_size=3).map(tuple),
}

MAYBE = st.one_of(st.none(), IDS)
TRUE = st.sampled_from([None, True])
USERS = st.lists(IDS, max_size=3).map(tuple)
NUMBERS = st.integers(0, 10_000)
ROLE_GROUPS = st.one_of(
    st.builds(lambda role, group: RoleGroup(role_id=role, group_id=group), IDS, IDS),
    st.builds(lambda role, name: RoleGroup(role_id=role, display_name=name), IDS, TEXTS),
)
CONFLICTS = st.one_of(st.none(), st.lists(IDS, min_size=2, max_size=3).map(tuple))


def events(of: type[Event], /, **facts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for events of one type (`st.builds` would use their JSON names)."""
    return st.fixed_dictionaries(facts).map(lambda drawn: of(**drawn))


INSTANTS = st.datetimes(timezones=st.just(UTC))
SIZES = st.integers(min_value=0, max_value=2**62)
POINTS = st.tuples(SIZES, TEXTS, TEXTS).map(
    lambda drawn: LogPoint(size=drawn[0], root_hash=drawn[1], note=drawn[2])
)
EVENTS: dict[type[Event], st.SearchStrategy[Any]] = {
    UserProvisioned: events(
        UserProvisioned,
        role_id=IDS,
        active=st.booleans(),
        attributes=ATTRIBUTES,
        former_user_id=st.one_of(st.none(), IDS),
        conflicting_role_ids=CONFLICTS,
        explicit_role_id=MAYBE,
        values=st.one_of(st.none(), CHANGES),
    ),
    UserChanged: events(
        UserChanged,
        attributes=ATTRIBUTES,
        values=st.one_of(st.none(), CHANGES),
        conflicting_role_ids=CONFLICTS,
    ),
    UserLinked: events(UserLinked, values=st.one_of(st.none(), CHANGES)),
    RoleAssigned: events(
        RoleAssigned,
        role_id=IDS,
        previous_role_id=IDS,
        conflicting_role_ids=CONFLICTS,
        group_id=MAYBE,
        is_given_by_group=TRUE,
        explicit_role_id=MAYBE,
        takes_access=TRUE,
    ),
    ExplicitRoleChanged: events(ExplicitRoleChanged, role_id=MAYBE),
    UserDeactivated: events(UserDeactivated, takes_access=TRUE),
    UserReactivated: events(UserReactivated),
    UserDeleted: events(UserDeleted, takes_access=TRUE),
    GroupCreated: events(GroupCreated, values=DOCUMENTS),
    GroupChanged: events(GroupChanged, values=CHANGES),
    MembersAdded: events(MembersAdded, **MEMBERS),
    MembersRemoved: events(MembersRemoved, **MEMBERS, takes_access=TRUE),
    GroupDeleted: events(GroupDeleted),
    OrganizationRegistered: events(
        OrganizationRegistered,
        name=TEXTS,
        roles=st.dictionaries(TEXTS, IDS, max_size=3),
        settings=st.dictionaries(TEXTS, SCALARS, max_size=3),
    ),
    AccountDesignated: events(AccountDesignated, listed_in_scim=st.booleans()),
    OrganizationRenamed: events(OrganizationRenamed, name=TEXTS),
    OrganizationSuspended: events(OrganizationSuspended, reason=TEXTS),
    OrganizationResumed: events(OrganizationResumed),
    TokenIssued: events(TokenIssued, **ISSUED),
    TokenRotated: events(
        TokenRotated,
        **dict.fromkeys(["token_id", "successor_id"], IDS),
        ends_at=INSTANTS,
    ),
    TokenRevoked: events(TokenRevoked, token_id=IDS),
    SchemaRegistered: events(SchemaRegistered, document=DOCUMENTS),
    ProofBegun: events(ProofBegun, size=SIZES, root_hash=TEXTS, reason=TEXTS),
    LogKeyChanged: events(
        LogKeyChanged, from_=TEXTS, to=TEXTS, reason=TEXTS, compromised=st.booleans()
    ),
    LogRestored: events(
        LogRestored,
        kept=POINTS,
        lost=POINTS,
        reason=TEXTS,
        tokens=st.sampled_from(("keep", "revoke")),
    ),
    AuditExported: events(
        AuditExported,
        what=st.just("evidence"),
        from_position=SIZES,
        to_position=SIZES,
        digest=TEXTS,
        disclosure=st.sampled_from(("full", "subject", "none")),
        subject_id=TEXTS,
    ),
    WebhookCreated: events(
        WebhookCreated,
        webhook_id=IDS,
        label=TEXTS,
        kind=st.sampled_from(["webhook", "mail", "push", "poll"]),
        host=st.one_of(st.none(), TEXTS),
        types=st.lists(TEXTS, max_size=2).map(tuple),
        format=st.sampled_from(["json", "ocsf", "set"]),
        with_values=st.booleans(),
        after=SIZES,
    ),
    WebhookChanged: events(
        WebhookChanged,
        webhook_id=IDS,
        change=st.sampled_from(["enabled", "disabled", "replayed", "secretRotated", "deleted"]),
        reason=st.one_of(st.none(), TEXTS),
        after=st.one_of(st.none(), SIZES),
    ),
    TokenExpiring: events(
        TokenExpiring,
        **dict.fromkeys(["token_id", "account_id"], IDS),
        expires_at=st.datetimes(timezones=st.just(UTC)),
        days=SIZES,
    ),
    AuditRead: events(
        AuditRead,
        first_at=INSTANTS,
        last_at=INSTANTS,
        reads=SIZES,
        paths=st.dictionaries(TEXTS, SIZES, max_size=2),
        to_position=st.none() | SIZES,
        subjects=st.lists(IDS, max_size=2).map(tuple),
        subjects_left_out=st.none() | SIZES,
        names_sought=st.none() | SIZES,
        values=st.none() | st.fixed_dictionaries({"names": st.lists(TEXTS, max_size=2)}),
    ),
    ClientRegistered: events(
        ClientRegistered,
        **dict.fromkeys(["client_id", "account_id"], IDS),
        **dict.fromkeys(
            ["subjects", "audiences", "scopes"], st.lists(TEXTS, max_size=2).map(tuple)
        ),
        label=TEXTS,
        kind=st.sampled_from(["secret", "federated"]),
        issuer=st.one_of(st.none(), TEXTS),
    ),
    ClientSecretAdded: events(
        ClientSecretAdded,
        **dict.fromkeys(["client_id", "secret_id"], IDS),
        secret_hash=TEXTS,
        expires_at=st.datetimes(timezones=st.just(UTC)),
    ),
    ClientSecretRevoked: events(ClientSecretRevoked, client_id=IDS, secret_id=IDS),
    ClientTrustChanged: events(
        ClientTrustChanged,
        client_id=IDS,
        **dict.fromkeys(["subjects", "audiences"], st.lists(TEXTS, max_size=2).map(tuple)),
    ),
    ClientRevoked: events(ClientRevoked, client_id=IDS),
    UserErased: events(UserErased, reason=TEXTS, forced=st.sampled_from([None, True])),
    ReferenceErased: events(ReferenceErased, subject_id=IDS, whole=st.sampled_from([None, True])),
    LegalHoldSet: events(LegalHoldSet, reason=TEXTS, subject_id=st.one_of(st.none(), IDS)),
    LegalHoldLifted: events(LegalHoldLifted, reason=TEXTS, subject_id=st.one_of(st.none(), IDS)),
    OrganizationErased: events(OrganizationErased, reason=TEXTS),
    SettingsChanged: events(
        SettingsChanged, settings=st.dictionaries(TEXTS, st.one_of(st.none(), SCALARS))
    ),
    RoleGroupsChanged: events(
        RoleGroupsChanged,
        items=st.lists(ROLE_GROUPS, max_size=3).map(tuple),
        explicit_wins=st.booleans(),
    ),
    GuardHeld: events(
        GuardHeld,
        kind=st.sampled_from(LOSS_KINDS),
        users=USERS,
        **dict.fromkeys(["since_position", "passed", "active_users"], NUMBERS),
        **dict.fromkeys(["max_users", "max_percent", "window_minutes"], NUMBERS),
    ),
    UsersHeld: events(UsersHeld, users=USERS),
    HoldApproved: events(HoldApproved),
    HoldRejected: events(HoldRejected),
}


def decoded(stored: Encoded) -> Event:
    """Return the event that was stored; its personal part is not sealed."""
    return decode(stored.type, stored.schema_version, stored.data, stored.personal)


@FEW
@given(st.one_of(*EVENTS.values()))
def test_what_was_stored_is_read_back(event: Event) -> None:
    assert decoded(encode(event)) == event


@FEW
@given(st.one_of(*EVENTS.values()))
def test_what_was_read_back_is_stored_the_same(event: Event) -> None:
    assert encode(decoded(encode(event))) == encode(event)


def test_every_event_of_the_log_is_tried() -> None:
    assert set(EVENTS) == set(TYPES.values())


def test_the_public_text_has_the_facts_in_camel_case() -> None:
    stored = encode(RoleAssigned(role_id=EDITOR, previous_role_id=READER))

    assert stored == Encoded(
        "RoleAssigned", 1, f'{{"roleId":"{EDITOR}","previousRoleId":"{READER}"}}', None
    )


def test_personal_values_are_apart_from_the_public_text() -> None:
    stored = encode(provisioned("jo@example.com", title="Boss"))

    assert orjson.loads(stored.data) == {
        "roleId": str(READER),
        "active": True,
        "attributes": ["userName", "title"],
    }
    assert orjson.loads(stored.personal or b"") == {"userName": "jo@example.com", "title": "Boss"}


@pytest.mark.parametrize("kind", [each for each in EVENTS if issubclass(each, PersonalEvent)])
def test_an_event_about_a_person_is_sealed(kind: type[Event]) -> None:
    assert "values" in kind.model_fields


def test_an_erased_person_leaves_the_facts() -> None:
    stored = encode(provisioned("jo@example.com"))

    event = decode(stored.type, stored.schema_version, stored.data, None)

    assert event == UserProvisioned(
        role_id=READER, active=True, attributes=("userName",), values=None
    )


def test_what_names_a_group_is_sealed_and_a_removed_attribute_is_null() -> None:
    stored = encode(GroupChanged(values={"externalId": None}))

    assert stored.data == '{"attributes":["externalId"]}'
    assert stored.personal == b'{"externalId":null}'
    assert decode(stored.type, stored.schema_version, stored.data, None) == GroupChanged(
        attributes=("externalId",)
    )


def test_an_instant_keeps_its_zone() -> None:
    expires_at = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
    issued = TokenIssued(
        token_id=SALES,
        jti_hash="x",
        account_id=JO,
        label="Entra",
        scope="scim",
        expires_at=expires_at,
    )

    assert decoded(encode(issued)) == issued


@pytest.mark.parametrize(("name", "schema_version"), [("UserPromoted", 1), ("UserDeleted", 2)])
def test_an_event_of_a_later_release_is_refused(name: str, schema_version: int) -> None:
    with pytest.raises(UnknownEvent, match=f"{name} version {schema_version} is unknown"):
        decode(name, schema_version, "{}", None)


def test_facts_of_the_current_version_are_left_as_they_are() -> None:
    assert upcast("RoleAssigned", 1, 1, {"roleId": "x"}) == {"roleId": "x"}


@FEW
@given(DOCUMENTS, DOCUMENTS)
def test_a_difference_leads_from_one_document_to_the_other(
    former: dict[str, Any], latter: dict[str, Any]
) -> None:
    assert with_values(former, difference(former, latter)) == latter


@FEW
@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert difference(document, dict(document)) == {}


@FEW
@given(DOCUMENTS, CHANGES)
def test_values_given_twice_are_given_once(
    document: dict[str, Any], values: dict[str, Any]
) -> None:
    once = with_values(document, values)

    assert with_values(once, values) == once


def test_values_leave_the_former_document_as_it_was() -> None:
    former = {ENTERPRISE: {"department": "IT"}}
    with_values(former, {f"{ENTERPRISE}:department": "Sales", "title": "Boss"})

    assert former == {ENTERPRISE: {"department": "IT"}}


def test_a_difference_names_what_was_removed() -> None:
    former = {"title": "Boss", ENTERPRISE: {"department": "IT", "division": "x"}}

    assert difference(former, {ENTERPRISE: {"division": "y"}}) == {
        "title": None,
        f"{ENTERPRISE}:department": None,
        f"{ENTERPRISE}:division": "y",
    }


@pytest.mark.parametrize("role_id", [*ROLES.values(), UUID(int=0)])
def test_ids_are_stored_as_text(role_id: UUID) -> None:
    stored = encode(RoleAssigned(role_id=role_id, previous_role_id=READER))

    assert orjson.loads(stored.data)["roleId"] == str(role_id)
