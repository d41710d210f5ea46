"""The operations of a PATCH request, read from both dialects into one shape (RFC 7644 §3.5.2)."""

from typing import Any

import pytest

from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.definitions import GROUP, USER
from schema.scim.errors import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    ScimError,
)
from schema.scim.patch.operations import OPERATIONS_MAX, Kind, Patch, read_patch
from tests.builders import JO, NOBODY, add, pathless, remove, replace


def read(*operations: Any) -> Patch:
    """Return the operations of a PATCH of Jo."""
    return read_patch({"Operations": list(operations)}, USER, str(JO))


def shape(patch: Patch) -> list[tuple[Kind, str, Any]]:
    """Return the kind, the path and the value of each operation."""
    return [(each.kind, str(each.path), each.value) for each in patch.operations]


@pytest.mark.parametrize("op", ["Add", "add", "ADD"])
def test_op_is_read_in_any_case(op: str) -> None:
    patch = read({"op": op, "path": "title", "value": "Boss"})

    assert shape(patch) == [(Kind.ADD, "title", "Boss")]


@pytest.mark.parametrize("op", ["Upsert", "", None, 1, [], {}])
def test_an_unknown_op_is_refused(op: Any) -> None:
    with pytest.raises(InvalidSyntax, match="op must be add, replace or remove"):
        read({"op": op, "path": "title", "value": "Boss"})


def test_names_of_the_message_are_read_in_any_case() -> None:
    patch = read_patch({"operations": [{"OP": "add", "Path": "title", "VALUE": "Boss"}]}, USER, "")

    assert shape(patch) == [(Kind.ADD, "title", "Boss")]


def test_no_operations_are_no_operations() -> None:
    assert read() == Patch(())


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"Operations": None}, {"Operations": {}}, {"Operations": ["x"]}]
)
def test_what_is_no_patch_message_is_refused(body: Any) -> None:
    with pytest.raises(InvalidSyntax):
        read_patch(body, USER, str(JO))


def test_as_many_operations_as_the_limit_are_read() -> None:
    assert len(read(*[add("title", "x")] * OPERATIONS_MAX).operations) == OPERATIONS_MAX


def test_more_operations_than_the_limit_are_refused() -> None:
    with pytest.raises(InvalidSyntax, match="send several requests"):
        read(*[add("title", "x")] * (OPERATIONS_MAX + 1))


def test_a_pathless_value_is_an_operation_per_key_in_order() -> None:
    patch = read(pathless({"title": "Boss", "name.givenName": "Jo", "manager": "x"}, op="Add"))

    assert shape(patch) == [
        (Kind.ADD, "title", "Boss"),
        (Kind.ADD, "name.givenName", "Jo"),
        (Kind.ADD, f"{urns.ENTERPRISE_USER}:manager", {"value": "x"}),
    ]


def test_an_empty_path_is_no_path() -> None:
    assert shape(read({**pathless({"title": "Boss"}), "path": ""})) == [
        (Kind.REPLACE, "title", "Boss")
    ]


@pytest.mark.parametrize("value", [None, 1, True, [], ["title"]])
def test_a_pathless_value_that_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="needs an object of attributes"):
        read(pathless(value))


@pytest.mark.parametrize("text", ["", "no JSON", '{"title":'])
def test_a_pathless_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="holds no JSON"):
        read(pathless(text))


def test_json_text_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidValue, match="needs an object of attributes"):
        read(pathless('["title"]'))


def test_remove_needs_a_path() -> None:
    with pytest.raises(NoTarget):
        read({"op": "remove", "value": {"title": "Boss"}})


@pytest.mark.parametrize("path", [7, ["title"], {"title": 1}, True])
def test_a_path_that_is_no_text_is_refused(path: Any) -> None:
    with pytest.raises(InvalidSyntax, match="path must be a string"):
        read({"op": "add", "path": path, "value": "x"})


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ('emails[type eq "work"', InvalidPath),
        ('emails[type eq "work"]value', InvalidPath),
        ("display name", InvalidPath),
        ('title[value eq "x"]', InvalidPath),
        ("emails[type eq]", InvalidFilter),
        ('emails[nothing eq "x"]', InvalidFilter),
    ],
)
def test_a_malformed_path_is_refused(path: str, error: type[ScimError]) -> None:
    with pytest.raises(error):
        read(replace(path, "x"))


def test_what_nobody_knows_is_ignored_and_reported() -> None:
    patch = read(
        add("mailNickname", "x"),
        pathless({"favouriteColour": "x", "urn:example:Nope:2.0:User:X": 1, "title": "Boss"}),
    )

    assert patch.ignored == ("mailNickname", "favouriteColour", "urn:example:Nope:2.0:User:X")
    assert shape(patch) == [(Kind.REPLACE, "title", "Boss")]


@pytest.mark.parametrize(
    ("operation", "ignored"),
    [
        (add("emails", [{"value": "a", "verified": 1}, {"value": "b", "Verified": 2}]), 2),
        (replace("emails", {"value": "a", "verified": 1}), 1),
        (replace('emails[type eq "work"]', {"value": "a", "verified": 1}), 1),
        (pathless({'emails[type eq "work"]': {"value": "a", "verified": 1}}), 1),
        (pathless({"emails": [{"value": "a", "verified": 1}]}, op="add"), 1),
        (add("name", {"givenName": "a", "verified": 1}), 1),
        (pathless({"manager": {"value": "a", "verified": 1}}), 1),
        (add(urns.ENTERPRISE_USER, {"manager": [{"value": "a", "verified": 1}]}), 1),
        (replace("roles", '[{"value":"a","verified":1}]'), 1),
    ],
)
def test_sub_attributes_that_nobody_knows_are_reported_once(
    operation: Document, ignored: int
) -> None:
    names = read(operation).ignored

    assert len(names) == ignored
    assert all(each.lower().endswith(".verified") for each in names)


@pytest.mark.parametrize(
    "path", ["id", "meta", "meta.version", "groups", 'groups[value eq "x"]', "manager.displayName"]
)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_what_the_service_sets_cannot_be_changed(op: str, path: str) -> None:
    with pytest.raises(Mutability):
        read({"op": op, "path": path, "value": "x"})


@pytest.mark.parametrize("key", ["id", "manager.displayName"])
def test_what_the_service_sets_cannot_be_changed_by_a_key(key: str) -> None:
    with pytest.raises(Mutability):
        read(pathless({key: str(NOBODY)}))


@pytest.mark.parametrize("operation", [pathless({"id": str(JO)}), replace("id", str(JO))])
def test_the_id_of_the_resource_may_be_repeated(operation: Document) -> None:
    assert read(operation) == Patch(())


def test_what_get_returned_may_be_repeated_without_a_path() -> None:
    repeated = {
        "schemas": [urns.USER],
        "id": str(JO),
        "meta": {"version": 'W/"1"'},
        "meta.created": "2026-01-31T09:30:00Z",
        "groups": [{"value": "x"}],
        "title": "Boss",
    }

    assert shape(read(pathless(repeated))) == [(Kind.REPLACE, "title", "Boss")]


def test_schemas_are_derived_and_not_set() -> None:
    assert read(replace("schemas", [urns.USER])).operations == ()


@pytest.mark.parametrize("path", ["password", "PASSWORD"])
def test_a_password_is_accepted_and_not_taken(path: str) -> None:
    assert read(replace(path, "secret"), pathless({path: "secret"})) == Patch(())


@pytest.mark.parametrize("path", ["members.value", 'members[value eq "x"].value', "members.type"])
def test_a_member_cannot_become_another(path: str) -> None:
    with pytest.raises(Mutability, match="replace the whole value"):
        read_patch({"Operations": [replace(path, "y")]}, GROUP, "")


@pytest.mark.parametrize("path", ["members.display", 'members[value eq "x"].display'])
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_what_the_service_shows_of_a_member_cannot_be_changed(op: str, path: str) -> None:
    with pytest.raises(Mutability, match=r"members\.display is set by the service") as refusal:
        read_patch({"Operations": [{"op": op, "path": path, "value": "y"}]}, GROUP, "")
    assert "replace" not in refusal.value.detail


def test_a_member_cannot_become_another_by_a_key() -> None:
    with pytest.raises(Mutability, match="replace the whole value"):
        read_patch({"Operations": [pathless({"members.value": "y"})]}, GROUP, "")


@pytest.mark.parametrize("urn", [urns.ENTERPRISE_USER, urns.ENTERPRISE_USER.upper()])
def test_the_urn_of_a_schema_as_a_path_holds_attributes(urn: str) -> None:
    assert shape(read(add(urn, {"Department": "IT"}))) == [
        (Kind.ADD, f"{urns.ENTERPRISE_USER}:department", "IT")
    ]


@pytest.mark.parametrize("operation", [remove(urns.USER), replace(urns.USER, None)])
def test_the_core_schema_cannot_be_removed(operation: Document) -> None:
    with pytest.raises(Mutability, match="core schema cannot be removed"):
        read(operation)


@pytest.mark.parametrize(
    "operation", [add(urns.USER, "x"), pathless({urns.ENTERPRISE_USER: ["x"]})]
)
def test_a_schema_holds_an_object(operation: Document) -> None:
    with pytest.raises(InvalidValue, match="object of attributes"):
        read(operation)


@pytest.mark.parametrize(
    "name",
    ["roleId", f"{urns.USER}:roleId", f"{urns.USER.upper()}:ROLEID", f"{urns.CLM_USER}:roleId"],
)
def test_a_role_id_has_several_names(name: str) -> None:
    patch = read(replace(name, "7"), pathless({name: "7"}))

    assert shape(patch) == [(Kind.REPLACE, "roleId", "7")] * 2


def test_json_text_for_a_complex_attribute_is_read() -> None:
    assert shape(read(replace("name", '{"givenName":"Jo"}'))) == [
        (Kind.REPLACE, "name", {"givenName": "Jo"})
    ]


def test_json_text_for_a_simple_attribute_is_a_text() -> None:
    assert shape(read(replace("title", '{"a":1}'))) == [(Kind.REPLACE, "title", '{"a":1}')]
