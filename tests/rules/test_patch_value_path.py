"""PATCH of the elements that a value path selects (RFC 7644 §3.5.2)."""

from typing import Any

import pytest

from schema.scim.errors import NoTarget
from tests.builders import add, patched, remove, replace
from tests.rules.documents import (
    BARE,
    HOME,
    WORK,
    document,
)


def test_a_value_path_changes_the_elements_it_selects_only() -> None:
    former = document(emails=[WORK, HOME])

    assert patched(former, replace('emails[type eq "work"].value', "new@work.example")) == document(
        emails=[{**WORK, "value": "new@work.example"}, HOME]
    )


def test_a_value_that_does_not_state_primary_is_not_the_primary_one() -> None:
    plain = {"type": "other", "value": "plain@example.com"}
    operation = replace('emails[primary eq "False"].value', "new@example.com")

    assert patched(document(emails=[plain]), operation) == document(
        emails=[{**plain, "value": "new@example.com"}]
    )


def test_a_value_path_of_one_that_is_not_primary_makes_it() -> None:
    operation = replace("emails[primary eq false].value", "new@example.com")

    assert patched(BARE, operation) == document(
        emails=[{"primary": False, "value": "new@example.com"}]
    )


@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_value_path_without_a_match_makes_the_element(op: str) -> None:
    operation = {"op": op, "path": 'phoneNumbers[type eq "work"].value', "value": "1"}

    assert patched(BARE, operation) == document(phoneNumbers=[{"type": "work", "value": "1"}])


def test_later_operations_merge_into_the_element_that_one_made() -> None:
    operations = [
        add('addresses[type eq "work"].streetAddress', "1 Way"),
        add('addresses[type eq "other"].formatted', "Bldg 4"),
        add('addresses[type eq "work"].locality', "Redmond"),
    ]

    assert patched(BARE, *operations) == document(
        addresses=[
            {"type": "work", "streetAddress": "1 Way", "locality": "Redmond"},
            {"type": "other", "formatted": "Bldg 4"},
        ]
    )


def test_an_element_is_made_of_all_equalities_of_the_filter() -> None:
    path = 'emails[type eq "work" and primary eq "True"].value'

    assert patched(BARE, add(path, "jo@work.example")) == document(
        emails=[{**WORK, "primary": True}]
    )


def test_a_made_primary_element_takes_later_operations() -> None:
    operations = [
        add('roles[primary eq "True"].display', "Admin"),
        add('roles[primary eq "True"].value', "admin"),
    ]

    assert patched(BARE, *operations) == document(
        roles=[{"primary": True, "display": "Admin", "value": "admin"}]
    )


@pytest.mark.parametrize(
    "chosen", ['type ne "work"', 'type sw "w"', "type pr", 'not (type eq "x")', "type eq null"]
)
def test_a_filter_that_describes_no_element_needs_a_match(chosen: str) -> None:
    with pytest.raises(NoTarget):
        patched(
            document(emails=[{"type": "x", "value": "a"}]),
            replace(f'emails[value eq "b" and {chosen}].value', "c"),
        )


def test_a_filter_that_describes_no_element_changes_its_matches() -> None:
    assert patched(
        document(emails=[WORK, HOME]), replace('emails[type sw "w"].display', "Jo")
    ) == document(emails=[{**WORK, "display": "Jo"}, HOME])


def test_an_object_replaces_the_element_of_a_value_path() -> None:
    former = document(emails=[{**WORK, "display": "Jo"}, HOME])

    assert patched(
        former, replace('emails[type eq "work"]', {"value": "new@work.example"})
    ) == document(emails=[{"type": "work", "value": "new@work.example"}, HOME])


def test_a_list_of_one_replaces_the_element_of_a_value_path() -> None:
    operation = replace('emails[type eq "work"]', [{"value": "new@work.example"}])

    assert patched(document(emails=[WORK, HOME]), operation) == document(
        emails=[{"type": "work", "value": "new@work.example"}, HOME]
    )


def test_an_object_is_added_to_the_element_of_a_value_path() -> None:
    former = document(emails=[{**WORK, "display": "Jo"}])

    assert patched(
        former, add('emails[type eq "work"]', {"value": "new@work.example"})
    ) == document(emails=[{"type": "work", "value": "new@work.example", "display": "Jo"}])


def test_an_element_made_of_another_type_than_the_filter_is_made_once() -> None:
    operation = replace('emails[type eq "work"]', HOME)

    assert patched(BARE, operation, operation) == document(emails=[HOME])


def test_a_sub_attribute_without_a_filter_changes_all_elements() -> None:
    assert patched(document(emails=[WORK, HOME]), replace("emails.display", "Jo")) == document(
        emails=[{**WORK, "display": "Jo"}, {**HOME, "display": "Jo"}]
    )


def test_remove_of_a_value_path_takes_its_elements() -> None:
    assert patched(document(emails=[WORK, HOME]), remove('emails[type eq "work"]')) == document(
        emails=[HOME]
    )


def test_remove_of_a_value_path_without_a_match_changes_nothing() -> None:
    assert patched(document(emails=[HOME]), remove('emails[type eq "work"]')) == document(
        emails=[HOME]
    )


def test_remove_of_a_sub_attribute_keeps_the_rest_of_the_element() -> None:
    former = document(emails=[{**WORK, "display": "Jo"}])

    assert patched(former, remove('emails[type eq "work"].display')) == document(emails=[WORK])


@pytest.mark.parametrize("value", ["", None])
def test_an_element_without_a_value_is_dropped(value: Any) -> None:
    former = document(emails=[{**WORK, "primary": True}, HOME])

    assert patched(former, replace('emails[type eq "work"].value', value)) == document(
        emails=[HOME]
    )


def test_the_last_element_takes_the_attribute_with_it() -> None:
    assert patched(document(emails=[WORK]), replace('emails[type eq "work"].value', "")) == BARE


def test_an_element_that_is_begun_by_its_kind_is_found_by_the_next_request() -> None:
    begun = patched(BARE, add('emails[type eq "work"].primary', "True"))

    assert begun == document(emails=[{"type": "work", "primary": True}])
    assert patched(begun, add('emails[type eq "work"].value', "jo@work.example")) == document(
        emails=[{**WORK, "primary": True}]
    )
    assert patched(begun, add("title", "Boss")) == {**begun, "title": "Boss"}


def test_an_element_of_two_kinds_is_begun_by_them() -> None:
    begun = patched(BARE, add('roles[primary eq "True"].type', "T"))

    assert begun == document(roles=[{"primary": True, "type": "T"}])


def test_an_element_that_loses_all_but_its_kind_is_dropped() -> None:
    former = document(emails=[{**WORK, "primary": True}])

    assert patched(former, replace('emails[type eq "work"].value', "")) == BARE


@pytest.mark.parametrize("op", ["add", "Replace"])
@pytest.mark.parametrize(
    ("sent", "is_primary"), [({"primary": "True"}, True), ({"primary": False}, False)]
)
def test_an_object_of_a_kind_only_changes_the_kind_and_nothing_else(
    op: str, sent: dict[str, Any], *, is_primary: bool
) -> None:
    operation = {"op": op, "path": 'emails[type eq "work"]', "value": sent}

    assert patched(document(emails=[WORK, HOME]), operation) == document(
        emails=[{**WORK, "primary": is_primary}, HOME]
    )


def test_an_object_of_a_kind_only_makes_the_element_that_its_path_describes() -> None:
    operation = add('emails[value eq "q@example.com"]', {"type": "home"})

    assert patched(BARE, operation) == document(emails=[{"value": "q@example.com", "type": "home"}])


@pytest.mark.parametrize(
    "listed", [{"value": "JO@work.example"}, {"type": "WORK"}, {"type": "work", "primary": None}]
)
def test_what_is_listed_to_be_removed_is_compared_as_its_attributes_compare(
    listed: dict[str, Any],
) -> None:
    operation = remove("emails", value=[listed])

    assert patched(document(emails=[WORK, HOME]), operation) == document(emails=[HOME])
