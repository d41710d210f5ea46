"""Which role a request assigns by `roles`, also if its roleId differs: Entra's app roles (docs/reference/client-quirks.md)."""

from itertools import combinations
from typing import Any
from uuid import UUID

import orjson
import pytest

from schema.events.user import RoleAssigned, UserChanged
from schema.scim import urns
from schema.scim.attributes import Document, read_schema
from schema.scim.definitions import USER
from schema.scim.errors import InvalidValue
from schema.scim.patch.operations import read_patch
from service.write.commands import Command, CreateUser, PatchUser
from service.write.decide.role import named_roles
from tests.builders import (
    ADMINISTRATOR,
    CONTRIBUTOR,
    EDITOR,
    JO,
    NOBODY,
    READER,
    VALIDATOR,
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

ENTRA_TYPE = "WindowsAzureActiveDirectoryRole"
FLAT = f"{urns.USER}:roleId"


def entra_text(**stated: str) -> str:
    """Return a value of `roles` as Entra sends it in an update: JSON in a text."""
    return orjson.dumps({"id": str(NOBODY), **stated}).decode()


NAMING_EDITOR = [
    str(EDITOR),
    str(EDITOR).upper(),
    "Editor",
    "EDITOR",
    entra_text(value="Editor"),
    entra_text(value="25", displayName="editor"),
    entra_text(id=str(EDITOR)),
    entra_text(value=str(EDITOR), displayName="Somebody"),
]
NAMING_NOBODY = ["Admin", "", str(NOBODY), entra_text(value="25"), "{", '{"value":7}', '["Editor"]']


def with_role(role: UUID, **attributes: Any) -> Story:
    """Return the story of a user who has a role."""
    return given(jo(provisioned(role=role, **attributes)))


def assigned(
    role: UUID, previous: UUID = READER, conflict: tuple[UUID, ...] | None = None
) -> RoleAssigned:
    """Return the event that gives a user another role."""
    return RoleAssigned(role_id=role, previous_role_id=previous, conflicting_role_ids=conflict)


@pytest.mark.parametrize("value", NAMING_EDITOR)
def test_a_value_of_roles_may_name_a_role(value: str) -> None:
    assert named_roles([{"value": value}], organization()) == {EDITOR}


@pytest.mark.parametrize("value", NAMING_NOBODY)
def test_other_values_of_roles_name_none(value: str) -> None:
    assert named_roles([{"value": value}, {"display": "Editor"}], organization()) == set()


@pytest.mark.parametrize("value", NAMING_EDITOR)
def test_roles_are_stored_as_sent_and_assign_a_role(value: str) -> None:
    roles = [{"primary": True, "type": ENTRA_TYPE, "value": value}]

    given().when(post_user(roles=roles)).then(jo(provisioned(role=EDITOR, roles=roles)))


@pytest.mark.parametrize("value", NAMING_NOBODY[3:])
def test_roles_that_name_none_are_stored_as_sent(value: str) -> None:
    roles = [{"type": ENTRA_TYPE, "displayName": "Admin", "value": value}]

    given().when(post_user(roles=roles)).then(jo(provisioned(role=READER, roles=roles)))


@pytest.mark.parametrize(
    "operation",
    [
        add("roles", [{"value": "Editor"}]),
        replace("roles", [{"value": "Editor"}]),
        add('roles[primary eq "True"].value', "Editor"),
        replace('roles[primary eq "True"]', {"value": "Editor"}),
        replace("roles.value", "Editor"),
        pathless({"roles": [{"value": entra_text(value="Editor")}]}),
    ],
)
def test_a_patch_of_roles_assigns_a_role(operation: Document) -> None:
    story = with_role(READER).when(patch_user(operation))

    assert story.user().role_id == EDITOR
    assert isinstance(story.decisions[0].event, UserChanged)


def test_an_added_role_takes_the_place_of_a_former_one() -> None:
    former = [{"type": ENTRA_TYPE, "value": "Editor"}]
    story = with_role(EDITOR, roles=former)

    story.when(patch_user(add("roles", [{"value": entra_text(value="Validator")}])))

    assert story.user().role_id == VALIDATOR
    assert story.user().attributes["roles"] == [*former, {"value": entra_text(value="Validator")}]


def test_a_user_who_loses_the_app_role_is_a_reader() -> None:
    story = with_role(EDITOR, roles=[{"value": "Editor"}])

    story.when(patch_user(remove("roles"))).then(
        jo(UserChanged(attributes=("roles",), values={"roles": None})),
        jo(assigned(READER, previous=EDITOR)),
    )


def test_a_user_who_loses_an_app_role_of_another_role_keeps_the_role() -> None:
    story = with_role(VALIDATOR, roles=[{"value": "Editor"}])

    story.when(patch_user(remove("roles"))).then(
        jo(UserChanged(attributes=("roles",), values={"roles": None}))
    )


@pytest.mark.parametrize(
    "command",
    [
        post_user(roles=[{"value": "Editor"}, {"value": "Validator"}]),
        put_user(roles=[{"value": "Editor"}, {"value": str(VALIDATOR)}]),
        patch_user(add("roles", [{"value": "Editor"}]), add("roles", [{"value": "Validator"}])),
    ],
)
def test_of_two_roles_the_stronger_is_given_and_the_conflict_is_recorded(command: Command) -> None:
    story = given() if isinstance(command, CreateUser) else with_role(READER)

    event: Any = story.when(command).decisions[-1].event

    assert (event.role_id, story.user().role_id) == (EDITOR, EDITOR)
    assert event.conflicting_role_ids == (EDITOR, VALIDATOR)


ORDER = (EDITOR, CONTRIBUTOR, VALIDATOR, READER, ADMINISTRATOR)


@pytest.mark.parametrize(
    "named", [*combinations(ORDER, 2), *combinations(ORDER, 3), ORDER], ids=len
)
@pytest.mark.parametrize("turn", [list, reversed])
@pytest.mark.parametrize(
    "send",
    [
        lambda roles: put_user(roles=roles),
        lambda roles: patch_user(replace("roles", roles)),
        lambda roles: patch_user(add("roles", roles)),
        lambda roles: patch_user(pathless({"roles": roles})),
        lambda roles: patch_user(*(add("roles", each) for each in roles)),
        lambda roles: patch_user(remove("roleId"), add("roles", roles)),
    ],
)
def test_the_strongest_that_is_not_administrator_is_given(
    named: tuple[UUID, ...], turn: Any, send: Any
) -> None:
    roles = [{"value": str(each)} for each in turn(named)]
    former = READER if named[0] != READER else VALIDATOR

    given().when(post_user(roles=roles)).then(
        jo(provisioned(role=named[0], roles=roles, conflict=named))
    )
    changed = UserChanged(attributes=("roles",), values={"roles": roles})
    with_role(former).when(send(roles)).then(
        jo(changed), jo(assigned(named[0], previous=former, conflict=named))
    )
    kept = UserChanged(attributes=("roles",), values={"roles": roles}, conflicting_role_ids=named)
    with_role(named[0]).when(send(roles)).then(jo(kept))


def test_nobody_becomes_administrator_by_a_conflict_but_by_that_role_alone() -> None:
    twice = [{"value": "Administrator"}, {"value": str(ADMINISTRATOR)}]

    given().when(post_user(roles=twice)).then(jo(provisioned(role=ADMINISTRATOR, roles=twice)))


@pytest.mark.parametrize("role", [EDITOR, VALIDATOR])
def test_a_role_id_decides_among_the_roles_that_it_is_one_of(role: UUID) -> None:
    roles = [{"value": "Editor"}, {"value": "Validator"}]

    given().when(post_user(roleId=str(role), roles=roles)).then(
        jo(provisioned(role=role, roles=roles))
    )
    story = with_role(READER).when(patch_user(add("roleId", str(role)), add("roles", roles)))
    assert story.user().role_id == role


@pytest.mark.parametrize(
    "command",
    [
        patch_user(remove('roles[value eq "Validator"]')),
        patch_user(remove("roles", value=[{"value": "Validator"}])),
        put_user(roles=[{"value": "Reader"}, {"value": "Contributor"}]),
    ],
)
def test_a_user_who_loses_one_of_three_app_roles_has_the_stronger_of_the_others(
    command: Command,
) -> None:
    former = [{"value": each} for each in ("Validator", "Reader", "Contributor")]
    story = with_role(VALIDATOR, roles=former).when(command)

    assert story.decisions[-1].event == assigned(
        CONTRIBUTOR, previous=VALIDATOR, conflict=(CONTRIBUTOR, READER)
    )


def test_a_conflict_that_was_there_before_is_no_news() -> None:
    roles = [{"value": "Editor"}, {"value": "Validator"}]

    with_role(READER, roles=roles).when(put_user(roles=roles, roleId=str(READER))).then()


def two_roles(*, primary: str) -> list[Document]:
    """Return two app roles that name two of the five roles; one is primary."""
    return [{"value": each, "primary": each == primary} for each in ("Editor", "Validator")]


@pytest.mark.parametrize(("primary", "role"), [("Editor", EDITOR), ("Validator", VALIDATOR)])
@pytest.mark.parametrize(
    "send",
    [
        lambda roles: put_user(roles=roles),
        lambda roles: patch_user(replace("roles", roles)),
        lambda roles: patch_user(add("roles", roles)),
    ],
)
def test_of_two_roles_the_primary_one_counts(send: Any, primary: str, role: UUID) -> None:
    roles = two_roles(primary=primary)
    given().when(post_user(roles=roles)).then(jo(provisioned(role=role, roles=roles)))
    assert with_role(READER).when(send(roles)).user().role_id == role


def test_a_user_who_loses_one_of_two_app_roles_has_the_other() -> None:
    story = with_role(VALIDATOR, roles=two_roles(primary="Editor"))

    story.when(patch_user(remove('roles[value eq "Validator"]')))

    assert story.user().role_id == EDITOR


def test_one_role_named_twice_is_one_role() -> None:
    roles = [{"value": "Editor"}, {"value": str(EDITOR)}, {"value": "Somebody"}]

    given().when(post_user(roles=roles)).then(jo(provisioned(role=EDITOR, roles=roles)))


@pytest.mark.parametrize(
    "command",
    [
        post_user(roleId=str(VALIDATOR), roles=[{"value": "Editor"}]),
        put_user(roleId=str(VALIDATOR), roles=[{"value": "Editor"}]),
        patch_user(add("roleId", str(READER)), add("roles", [{"value": "Editor"}])),
        patch_user(add("roleId", str(VALIDATOR)), add("roles", [{"value": "Editor"}])),
        patch_user(pathless({FLAT: str(VALIDATOR), "roles": [{"value": "Editor"}]})),
    ],
)
def test_a_role_id_and_roles_that_disagree_are_refused(command: Command) -> None:
    story = given() if isinstance(command, CreateUser) else with_role(READER)

    with pytest.raises(InvalidValue, match="roles and roleId name different roles"):
        story.when(command)


def test_a_role_id_and_roles_that_agree_assign_the_role() -> None:
    roles = [{"value": "Editor"}]

    given().when(post_user(roleId=str(EDITOR), roles=roles)).then(
        jo(provisioned(role=EDITOR, roles=roles))
    )


def test_a_removed_role_id_gives_way_to_roles_of_the_same_request() -> None:
    story = with_role(VALIDATOR)

    story.when(patch_user(remove("roleId"), add("roles", [{"value": "Editor"}])))

    assert story.user().role_id == EDITOR


def test_of_two_requests_the_later_one_counts() -> None:
    story = with_role(READER).when(patch_user(add("roles", [{"value": "Editor"}])))

    story.when(patch_user(add("roleId", str(VALIDATOR)))).then(
        jo(assigned(VALIDATOR, previous=EDITOR))
    )


def test_what_get_returned_may_be_put_back_with_former_roles() -> None:
    roles = [{"value": "Editor"}]

    with_role(VALIDATOR, roles=roles).when(put_user(roleId=str(VALIDATOR), roles=roles)).then()


def test_what_get_returned_may_be_put_back_with_another_role_id() -> None:
    roles = [{"value": "Editor"}]

    with_role(VALIDATOR, roles=roles).when(put_user(roleId=str(CONTRIBUTOR), roles=roles)).then(
        jo(assigned(CONTRIBUTOR, previous=VALIDATOR))
    )


@pytest.mark.parametrize(
    ("operations", "role"),
    [
        (
            [replace("roles", [{"value": "Editor"}]), replace("roles", [{"value": "Reader"}])],
            READER,
        ),
        ([add("roles", [{"value": "Editor"}]), remove('roles[value eq "Editor"]')], CONTRIBUTOR),
        ([add("roles", [{"value": "Editor"}]), remove("roles")], CONTRIBUTOR),
        ([replace("roles.value", ["Editor"])], EDITOR),
        ([add("roles[primary eq true].value", "Editor"), replace("roles.value", "Reader")], READER),
    ],
)
def test_what_a_later_operation_takes_away_assigns_nothing(
    operations: list[Document], role: UUID
) -> None:
    story = with_role(CONTRIBUTOR).when(patch_user(*operations))

    assert story.user().role_id == role


def test_what_get_returned_may_be_patched_back_with_former_roles() -> None:
    roles = [{"value": "Editor"}]
    operation = pathless({"roleId": str(VALIDATOR), "roles": roles})

    with_role(VALIDATOR, roles=roles).when(patch_user(operation)).then()


def test_attributes_of_the_same_names_in_an_own_extension_assign_nothing() -> None:
    urn = "urn:example:params:Own:2.0:User"
    extension = {
        "id": urn,
        "attributes": [{"name": "roles", "multiValued": True}, {"name": "roleId"}],
    }
    own_user = USER.with_extensions((read_schema(extension),))
    patch = read_patch(
        {"Operations": [pathless({urn: {"roles": ["Editor"], "roleId": "7"}})]}, own_user, ""
    )

    story = with_role(READER).when(PatchUser(JO, patch, own_user))

    assert story.user().role_id == READER
    assert story.user().attributes[urn] == {"roles": ["Editor"], "roleId": "7"}
