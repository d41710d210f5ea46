"""The state that commands require before they can be decided: enough, and no more."""

from collections.abc import Sequence
from typing import Any

import pytest

from schema.scim.errors import InvalidValue
from service.write.commands import (
    Command,
    IssueToken,
    RegisterOrganization,
    RegisterSchema,
    RevokeToken,
)
from service.write.decide.required_state import RequiredState
from tests.builders import (
    ANN,
    JO,
    KIM,
    NOBODY,
    ORGANIZATION_ID,
    SALES,
    add,
    delete_group,
    delete_user,
    members,
    patch_group,
    patch_user,
    pathless,
    post_group,
    post_user,
    put_group,
    put_user,
    remove,
    replace,
)


def needs(*commands: Command) -> RequiredState:
    """Return the state that these commands require."""
    gathered = RequiredState()
    for command in commands:
        gathered.add(command)
    return gathered


def test_a_new_user_needs_to_know_its_name() -> None:
    assert needs(post_user(userName="JO@example.com")) == RequiredState(
        user_names={"jo@example.com"}
    )


def test_a_new_user_needs_to_know_who_had_its_external_id() -> None:
    assert needs(post_user(externalId="Ab7")).external_ids == {"Ab7"}


def test_a_replaced_user_needs_itself_and_its_name() -> None:
    assert needs(put_user(userName="Straße")) == RequiredState(users={JO}, user_names={"straße"})


@pytest.mark.parametrize(
    "operation",
    [
        replace("userName", "Ann@example.com"),
        replace("userName", ["Ann@example.com"]),
        add("urn:ietf:params:scim:schemas:core:2.0:User:USERNAME", "ann@EXAMPLE.com"),
        pathless({"username": "ann@example.com"}),
    ],
)
def test_a_rename_needs_to_know_the_name(operation: dict[str, Any]) -> None:
    assert needs(patch_user(operation)) == RequiredState(users={JO}, user_names={"ann@example.com"})


@pytest.mark.parametrize(
    "operation", [replace("title", "Boss"), remove("userName"), replace("userName", "")]
)
def test_a_change_without_a_rename_needs_the_user_only(operation: dict[str, Any]) -> None:
    assert needs(patch_user(operation)) == RequiredState(users={JO})


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidValue, match="userName must be a string"):
        needs(patch_user(replace("userName", 7.5)))


def test_a_user_who_goes_needs_its_groups() -> None:
    assert needs(delete_user()) == RequiredState(
        users={JO}, gone={JO}, role_groups=True, may_lose={JO}
    )


def test_a_new_group_needs_its_name_and_its_members() -> None:
    assert needs(
        post_group(displayName="SALES", members=members(JO, ANN, "no id"))
    ) == RequiredState(
        group_names={"sales"}, members={JO, ANN}, role_groups=True, sent_names={SALES: {"sales"}}
    )


@pytest.mark.parametrize(
    ("body", "is_whole"), [({}, False), ({"members": []}, True), ({"members": members(JO)}, True)]
)
def test_a_replaced_group_needs_its_members_where_it_names_any(
    body: dict[str, Any], *, is_whole: bool
) -> None:
    assert (needs(put_group(**body)).whole_groups == {SALES}) == is_whole


@pytest.mark.parametrize(
    "operation",
    [
        add("members", members(JO)),
        remove("members", value=members(JO)),
        remove(f'members[value eq "{JO}"]'),
        remove(f'members[value eq "{JO}" and type eq "User"]'),
        remove(f'members[type eq "User" and value eq "{JO}"]'),
    ],
)
def test_a_change_of_members_needs_those_only(operation: dict[str, Any]) -> None:
    assert needs(patch_group(operation)) == RequiredState(
        groups={SALES}, members={JO}, named={SALES: {JO}}, role_groups=True
    )


def test_several_members_of_one_path_are_needed() -> None:
    assert needs(
        patch_group(remove(f'members[value eq "{JO}" or value eq "{ANN}"]'))
    ) == RequiredState(
        groups={SALES}, members={JO, ANN}, named={SALES: {JO, ANN}}, role_groups=True
    )


@pytest.mark.parametrize(
    "operation",
    [
        remove("members"),
        replace("members", members(JO)),
        replace("members", []),
        remove('members[type eq "Group"]'),
        remove(f'members[value ne "{JO}"]'),
        remove(f'members[not (value eq "{JO}")]'),
        remove(f'members[value eq "{JO}" or type eq "Group"]'),
    ],
)
def test_a_change_that_may_be_of_everyone_needs_all_members(operation: dict[str, Any]) -> None:
    assert needs(patch_group(operation)).whole_groups == {SALES}


@pytest.mark.parametrize("operation", [remove("members", value=[]), add("members", [])])
def test_a_change_of_nobody_needs_nobody(operation: dict[str, Any]) -> None:
    assert needs(patch_group(operation)) == RequiredState(groups={SALES}, role_groups=True)


def test_a_renamed_group_needs_to_know_the_name() -> None:
    assert needs(patch_group(replace("displayName", "Staff"))) == RequiredState(
        groups={SALES}, group_names={"staff"}, role_groups=True, sent_names={SALES: {"staff"}}
    )


def test_a_group_that_goes_needs_its_own_groups() -> None:
    assert needs(delete_group()) == RequiredState(groups={SALES}, gone={SALES}, role_groups=True)


def test_a_token_needs_its_account() -> None:
    command = IssueToken(ORGANIZATION_ID, NOBODY, "5e88", JO, "Entra", "scim")

    assert needs(command) == RequiredState(organization=True, users={JO})


@pytest.mark.parametrize(
    "command",
    [
        RegisterOrganization(ORGANIZATION_ID, "Acme"),
        RevokeToken(ORGANIZATION_ID, NOBODY),
        RegisterSchema(ORGANIZATION_ID, {}),
    ],
)
def test_the_organization_itself_is_needed(command: Command) -> None:
    assert needs(command) == RequiredState(organization=True)


@pytest.mark.parametrize(
    "commands",
    [
        (
            patch_group(add("members", members(JO))),
            patch_group(remove("members", value=members(ANN))),
        ),
        (patch_group(add("members", members(JO)), add("members", members(ANN))),),
    ],
)
def test_needs_add_up(commands: Sequence[Command]) -> None:
    assert needs(*commands, patch_user(user_id=KIM)) == RequiredState(
        users={KIM},
        groups={SALES},
        members={JO, ANN},
        named={SALES: {JO, ANN}},
        role_groups=True,
    )
