"""Which attributes an answer holds: `attributes` and `excludedAttributes` (RFC 7644 §3.9)."""

import orjson
import pytest

from schema.scim import urns
from schema.scim.attributes import Attribute, Document
from schema.scim.definitions import GROUP, USER
from schema.scim.resource_type import ResourceType
from service.scim.select import EVERYTHING, Selection, read_selection, select, select_document
from tests.rules.documents import BARE, ENTERPRISE, HOME, WORK, document

ALWAYS: Document = {"schemas": [urns.USER, ENTERPRISE], "id": "7"}
EXTENSION: Document = {"department": "IT", "manager": {"value": "b", "$ref": "r"}}
JO: Document = {
    **ALWAYS,
    **document(
        active=False,
        name={"givenName": "Jo", "familyName": "Doe"},
        emails=[{**WORK, "display": "Jo"}, HOME],
        **{ENTERPRISE: EXTENSION},
    ),
}


def included(names: str) -> Document:
    """Return Jo with these attributes."""
    return select_document(JO, read_selection({"attributes": names}, USER))


def without(names: str) -> Document:
    """Return Jo without these attributes."""
    return select_document(JO, read_selection({"excludedattributes": names}, USER))


def but(*names: str) -> Document:
    """Return all of Jo except some keys."""
    return {key: value for key, value in JO.items() if key not in names}


@pytest.mark.parametrize(
    "sent", [{}, {"filter": "x"}, {"attributes": ""}, {"excludedattributes": ""}]
)
def test_without_a_selection_everything_is_answered(sent: dict[str, str]) -> None:
    selection = read_selection(sent, USER)

    assert selection.is_everything
    assert select_document(JO, selection) == JO


def test_everything_is_sent_as_it_is_stored() -> None:
    stored = b'{ "userName": "jo" }'

    assert select(stored, EVERYTHING) is stored


def test_a_selection_of_bytes_is_json() -> None:
    selection = read_selection({"attributes": "userName"}, USER)

    assert orjson.loads(select(orjson.dumps(JO), selection)) == {**ALWAYS, **BARE}


@pytest.mark.parametrize(
    "names",
    ["userName", "USERNAME", " userName ", "userName,", f"{urns.USER}:userName", "id,userName"],
)
def test_an_attribute_is_answered_with_what_always_is(names: str) -> None:
    assert included(names) == {**ALWAYS, **BARE}


def test_an_attribute_that_nobody_knows_selects_nothing() -> None:
    assert included("nothing") == ALWAYS


def test_an_attribute_without_a_value_is_left_out() -> None:
    assert included("title,name.middleName") == ALWAYS


def test_false_is_a_value() -> None:
    assert included("active") == {**ALWAYS, "active": False}


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ("name.givenName", {"givenName": "Jo"}),
        ("name.givenName,name.familyName", {"givenName": "Jo", "familyName": "Doe"}),
        ("name,name.givenName", {"givenName": "Jo", "familyName": "Doe"}),
        ("name.givenName,name", {"givenName": "Jo", "familyName": "Doe"}),
    ],
)
def test_a_sub_attribute_is_answered_by_itself(names: str, name: Document) -> None:
    assert included(names) == {**ALWAYS, "name": name}


@pytest.mark.parametrize("names", ["emails.value,emails.type", "emails.type,emails.value"])
def test_sub_attributes_are_answered_of_each_value(names: str) -> None:
    assert included(names) == {**ALWAYS, "emails": [WORK, HOME]}


def test_a_value_without_the_sub_attribute_is_left_out() -> None:
    assert included("emails.display") == {**ALWAYS, "emails": [{"display": "Jo"}]}


def multi_valued(resource_type: ResourceType) -> list[Attribute]:
    """Return the attributes that hold several objects."""
    attributes = resource_type.schema.attributes.values()
    return [each for each in attributes if each.multi_valued and each.is_complex]


EVERY_SUB = [
    (resource_type, each.name, sub.name)
    for resource_type in (USER, GROUP)
    for each in multi_valued(resource_type)
    for sub in each.sub_attributes.values()
]


@pytest.mark.parametrize(("resource_type", "name", "sub"), EVERY_SUB)
def test_an_attribute_whose_values_lack_the_sub_attribute_is_left_out(
    resource_type: ResourceType, name: str, sub: str
) -> None:
    others = [{f"not {sub}": "x"}, {f"not {sub}": "y"}]
    selection = read_selection({"attributes": f"{name}.{sub}"}, resource_type)

    assert select_document({**ALWAYS, name: others}, selection) == ALWAYS


@pytest.mark.parametrize(("resource_type", "name", "sub"), EVERY_SUB)
def test_an_attribute_that_has_a_sub_attribute_somewhere_is_shown_there(
    resource_type: ResourceType, name: str, sub: str
) -> None:
    given = [{f"not {sub}": "x"}, {sub: "y"}]
    selection = read_selection({"attributes": f"{name}.{sub}"}, resource_type)

    assert select_document({**ALWAYS, name: given}, selection) == {**ALWAYS, name: [{sub: "y"}]}


@pytest.mark.parametrize("names", [ENTERPRISE, ENTERPRISE.upper()])
def test_a_schema_is_answered_as_a_whole(names: str) -> None:
    assert included(names) == {**ALWAYS, ENTERPRISE: EXTENSION}


@pytest.mark.parametrize("names", [f"{ENTERPRISE}:department", "department"])
def test_an_attribute_of_an_extension_is_answered_by_itself(names: str) -> None:
    assert included(names) == {**ALWAYS, ENTERPRISE: {"department": "IT"}}


def test_a_sub_attribute_of_an_extension_is_answered_by_itself() -> None:
    assert included(f"{ENTERPRISE}:manager.value") == {
        **ALWAYS,
        ENTERPRISE: {"manager": {"value": "b"}},
    }


@pytest.mark.parametrize(
    ("names", "left"),
    [
        ("emails", but("emails")),
        ("EMAILS, active", but("emails", "active")),
        (ENTERPRISE, but(ENTERPRISE)),
        ("nothing", JO),
        ("title", JO),
        ("id,schemas", JO),
        ("name.givenName", {**JO, "name": {"familyName": "Doe"}}),
        ("name.givenName,name.familyName", but("name")),
        ("emails.display", {**JO, "emails": [WORK, HOME]}),
        ("emails.value,emails.type,emails.display", but("emails")),
        ("department", {**JO, ENTERPRISE: {"manager": EXTENSION["manager"]}}),
        ("department,manager", but(ENTERPRISE)),
        (
            f"{ENTERPRISE}:manager.$ref",
            {**JO, ENTERPRISE: {"department": "IT", "manager": {"value": "b"}}},
        ),
    ],
)
def test_what_is_excluded_is_left_out(names: str, left: Document) -> None:
    assert without(names) == left


def test_both_parameters_together_include_and_exclude() -> None:
    sent = {"attributes": "name,userName", "excludedattributes": "name.familyName"}

    assert select_document(JO, read_selection(sent, USER)) == {
        **ALWAYS,
        **BARE,
        "name": {"givenName": "Jo"},
    }


def test_a_document_is_not_changed_by_a_selection() -> None:
    former = orjson.dumps(JO)
    without("emails.display,name.givenName,department")

    assert orjson.dumps(JO) == former


def group_selection(**sent: str) -> Selection:
    """Return what the parameters of a request for groups select."""
    return read_selection(sent, GROUP)


@pytest.mark.parametrize(
    ("selection", "is_wanted"),
    [
        (EVERYTHING, True),
        (group_selection(excludedattributes="members"), False),
        (group_selection(excludedattributes="MEMBERS,externalId"), False),
        (group_selection(excludedattributes="members.$ref"), True),
        (group_selection(excludedattributes="externalId"), True),
        (group_selection(attributes="displayName"), False),
        (group_selection(attributes="displayName,members"), True),
        (group_selection(attributes="members.value"), True),
        (group_selection(attributes="members", excludedattributes="members"), False),
    ],
)
def test_members_are_read_only_where_they_are_wanted(
    selection: Selection, *, is_wanted: bool
) -> None:
    assert selection.wants("members") is is_wanted


@pytest.mark.parametrize(
    ("selection", "is_only"),
    [
        (group_selection(excludedattributes="members"), True),
        (group_selection(excludedattributes="members,members"), True),
        (group_selection(excludedattributes="members,externalId"), False),
        (group_selection(excludedattributes="members.value"), False),
        (group_selection(attributes="displayName", excludedattributes="members"), False),
    ],
)
def test_a_group_without_members_is_sent_as_it_is_stored(
    selection: Selection, *, is_only: bool
) -> None:
    assert selection.is_only_without("members") is is_only
