"""PATCH in the dialects of clients: without a path, managers, extensions (docs/reference/client-quirks.md)."""

from typing import Any

import pytest

from schema.scim import urns
from schema.scim.attributes import Document
from tests.builders import JO, add, patched, pathless, remove, replace
from tests.rules.documents import (
    BARE,
    BOSS,
    CUSTOM,
    CUSTOM_USER,
    ENTERPRISE,
    WORK,
    document,
    tagged,
    with_manager,
)


def test_keys_of_a_pathless_value_are_paths() -> None:
    value = {
        "displayName": "Bjfe",
        "name.givenName": "Kkom",
        f"{ENTERPRISE}:employeeNumber": "Aklq",
        f"{urns.USER}:title": "Boss",
        'emails[type eq "work"].value': "jo@work.example",
    }

    assert patched(BARE, pathless(value)) == document(
        displayName="Bjfe",
        name={"givenName": "Kkom"},
        title="Boss",
        emails=[WORK],
        **{ENTERPRISE: {"employeeNumber": "Aklq"}},
    )


def test_keys_of_a_pathless_value_leave_other_attributes_alone() -> None:
    assert patched(document(title="Boss"), pathless({"active": False})) == document(
        title="Boss", active=False
    )


def test_a_schema_as_a_key_merges_its_attributes() -> None:
    value = {ENTERPRISE.lower(): {"Department": "IT"}, urns.USER: {"title": "Boss"}}

    assert patched(with_manager({"value": BOSS}), pathless(value)) == {
        **with_manager({"value": BOSS}, department="IT"),
        "title": "Boss",
    }


def test_a_schema_as_a_path_merges_its_attributes() -> None:
    operation = add(ENTERPRISE, {"department": "IT"})

    assert patched(with_manager({"value": BOSS}), operation) == with_manager({"value": BOSS}, "IT")


def test_value_paths_as_keys_apply_in_their_order() -> None:
    types = [f"t{number}" for number in range(12)]
    value = {f'emails[type eq "{each}"].value': each for each in types}

    assert patched(BARE, pathless(value)) == document(
        emails=[{"type": each, "value": each} for each in types]
    )


def test_empty_values_clear_what_keys_name() -> None:
    former = {**with_manager({"value": BOSS}), "title": "Boss", "nickName": "J"}
    value = {"title": "", "nickName": None, f"{ENTERPRISE}:department": None, "manager": ""}

    assert patched(former, pathless(value)) == BARE


def test_a_pathless_value_may_be_json_text() -> None:
    assert patched(
        document(active=True), pathless('{"active": "False", "title": "Boss"}')
    ) == document(active=False, title="Boss")


def test_the_value_of_a_complex_attribute_may_be_json_text() -> None:
    assert patched(
        BARE, replace("emails", '[{"type":"work","value":"jo@work.example"}]')
    ) == document(emails=[WORK])


def test_the_json_text_in_a_role_stays_a_text() -> None:
    text = '{"id":"06b07648","value":"25","displayName":"Role1234"}'

    assert patched(BARE, add("roles", [{"value": text}])) == document(roles=[{"value": text}])


def test_attributes_that_nobody_knows_are_left_out() -> None:
    operations = [
        add("mailNickname", "x"),
        add("urn:example:Nope:2.0:User:X", "1"),
        pathless({"y": 1}),
    ]

    assert patched(BARE, *operations) == BARE


def test_a_password_is_left_out() -> None:
    assert patched(BARE, add("password", "secret"), pathless({"password": "x"})) == BARE


@pytest.mark.parametrize(
    "path", ["manager", f"{ENTERPRISE}:manager", f"{ENTERPRISE.upper()}:MANAGER"]
)
@pytest.mark.parametrize(
    "sent",
    [
        BOSS,
        {"value": BOSS},
        [{"value": BOSS}],
        [BOSS],
        {"value": {"value": BOSS}},
        f'{{"value":"{BOSS}"}}',
    ],
)
def test_a_manager_comes_in_many_shapes(path: str, sent: Any) -> None:
    assert patched(with_manager({"value": "old"}), add(path, sent)) == with_manager({"value": BOSS})


def test_a_manager_by_full_urn_key_without_a_path() -> None:
    assert patched(BARE, pathless({f"{ENTERPRISE}:manager": BOSS})) == document(
        **{ENTERPRISE: {"manager": {"value": BOSS}}}
    )


def test_the_reference_of_a_manager_is_kept_and_its_name_is_not() -> None:
    sent = [{"$ref": f"https://clm.example/Users/{BOSS}", "value": BOSS, "displayName": "Bo"}]

    assert patched(BARE, add("manager", sent)) == document(
        **{ENTERPRISE: {"manager": {"$ref": f"https://clm.example/Users/{BOSS}", "value": BOSS}}}
    )


@pytest.mark.parametrize(
    "operation",
    [
        replace(f"{ENTERPRISE}:manager", ""),
        replace(f"{ENTERPRISE}:manager", None),
        replace(f"{ENTERPRISE}:manager", {"value": ""}),
        replace(f"{ENTERPRISE}:manager", {"value": {"value": ""}}),
        replace(f"{ENTERPRISE}:manager.value", ""),
        remove(f"{ENTERPRISE}:manager"),
        pathless({f"{ENTERPRISE}:manager": ""}),
        pathless({ENTERPRISE: {"manager": None}}),
    ],
)
def test_a_manager_goes_in_many_ways(operation: Document) -> None:
    assert patched(with_manager({"value": BOSS}), operation) == document(
        **{ENTERPRISE: {"department": "Sales"}}
    )


def test_add_appends_to_simple_values_once() -> None:
    operation = add(f"{CUSTOM}:Tags", ["b", "c", "b"])

    assert patched(tagged("a", "b"), operation, of=CUSTOM_USER) == tagged("a", "b", "c")


@pytest.mark.parametrize("key", ["CustomAttribute", "customattribute"])
def test_a_custom_attribute_by_its_urn_in_any_case(key: str) -> None:
    operation = add(f"{CUSTOM.upper()}:{key}", "701984")

    assert patched(BARE, operation, of=CUSTOM_USER) == document(
        **{CUSTOM: {"CustomAttribute": "701984"}}
    )


def test_one_simple_value_stands_for_a_list_of_one() -> None:
    assert patched(BARE, add(f"{CUSTOM}:Tags", "a"), of=CUSTOM_USER) == tagged("a")


@pytest.mark.parametrize("sent", [["a"], "a"])
def test_remove_takes_listed_simple_values(sent: Any) -> None:
    operation = remove(f"{CUSTOM}:Tags", value=sent)

    assert patched(tagged("a", "b"), operation, of=CUSTOM_USER) == tagged("b")


def test_a_value_path_selects_simple_values() -> None:
    operation = remove(f'{CUSTOM}:Tags[value eq "a"]')

    assert patched(tagged("a", "b"), operation, of=CUSTOM_USER) == tagged("b")


def test_a_value_path_replaces_a_simple_value() -> None:
    operation = replace(f'{CUSTOM}:Tags[value eq "a"]', "c")

    assert patched(tagged("a", "b"), operation, of=CUSTOM_USER) == tagged("b", "c")


def test_zero_is_a_value() -> None:
    former = document(**{CUSTOM: {"Levels": [1, 2]}})

    assert patched(former, replace(f"{CUSTOM}:Levels[value eq 1]", 0), of=CUSTOM_USER) == document(
        **{CUSTOM: {"Levels": [2, 0]}}
    )


def test_elements_of_an_extension_without_a_value_are_dropped() -> None:
    former = document(**{CUSTOM: {"Badges": [{"type": "gold", "value": "7"}]}})

    operation = replace(f'{CUSTOM}:Badges[type eq "gold"].value', "")

    assert patched(former, operation, of=CUSTOM_USER) == BARE


def test_an_extension_as_a_key_holds_simple_values() -> None:
    operation = pathless({CUSTOM: {"Tags": ["c"], "CustomAttribute": "x"}})

    assert patched(tagged("a"), operation, of=CUSTOM_USER) == document(
        **{CUSTOM: {"Tags": ["c"], "CustomAttribute": "x"}}
    )


def test_the_id_of_the_resource_may_be_repeated() -> None:
    assert patched(BARE, pathless({"id": str(JO), "title": "Boss"})) == document(title="Boss")
