"""PATCH of attributes, single and multi-valued (RFC 7644 §3.5.2.1 to §3.5.2.3)."""

from typing import Any

import pytest

from schema.scim.attributes import Document
from schema.scim.errors import InvalidValue, Mutability
from schema.scim.resource import ELEMENTS_MAX
from tests.builders import add, patched, pathless, remove, replace
from tests.rules.documents import (
    BARE,
    BOSS,
    CUSTOM,
    CUSTOM_USER,
    ENTERPRISE,
    HOME,
    WORK,
    document,
    tagged,
    with_manager,
)


@pytest.mark.parametrize("op", ["add", "Add", "ADD", "replace", "Replace"])
def test_add_and_replace_set_a_single_value_in_any_case(op: str) -> None:
    operation = {"op": op, "path": "title", "value": "Boss"}

    assert patched(document(title="Clerk"), operation) == document(title="Boss")


def test_operations_apply_in_order() -> None:
    assert patched(BARE, replace("title", "A"), replace("title", "B")) == document(title="B")


def test_no_operations_change_nothing() -> None:
    assert patched(document(title="Boss")) == document(title="Boss")


@pytest.mark.parametrize("value", ["", None, [], [None]])
def test_an_empty_value_clears_a_single_value(value: Any) -> None:
    assert patched(document(title="Boss"), replace("title", value)) == BARE


def test_remove_takes_a_single_value_away() -> None:
    assert patched(document(title="Boss"), {"op": "Remove", "path": "title"}) == BARE


def test_remove_of_what_is_absent_changes_nothing() -> None:
    assert patched(BARE, remove("title")) == BARE


@pytest.mark.parametrize("sent", ["False", "false", False])
def test_texts_of_booleans_are_booleans(sent: Any) -> None:
    assert patched(document(active=True), replace("active", sent)) == document(active=False)


@pytest.mark.parametrize("sent", ["no", "0", 0, 1, {"value": False}, [True, False]])
def test_nothing_else_is_a_boolean(sent: Any) -> None:
    with pytest.raises(InvalidValue, match="active"):
        patched(document(active=True), replace("active", sent))


def test_a_required_attribute_cannot_be_removed() -> None:
    with pytest.raises(Mutability, match="userName is required"):
        patched(BARE, remove("userName"))


@pytest.mark.parametrize(
    "operation", [replace("userName", ""), add("userName", None), pathless({"userName": None})]
)
def test_a_required_attribute_cannot_be_emptied(operation: Document) -> None:
    with pytest.raises(InvalidValue, match="userName is required"):
        patched(BARE, operation)


def test_a_list_is_no_single_value() -> None:
    with pytest.raises(InvalidValue, match="title takes a single value"):
        patched(BARE, replace("title", ["a", "b"]))


def test_a_sub_attribute_merges_into_its_attribute() -> None:
    former = document(name={"givenName": "Jo", "familyName": "Doe"})

    assert patched(former, replace("name.givenName", "Joan")) == document(
        name={"givenName": "Joan", "familyName": "Doe"}
    )


def test_an_object_merges_into_a_set_of_sub_attributes() -> None:
    former = document(name={"givenName": "Jo", "familyName": "Doe"})

    assert patched(former, replace("name", {"GIVENNAME": "Joan"})) == document(
        name={"givenName": "Joan", "familyName": "Doe"}
    )


def test_the_last_sub_attribute_takes_the_attribute_with_it() -> None:
    assert patched(document(name={"givenName": "Jo"}), replace("name.givenName", "")) == BARE


def test_null_clears_a_complex_attribute() -> None:
    assert patched(document(name={"givenName": "Jo"}), replace("name")) == BARE


@pytest.mark.parametrize("sent", ["Jo", 7, ["Jo"]])
def test_a_complex_attribute_takes_objects_only(sent: Any) -> None:
    with pytest.raises(InvalidValue, match="name must be an object"):
        patched(BARE, replace("name", sent))


def test_the_last_attribute_of_an_extension_takes_it_along() -> None:
    former = document(**{ENTERPRISE: {"department": "Sales"}})

    assert patched(former, remove(f"{ENTERPRISE}:department")) == BARE


def test_remove_of_an_extension_takes_all_its_attributes() -> None:
    assert patched(with_manager({"value": BOSS}), remove(ENTERPRISE)) == BARE


def test_add_appends_values() -> None:
    assert patched(document(emails=[WORK]), add("emails", [HOME])) == document(emails=[WORK, HOME])


def test_one_object_stands_for_a_list_of_one() -> None:
    assert patched(BARE, add("emails", WORK)) == document(emails=[WORK])


def test_add_of_a_value_that_is_there_updates_it() -> None:
    former = document(emails=[WORK, HOME])

    assert patched(former, add("emails", [{**WORK, "display": "Jo"}])) == document(
        emails=[{**WORK, "display": "Jo"}, HOME]
    )


def test_the_same_value_under_another_type_is_another_one() -> None:
    other = {**WORK, "type": "other"}

    assert patched(document(emails=[WORK]), add("emails", [other])) == document(
        emails=[WORK, other]
    )


def test_replace_takes_the_place_of_all_values() -> None:
    assert patched(document(emails=[WORK]), replace("emails", [HOME])) == document(emails=[HOME])


def test_a_value_sent_twice_in_one_list_is_one() -> None:
    primary = {**HOME, "primary": True}

    assert patched(BARE, replace("emails", [primary, primary])) == document(emails=[primary])


@pytest.mark.parametrize("value", ["", None, [], [{"type": "work", "value": ""}]])
def test_an_empty_value_clears_a_multi_valued_attribute(value: Any) -> None:
    assert patched(document(emails=[WORK, HOME]), replace("emails", value)) == BARE


def test_remove_without_a_value_takes_all_values() -> None:
    assert patched(document(emails=[WORK, HOME]), remove("emails")) == BARE


def test_remove_with_a_list_takes_those_listed_only() -> None:
    listed = [{"value": "jo@work.example"}, {"value": "nobody@example.com"}]

    assert patched(document(emails=[WORK, HOME]), remove("emails", value=listed)) == document(
        emails=[HOME]
    )


def test_remove_with_an_empty_list_takes_nothing() -> None:
    assert patched(document(emails=[WORK]), remove("emails", value=[])) == document(emails=[WORK])


def test_a_new_primary_value_demotes_the_former_one() -> None:
    former = document(emails=[{**WORK, "primary": True}])

    assert patched(former, add("emails", [{**HOME, "primary": True}])) == document(
        emails=[{**WORK, "primary": False}, {**HOME, "primary": True}]
    )


def test_making_a_value_primary_demotes_the_former_one() -> None:
    former = document(emails=[{**WORK, "primary": True}, HOME])

    assert patched(former, replace('emails[type eq "home"].primary', "True")) == document(
        emails=[{**WORK, "primary": False}, {**HOME, "primary": True}]
    )


def test_two_new_primary_values_are_refused() -> None:
    sent = [{**WORK, "primary": True}, {**HOME, "primary": True}]

    with pytest.raises(InvalidValue, match="primary"):
        patched(BARE, replace("emails", sent))


def test_more_values_than_the_limit_are_refused() -> None:
    sent = [{"value": str(number)} for number in range(ELEMENTS_MAX + 1)]

    with pytest.raises(InvalidValue, match="more than 300 values"):
        patched(BARE, replace("emails", sent))


def test_as_many_values_as_the_limit_are_kept() -> None:
    sent = [{"value": str(number)} for number in range(ELEMENTS_MAX)]

    assert patched(BARE, replace("emails", sent)) == document(emails=sent)


@pytest.mark.parametrize("op", [add, replace])
@pytest.mark.parametrize(
    ("name", "former", "given"),
    [
        ("emails", {"type": "work", "value": "ada@x"}, {"type": "work", "value": "Ada@x"}),
        ("emails", {"type": "work", "value": "ada@x"}, {"type": "Work", "value": "ADA@X"}),
        ("emails", {"value": "é@x"}, {"value": "E\u0301@x"}),
        ("phoneNumbers", {"type": "fax", "value": "ext a"}, {"type": "fax", "value": "EXT A"}),
        ("ims", {"type": "xmpp", "value": "ada"}, {"type": "xmpp", "value": "Ada"}),
        ("entitlements", {"value": "plan"}, {"value": "Plan"}),
        ("roles", {"value": "editor"}, {"value": "Editor"}),
        ("addresses", {"type": "work", "locality": "Bonn"}, {"type": "work", "locality": "BONN"}),
    ],
)
def test_a_value_in_other_letters_is_the_same_one(
    op: Any, name: str, former: Document, given: Document
) -> None:
    sent = [given] if op is add else [former, given]

    assert patched(document(**{name: [former]}), op(name, sent)) == document(**{name: [given]})


@pytest.mark.parametrize(
    ("name", "former", "given"),
    [
        ("emails", {"type": "work", "value": "ada@x"}, {"type": "home", "value": "Ada@x"}),
        ("emails", {"value": "weiss@x"}, {"value": "weiß@x"}),
        ("x509Certificates", {"value": "QQ=="}, {"value": "qq=="}),
        ("photos", {"value": "https://x/a"}, {"value": "https://x/A"}),
    ],
)
def test_a_value_that_compares_as_another_stands_beside_it(
    name: str, former: Document, given: Document
) -> None:
    both = document(**{name: [former, given]})

    assert patched(document(**{name: [former]}), add(name, [given])) == both


def test_a_simple_value_in_other_letters_is_the_same_one() -> None:
    path = f"{CUSTOM}:Tags"

    assert patched(tagged("a", "b"), add(path, ["A", "c"]), of=CUSTOM_USER) == tagged("A", "b", "c")
