"""A resource as a client sends it, read into canonical names and types (RFC 7643 §2)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import InvalidSyntax, InvalidValue
from schema.scim.resource import Reading, get, put, read_document, require, schemas_of
from schema.scim.resource_type import AttributePath, ResourceType
from tests.rules.documents import BARE, BOSS, CUSTOM, CUSTOM_USER, ENTERPRISE, FEW, WORK, document


def read(**sent: Any) -> Document:
    """Return the document that is read from a body with these attributes."""
    return read_document(sent, USER).document


def path(name: str) -> AttributePath:
    """Return the attribute that a name means in a user."""
    found = USER.find(name)
    assert found is not None
    return found


def test_names_are_read_in_any_case_and_kept_canonical() -> None:
    assert read(USERNAME="an", displayname="An", NAME={"GIVENNAME": "A"}) == {
        "userName": "an",
        "displayName": "An",
        "name": {"givenName": "A"},
    }


def test_values_are_kept_as_sent() -> None:
    sent: Document = {
        "userName": "  Zoë@Example.COM ",
        "phoneNumbers": [{"type": "work", "value": "+1 (425) 555-0100 x 7"}],
        "locale": "no locale at all",
    }

    assert read(**sent) == sent


@pytest.mark.parametrize(
    "absent", [None, "", [], {}, [None], [{}], [{"type": "work", "value": None}]]
)
def test_what_is_empty_is_absent(absent: Any) -> None:
    assert read(userName="jo@example.com", addresses=absent) == BARE


@pytest.mark.parametrize("absent", [None, "", {}, {"givenName": None, "familyName": ""}])
def test_an_object_of_nothing_is_absent(absent: Any) -> None:
    assert read(userName="jo@example.com", name=absent) == BARE


def test_empty_sub_attributes_are_absent() -> None:
    address = {"type": "work", "streetAddress": None, "locality": "Redmond", "region": ""}

    assert read(addresses=[address]) == {"addresses": [{"type": "work", "locality": "Redmond"}]}


def test_texts_of_booleans_are_booleans_at_every_level() -> None:
    assert read(active="False", roles=[{"value": "x", "primary": "True"}]) == {
        "active": False,
        "roles": [{"value": "x", "primary": True}],
    }


def test_what_the_service_sets_is_dropped() -> None:
    sent: Document = {
        "id": "client-chosen",
        "meta": {"resourceType": "User", "created": "no date"},
        "groups": [{"value": "x"}],
        "password": "secret",
        "schemas": ["urn:example:Nope"],
        "manager": {"value": BOSS, "displayName": "Bo"},
        f"{ENTERPRISE}:manager.displayName": "Bo",
    }

    assert read(**BARE, **sent) == document(**{ENTERPRISE: {"manager": {"value": BOSS}}})


def test_what_nobody_knows_is_ignored_and_reported() -> None:
    sent = {
        **BARE,
        "department2": "x",
        "urn:example:Nope:2.0:User": {"a": 1},
        "name": {"givenName": "Jo", "nick": "J"},
        "emails": [{**WORK, "verified": True}],
    }

    reading = read_document(sent, USER)

    assert reading.document == document(name={"givenName": "Jo"}, emails=[WORK])
    assert reading.ignored == [
        "department2",
        "urn:example:Nope:2.0:User",
        "name.nick",
        "emails.verified",
    ]


def test_an_extension_need_not_be_listed_in_schemas() -> None:
    sent = {"schemas": [urns.USER], **BARE, CUSTOM: {"customattribute": "701984", "Tags": ["a"]}}

    assert read_document(sent, CUSTOM_USER).document == document(
        **{CUSTOM: {"CustomAttribute": "701984", "Tags": ["a"]}}
    )


@pytest.mark.parametrize(
    "sent",
    [
        {"roleId": "7"},
        {f"{urns.USER}:roleId": "7"},
        {urns.USER: {"roleId": "7"}},
        {urns.USER.lower(): {"ROLEID": "7"}},
        {f"{urns.CLM_USER}:roleId": "7"},
        {urns.CLM_USER: {"roleId": "7"}},
        {"roleId": "7", urns.CLM_USER: {"roleId": "7"}},
    ],
)
def test_a_role_id_comes_under_several_names(sent: Document) -> None:
    assert read(**BARE, **sent) == document(roleId="7")


@pytest.mark.parametrize(
    "sent", [{"roleId": "7", urns.CLM_USER: {"roleId": "8"}}, {"title": "A", "TITLE": "B"}]
)
def test_two_values_for_one_attribute_are_refused(sent: Document) -> None:
    with pytest.raises(InvalidValue, match="given twice with different values"):
        read(**sent)


def test_dotted_keys_are_paths() -> None:
    assert read(**{"name": {"givenName": "Jo"}, "name.familyName": "Doe"}) == {
        "name": {"givenName": "Jo", "familyName": "Doe"}
    }


@pytest.mark.parametrize("emails", [[], [WORK]])
def test_a_dotted_key_into_many_values_says_nothing(emails: list[Document]) -> None:
    reading = read_document({"emails": emails, "emails.display": "Jo"}, USER)

    assert reading.document.get("emails", []) == emails
    assert reading.ignored == ["emails.display"]


@pytest.mark.parametrize("sent", [None, "", {}])
def test_an_extension_of_nothing_is_absent(sent: Any) -> None:
    assert read(**BARE, **{ENTERPRISE: sent}) == BARE


def test_an_extension_holds_an_object() -> None:
    with pytest.raises(InvalidValue, match="must be an object of attributes"):
        read(**{ENTERPRISE: "x"})


@pytest.mark.parametrize("body", [None, [], "x", 7, True])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(InvalidSyntax, match="one resource"):
        read_document(body, USER)


def test_two_primary_values_are_refused() -> None:
    with pytest.raises(InvalidValue, match="Only one value of emails may be primary"):
        read(emails=[{**WORK, "primary": "true"}, {"value": "b", "primary": True}])


def test_one_primary_value_is_kept() -> None:
    emails = [{**WORK, "primary": True}, {"value": "b", "primary": False}]

    assert read(emails=emails) == {"emails": emails}


@pytest.mark.parametrize(("resource_type", "name"), [(USER, "userName"), (GROUP, "displayName")])
def test_a_required_attribute_that_is_missing_is_named(
    resource_type: ResourceType, name: str
) -> None:
    with pytest.raises(InvalidValue, match=f"{name} is required"):
        require({}, resource_type)


def test_a_document_with_all_that_is_required_is_whole() -> None:
    require(BARE, USER)


def test_schemas_are_derived_from_what_is_held() -> None:
    assert schemas_of(document(**{ENTERPRISE: {"department": "IT"}}), USER) == [
        urns.USER,
        ENTERPRISE,
    ]


def test_a_value_is_put_into_a_new_document() -> None:
    former = document(name={"givenName": "Jo"})

    assert put(former, path("name.familyName"), "Doe")["name"] == {
        "givenName": "Jo",
        "familyName": "Doe",
    }
    assert former == document(name={"givenName": "Jo"})


def test_a_container_left_empty_goes() -> None:
    former = document(**{ENTERPRISE: {"department": "IT"}})

    assert put(former, path("department"), None) == BARE


def test_a_value_is_got_from_its_extension() -> None:
    assert get(document(**{ENTERPRISE: {"department": "IT"}}), path("department")) == "IT"


def test_what_is_absent_is_none() -> None:
    assert get(BARE, path("department")) is None


def test_more_values_than_the_limit_are_refused() -> None:
    mails = [{"value": f"{number}@example.com"} for number in range(301)]
    with pytest.raises(InvalidValue, match="no more than 300 values"):
        read_document({"userName": "jo", "emails": mails}, USER)


def singles() -> list[tuple[str, ...]]:
    """Return the names, from the outside to the inside, of all simple attributes of a user with a single value."""
    found = list[tuple[str, ...]]()
    for schema in (USER.schema, *USER.extensions):
        outer = () if schema is USER.schema else (schema.id,)
        for each in schema.attributes.values():
            if not each.is_complex and not each.multi_valued:
                found.append((*outer, each.name))
            elif not each.multi_valued:
                found += [(*outer, each.name, sub.name) for sub in each.sub_attributes.values()]
    return found


def read_at(names: tuple[str, ...], value: Any) -> Reading | str:
    """Return what a user with a value at a place is read as, or why it is refused."""
    sent = value
    for each in reversed(names):
        sent = {each: sent}
    try:
        return read_document(sent, USER)
    except InvalidValue as refusal:
        return refusal.detail


@FEW
@given(
    names=st.sampled_from(singles()),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=900)
    ),
)
def test_a_value_that_is_taken_as_it_is_reads_as_in_a_list_of_one(
    names: tuple[str, ...], value: Any
) -> None:
    # A list of one always goes through the reader of its attribute.
    assert read_at(names, value) == read_at(names, [value])
