"""Which role a request assigns by roleId, under each of its names (docs/reference/client-quirks.md)."""

from typing import Any
from uuid import UUID

import pytest

from schema.events.user import RoleAssigned
from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.errors import InvalidValue
from service.write.commands import Command
from service.write.decide.role import role_by_id
from tests.builders import (
    ADMINISTRATOR,
    EDITOR,
    NOBODY,
    READER,
    ROLES,
    Story,
    add,
    given,
    jo,
    organization,
    patch_user,
    pathless,
    post_user,
    provisioned,
    put_user,
    remove,
    replace,
)

FLAT = f"{urns.USER}:roleId"
ROLE_IDS = [
    {"roleId": str(EDITOR)},
    {"ROLEID": str(EDITOR).upper()},
    {FLAT: str(EDITOR)},
    {FLAT.upper(): str(EDITOR)},
    {urns.USER: {"roleId": str(EDITOR)}},
    {urns.CLM_USER: {"roleId": str(EDITOR)}},
    {f"{urns.CLM_USER}:roleId": str(EDITOR)},
]


def with_role(role: UUID, **attributes: Any) -> Story:
    """Return the story of a user who has a role."""
    return given(jo(provisioned(role=role, **attributes)))


def assigned(role: UUID, previous: UUID = READER) -> RoleAssigned:
    """Return the event that gives a user another role."""
    return RoleAssigned(role_id=role, previous_role_id=previous)


@pytest.mark.parametrize("sent", ROLE_IDS)
def test_a_role_id_may_come_with_the_user(sent: Document) -> None:
    given().when(post_user(**sent)).then(jo(provisioned(role=EDITOR)))


@pytest.mark.parametrize("sent", ROLE_IDS)
def test_a_role_id_may_come_with_the_whole_user(sent: Document) -> None:
    with_role(READER).when(put_user(**sent)).then(jo(assigned(EDITOR)))


@pytest.mark.parametrize("sent", ROLE_IDS)
@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_role_id_may_come_without_a_path(op: str, sent: Document) -> None:
    with_role(READER).when(patch_user(pathless(sent, op))).then(jo(assigned(EDITOR)))


@pytest.mark.parametrize("path", ["roleId", FLAT, FLAT.upper(), f"{urns.CLM_USER}:roleId"])
@pytest.mark.parametrize("op", ["Add", "replace"])
def test_a_role_id_may_come_with_a_path(op: str, path: str) -> None:
    operation = {"op": op, "path": path, "value": str(EDITOR)}

    with_role(READER).when(patch_user(operation)).then(jo(assigned(EDITOR)))


@pytest.mark.parametrize("path", [urns.USER, urns.CLM_USER])
def test_a_role_id_may_come_with_the_path_of_its_schema(path: str) -> None:
    operation = add(path, {"roleId": str(EDITOR)})

    with_role(READER).when(patch_user(operation)).then(jo(assigned(EDITOR)))


@pytest.mark.parametrize("sent", [{}, {"roleId": None}, {"roleId": ""}])
def test_a_user_without_a_role_id_is_a_reader(sent: Document) -> None:
    given().when(post_user(**sent)).then(jo(provisioned(role=READER)))


@pytest.mark.parametrize("command", [put_user(), put_user(roleId=""), patch_user()])
def test_a_role_stays_where_nothing_says_otherwise(command: Command) -> None:
    with_role(EDITOR).when(command).then()


@pytest.mark.parametrize(
    "command",
    [
        put_user(roleId=str(EDITOR)),
        patch_user(add(FLAT, str(EDITOR))),
        patch_user(add("roles", [])),
    ],
)
def test_a_role_that_the_user_has_is_no_event(command: Command) -> None:
    with_role(EDITOR).when(command).then()


@pytest.mark.parametrize(
    "operation",
    [
        remove("roleId"),
        remove(FLAT),
        replace("roleId", ""),
        pathless({FLAT: None}),
        remove(urns.CLM_USER),
    ],
)
def test_a_user_whose_role_is_removed_is_a_reader(operation: Document) -> None:
    with_role(EDITOR).when(patch_user(operation)).then(jo(assigned(READER, previous=EDITOR)))


def test_removing_the_role_of_a_reader_is_no_event() -> None:
    with_role(READER).when(patch_user(remove("roleId"))).then()


@pytest.mark.parametrize("text", [str(NOBODY), "Editor", "7", f" {EDITOR}"])
@pytest.mark.parametrize("write", [post_user, put_user])
def test_an_unknown_role_id_is_refused(write: Any, text: str) -> None:
    story = given() if write is post_user else with_role(READER)

    with pytest.raises(InvalidValue, match=r"roleId .* is none of .*; list them with GET /Roles"):
        story.when(write(roleId=text))


@pytest.mark.parametrize(
    "operations",
    [
        [replace("title", "Boss"), add(FLAT, str(NOBODY))],
        [pathless({"title": "Boss", FLAT: str(NOBODY)})],
    ],
)
def test_with_an_unknown_role_id_nothing_changes(operations: list[Document]) -> None:
    story = with_role(READER)

    with pytest.raises(InvalidValue, match="roleId"):
        story.when(patch_user(*operations))
    assert story.user() == with_role(READER).user()


def test_a_role_id_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidValue, match="roleId must be a string, not a number"):
        post_user(roleId=7.5)


def test_the_last_role_id_of_a_request_counts() -> None:
    operations = [add("roleId", str(ADMINISTRATOR)), add(FLAT, str(EDITOR))]

    with_role(READER).when(patch_user(*operations)).then(jo(assigned(EDITOR)))


def test_a_refusal_quotes_a_part_of_a_long_role_id() -> None:
    with pytest.raises(InvalidValue) as refusal:
        role_by_id("x" * 5_000, organization())

    assert len(refusal.value.detail) < 200


def test_every_role_is_found_by_its_id() -> None:
    assert [role_by_id(str(each), organization()) for each in ROLES.values()] == [*ROLES.values()]
