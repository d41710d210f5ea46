"""A write never deletes anything because a part of it was not understood: PATCH and PUT of users."""

from typing import Any

import pytest

from schema.scim.attributes import Document
from schema.scim.errors import InvalidValue, ScimError
from schema.scim.resource import read_document
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

SPOKEN = ["emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates"]
FULL = {
    **with_manager({"value": BOSS}),
    "title": "Boss",
    "name": {"givenName": "Jo", "familyName": "Doe"},
    "addresses": [{"type": "work", "locality": "Ulm"}],
    CUSTOM: {"Tags": ["a", "b"], "CustomAttribute": "x", "Badges": [{"value": "1", "type": "t"}]},
    **{name: [{"type": "work", "value": "a"}, {"type": "home", "value": "b"}] for name in SPOKEN},
}
MANY = [*SPOKEN, "addresses", f"{CUSTOM}:Tags", f"{CUSTOM}:Badges"]
NOTHING: list[Any] = [[None], [{}], [{"value": ""}], [{"value": None}], [""], [None, {}, ""], {}]


def after(*operations: Document) -> Document:
    """Return the document FULL after operations."""
    return patched(FULL, *operations, of=CUSTOM_USER)


def refused(*operations: Document) -> str:
    """Return the refusal's detail for operations."""
    with pytest.raises(InvalidValue) as refusal:
        after(*operations)
    return refusal.value.detail


@pytest.mark.parametrize("path", MANY)
@pytest.mark.parametrize("op", ["add", "replace", "Remove"])
@pytest.mark.parametrize("sent", NOTHING)
def test_a_list_of_nothing_is_no_empty_list(op: str, path: str, sent: Any) -> None:
    assert path in refused({"op": op, "path": path, "value": sent})


@pytest.mark.parametrize("path", MANY)
@pytest.mark.parametrize(
    "sent", [[{"address": "x"}], {"Id": "x"}, [{"value": "q", "region": "q"}, {"id": "x"}]]
)
def test_a_value_under_unknown_names_is_refused_by_name(path: str, sent: Any) -> None:
    unknown = "Id" if isinstance(sent, dict) else next(iter(sent[-1]))
    for operation in (add(path, sent), replace(path, sent), pathless({path: sent})):
        assert f"{path}.{unknown}" in refused(operation)


def test_a_kind_does_not_make_an_unknown_name_understood() -> None:
    sent = [{"type": "work", "primary": "True", "address": "new@contoso.com"}]

    assert "emails.address" in refused(replace("emails", sent))


def test_a_kind_alone_is_no_value() -> None:
    assert "holds no value" in refused(replace("emails", [{"type": "work"}]))


@pytest.mark.parametrize("sent", [{"address": "x"}, [{"address": "x"}], {}, [{}]])
@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_value_path_is_not_emptied_by_what_is_unknown(op: str, sent: Any) -> None:
    path = 'emails[type eq "work"]'
    refused({"op": op, "path": path, "value": sent}, add("title", "x"))
    refused(pathless({path: sent}, op=op))


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("unknown", ["address", "id", "values"])
def test_a_remove_knows_every_name_in_its_list(name: str, unknown: str) -> None:
    assert f"{name}.{unknown}" in refused(remove(name, value=[{"type": "work", unknown: "a@x"}]))


@pytest.mark.parametrize("path", ["title", "active", "name.givenName", f"{CUSTOM}:CustomAttribute"])
@pytest.mark.parametrize("sent", [{"id": "x"}, [{"id": "x"}], {}, [{}]])
def test_an_object_does_not_clear_a_simple_value(path: str, sent: Any) -> None:
    for operation in (add(path, sent), replace(path, sent), pathless({path: sent})):
        refused(operation)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("manager", {"id": BOSS}),
        ("manager", [{"displayName": "Grace"}]),
        ("title", {"text": "Boss"}),
        ("name.givenName", [{"text": "Jo"}]),
        ("name", {"first": "Jo"}),
        ("name", {}),
        ("manager", [{}]),
    ],
)
def test_a_remove_of_a_single_value_knows_every_name_too(path: str, sent: Any) -> None:
    assert path in refused(remove(path, value=sent))


@pytest.mark.parametrize("sent", ["Boss", None, {"value": "Boss"}, [{"$ref": None, "value": "x"}]])
def test_a_single_value_is_removed_whatever_it_is(sent: Any) -> None:
    assert "title" not in after(remove("title", value=sent))


def test_each_value_of_a_remove_is_judged_alone() -> None:
    listed = [{"value": "a"}, {"value": "b", "id": "7"}]

    assert "emails.id" in refused(remove("emails", value=listed))


def test_a_remove_of_an_empty_value_does_not_take_all_of_its_kind() -> None:
    refused(remove("emails", value=[{"type": "work", "value": ""}]))


def test_the_reference_that_entra_sends_with_every_value_says_nothing() -> None:
    listed = [{"$ref": None, "value": "a"}]

    assert after(remove("emails", value=listed))["emails"] == [{"type": "home", "value": "b"}]
    assert after(remove(f"{CUSTOM}:Tags", value=listed))[CUSTOM]["Tags"] == ["b"]


@pytest.mark.parametrize("path", ["manager", f"{ENTERPRISE}:manager"])
@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"displayName": "Grace"}, "manager.displayName"),
        ([{"displayName": "Grace"}], "manager.displayName"),
        ({"id": BOSS}, "manager.id"),
        ({"$ref": None, "displayName": "Grace"}, "manager.displayName"),
        ({"value": {"id": BOSS}}, "manager.id"),
        ('{"displayName":"Grace"}', "manager.displayName"),
        ({"$ref": f"/Users/{BOSS}"}, "manager needs a value"),
        ({}, "manager"),
    ],
)
@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_manager_without_an_id_removes_none(op: str, path: str, sent: Any, named: str) -> None:
    assert named in refused({"op": op, "path": path, "value": sent})
    assert named in refused(pathless({path: sent}, op=op))


def test_a_name_of_unknown_parts_is_refused() -> None:
    for operation in (add("name", {"first": "A"}), pathless({"name": {"first": "A"}})):
        assert "name.first" in refused(operation)


def test_a_name_takes_what_is_known() -> None:
    assert after(replace("name", {"first": "A", "givenName": "B"}))["name"] == {
        "givenName": "B",
        "familyName": "Doe",
    }


@pytest.mark.parametrize("path", ["title", "name", "name.givenName", "manager", *MANY, ENTERPRISE])
@pytest.mark.parametrize("op", ["add", "Replace"])
def test_add_and_replace_need_a_value(op: str, path: str) -> None:
    assert "needs a value" in refused({"op": op, "path": path})
    assert "needs a value" in refused({"op": op, "path": 'emails[type eq "work"]'})
    assert "needs a value" in refused({"op": op, "path": 'emails[type eq "work"].value'})
    assert "needs a value" in refused({"op": op})


@pytest.mark.parametrize("path", ["title", "name", "name.givenName", "manager", *MANY])
@pytest.mark.parametrize("value", ["", None, []])
def test_replace_with_an_empty_value_clears(path: str, value: Any) -> None:
    found = CUSTOM_USER.find(path)
    assert found
    cleared = after(replace(path, value))
    assert cleared == after({"op": "remove", "path": path})
    assert cleared != FULL


@pytest.mark.parametrize("path", ["title", "name", "name.givenName", "manager"])
@pytest.mark.parametrize("value", ["", None])
def test_add_of_an_empty_value_clears_a_single_value(path: str, value: Any) -> None:
    assert after(add(path, value)) == after(replace(path, value))


@pytest.mark.parametrize("path", [*MANY, 'emails[type eq "work"]', f'{CUSTOM}:Tags[value eq "a"]'])
@pytest.mark.parametrize("value", ["", None, []])
def test_add_of_an_empty_value_adds_nothing_to_many(path: str, value: Any) -> None:
    assert after(add(path, value)) == FULL


@pytest.mark.parametrize("path", ["title", "name", "manager", *MANY])
def test_remove_with_an_empty_list_takes_nothing(path: str) -> None:
    assert after(remove(path, value=[])) == FULL


@pytest.mark.parametrize("value", ["", None, [], {"value": ""}])
def test_replace_with_an_empty_value_clears_what_a_value_path_selects(value: Any) -> None:
    assert after(replace('emails[type eq "work"]', value))["emails"] == [
        {"type": "home", "value": "b"}
    ]
    assert after(replace(f'{CUSTOM}:Tags[value eq "a"]', value))[CUSTOM]["Tags"] == ["b"]


def test_a_list_beside_a_value_path_narrows_it() -> None:
    operation = remove("emails[type pr]", value=[{"value": "a"}])

    assert after(operation)["emails"] == [{"type": "home", "value": "b"}]


def test_a_part_of_a_name_is_removed_alone() -> None:
    assert after(remove("name", value={"GivenName": "Jo"}))["name"] == {"familyName": "Doe"}
    assert "name.first" in refused(remove("name", value={"first": "Jo"}))


def test_a_list_of_attributes_of_a_schema_is_removed_alone() -> None:
    operation = remove(ENTERPRISE, value={"department": "Sales"})

    assert after(operation)[ENTERPRISE] == {"manager": {"value": BOSS}}
    assert "Nope" in refused(remove(ENTERPRISE, value={"Nope": 1}))
    assert after(remove(ENTERPRISE, value=[])) == FULL


FORMS: list[Any] = ["d", ["d"], {"value": "d"}, [{"value": "d"}], [{"$ref": None, "VALUE": "d"}]]


@pytest.mark.parametrize("sent", FORMS)
def test_a_simple_value_comes_as_itself_or_in_an_object(sent: Any) -> None:
    path = f"{CUSTOM}:Tags"
    former = tagged("b", "d")
    for operation, expected in (
        (add(path, sent), tagged("b", "d")),
        (replace(path, sent), tagged("d")),
        (pathless({CUSTOM: {"Tags": sent}}), tagged("d")),
        (remove(path, value=sent), tagged("b")),
        (replace(f'{path}[value eq "b"]', sent), tagged("d")),
        (replace(f'{path}[value eq "b"].value', sent), tagged("d")),
        (add(f'{path}[value eq "e"]', sent), tagged("b", "d")),
        (remove(f"{path}[value pr]", value=sent), tagged("b")),
        (remove(f'{path}[value eq "d"].value'), tagged("b")),
    ):
        assert patched(former, operation, of=CUSTOM_USER) == expected


def test_numbers_come_in_objects_too() -> None:
    former = document(**{CUSTOM: {"Levels": [1, 2]}})
    path = f"{CUSTOM}:Levels"

    for operation in (remove(path, value=[{"value": "1"}]), replace(path, [{"value": 2}])):
        assert patched(former, operation, of=CUSTOM_USER) == document(**{CUSTOM: {"Levels": [2]}})


def test_a_value_in_other_letters_is_the_same_where_its_attribute_says_so() -> None:
    sent = [{"type": "Work", "value": "JO@work.example"}]

    assert patched(document(emails=[WORK, HOME]), add("emails", sent)) == document(
        emails=[*sent, HOME]
    )
    photos = [{"type": "photo", "value": "https://example.com/a"}]
    other = {"type": "photo", "value": "https://example.com/A"}
    assert patched(document(photos=photos), add("photos", [other])) == document(
        photos=[*photos, other]
    )


def put(**body: Any) -> Document:
    """Return a document as a PUT reads it."""
    return read_document({**BARE, **body}, CUSTOM_USER, is_put=True).document


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"emails": [{"address": "x"}]}, "emails.address"),
        ({"emails": [WORK, {"type": "home", "address": "x"}]}, "emails.address"),
        ({"addresses": {"town": "Ulm"}}, "addresses.town"),
        ({"roles": [{"id": "x"}]}, "roles.id"),
        ({"name": {"first": "A"}}, "name.first"),
        ({"manager": {"displayName": "Grace"}}, "manager.displayName"),
        ({ENTERPRISE: {"manager": [{"id": BOSS}]}}, "manager.id"),
        ({CUSTOM: {"Tags": [{"id": "x"}]}}, "Tags.id"),
        ({f"{CUSTOM}:Badges": [{"id": "x"}]}, "Badges.id"),
        ({"emails": [{}]}, "emails"),
        ({"emails": [None, {"value": ""}]}, "emails"),
        ({CUSTOM: {"Tags": [""]}}, "Tags"),
    ],
)
def test_a_put_of_what_is_not_understood_is_refused(body: Document, named: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        put(**body)
    assert named in refusal.value.detail


@pytest.mark.parametrize(
    "absent",
    [
        {"emails": []},
        {"emails": [{"type": "work", "value": None}]},
        {"emails": [{"type": "work", "primary": True}]},
        {"name": {}},
        {"name": {"givenName": "", "first": None}},
        {"manager": {"value": "", "displayName": ""}},
        {"manager": {}},
        {"manager": ""},
        {CUSTOM: {"Tags": []}},
        {ENTERPRISE: {"nope": 1}},
        {"nope": [{"address": "x"}]},
    ],
)
def test_what_is_empty_in_a_put_is_absent(absent: Document) -> None:
    assert put(**absent) == BARE


def test_a_post_goes_on_ignoring_what_is_unknown() -> None:
    sent = {**BARE, "emails": [{"address": "x"}], "manager": {"id": BOSS}, "name": {"first": "A"}}
    reading = read_document(sent, CUSTOM_USER)

    assert reading.document == BARE
    assert reading.ignored == ["emails.address", f"{ENTERPRISE}:manager.id", "name.first"]


def test_the_display_name_of_a_role_is_understood() -> None:
    sent = [{"displayName": "Editor", "value": "7"}]

    assert after(replace("roles", sent))["roles"] == sent
    assert put(roles=sent) == document(roles=sent)
    assert "roles" not in patched(document(roles=sent), remove("roles", value=sent))


@pytest.mark.parametrize(
    "operation", [replace("emails", [{"address": "x"}]), {"op": "add", "path": "title"}]
)
def test_a_later_refusal_undoes_what_came_before(operation: Document) -> None:
    with pytest.raises(ScimError):
        after(replace("title", "Clerk"), operation)
