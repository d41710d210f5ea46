"""The attribute that a refusal is about is read from the refusal's text; a value never is."""

import pytest

from schema.scim.definitions import GROUP, USER
from schema.scim.errors import InvalidValue, ScimError
from schema.scim.filter.parse import parse_filter
from schema.scim.patch.subject import attribute_of_patch
from schema.scim.subject import about, attribute_of
from schema.scim.urns import ENTERPRISE_USER

DEPARTMENT = f"{ENTERPRISE_USER}:department"


@pytest.mark.parametrize(
    ("detail", "attribute"),
    [
        ("userName is required and is missing or empty.", "userName"),
        ("USERNAME 'ada' is taken by user 7; it compares without case.", "userName"),
        ("name.givenName must be a string, not a number.", "name.givenName"),
        ("emails.address: clients cannot set this.", "emails"),
        (f"{DEPARTMENT} must be a string.", DEPARTMENT),
        (f"{ENTERPRISE_USER}:manager.value must be a string.", f"{ENTERPRISE_USER}:manager.value"),
        ("Only one value of emails may be primary.", "emails"),
        ("Each of emails needs a value.", "emails"),
        ("The path is longer than 8,000 characters.", None),
        ("A string holds the character U+0000; remove it.", None),
        ("Something 'userName' is wrong with title.", None),
        ("", None),
        ("ada@contoso.com is none.", None),
        ("x" * 10_000, None),
    ],
)
def test_a_refusal_begins_with_its_attribute(detail: str, attribute: str | None) -> None:
    assert attribute_of(detail, USER) == attribute


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ('active eq "x"', "active"),
        ('meta.created gt "x"', "meta.created"),
        ('userName xx "a"', "userName"),
        ('active co "x"', "active"),
        ('name eq "x"', "name"),
        ('password eq "x"', "password"),
        ('nobodyKnows eq "x"', None),
        ("userName eq", None),
        ("(", None),
    ],
)
def test_a_filter_that_is_refused_names_its_attribute(text: str, attribute: str | None) -> None:
    with pytest.raises(ScimError) as refused, about(USER):
        parse_filter(text, USER)

    assert refused.value.attribute == attribute


def test_what_is_noted_already_stays() -> None:
    refusal = InvalidValue("title is wrong.")
    refusal.attribute = "emails"

    with pytest.raises(InvalidValue), about(USER):
        raise refusal

    assert refusal.attribute == "emails"


@pytest.mark.parametrize(
    ("operations", "attribute"),
    [
        ([{"op": "add", "path": "title", "value": "x"}, {"op": "x", "path": "emails"}], "emails"),
        ([{"op": "x", "path": 'emails[type eq "work"].value', "value": "x"}], "emails.value"),
        ([{"op": "add", "path": 'emails[type eq "work"', "value": "x"}], "emails"),
        ([{"OP": "x", "Path": DEPARTMENT.lower(), "value": "x"}], DEPARTMENT),
        ([{"op": "x", "path": "nobodyKnows"}], None),
        ([{"op": "x", "path": ["emails"]}], None),
        ([{"op": "add", "path": "[[", "value": "x"}], None),
        ([{"op": "remove"}], None),
        (["emails"], None),
        ("emails", None),
    ],
)
def test_a_patch_that_is_refused_is_about_the_path_of_its_operation(
    operations: object, attribute: str | None
) -> None:
    assert attribute_of_patch({"Operations": operations}, USER, "7") == attribute


def test_a_group_has_other_attributes() -> None:
    assert attribute_of("members: no user or group has the id 7.", GROUP) == "members"
    assert attribute_of("userName is required.", GROUP) is None
