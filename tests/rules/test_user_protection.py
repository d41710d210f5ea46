"""How users are deleted and deactivated, and what prevents it: versions, and the account of the token in use."""

import dataclasses
from typing import Any

import pytest

from schema.events.group import MembersAdded, MembersRemoved
from schema.events.user import (
    UserChanged,
    UserDeactivated,
    UserDeleted,
)
from schema.scim.errors import (
    Mutability,
    NotFound,
    PreconditionFailed,
)
from service.write.commands import ANY_VERSION, Command, Precondition
from tests.builders import (
    ADMINISTRATOR,
    ANN,
    CALLER,
    EDITOR,
    JO,
    READER,
    SALES,
    STAFF,
    Story,
    account,
    add,
    ann,
    created,
    delete_user,
    given,
    if_match,
    jo,
    patch_user,
    pathless,
    provisioned,
    put_user,
    remove,
    replace,
    sales,
    staff,
)


def test_a_deleted_user_is_gone() -> None:
    given(jo(provisioned())).when(delete_user()).then(jo(UserDeleted()))


def test_a_deleted_user_leaves_every_group_in_the_groups_own_streams() -> None:
    story = given(
        jo(provisioned()),
        ann(provisioned("ann@example.com")),
        sales(created("Sales")),
        staff(created("Staff")),
        sales(MembersAdded(members=(JO, ANN))),
        staff(MembersAdded(members=(JO,))),
    )

    story.when(delete_user()).then(
        sales(MembersRemoved(members=(JO,))),
        staff(MembersRemoved(members=(JO,))),
        jo(UserDeleted()),
    )
    assert (story.group(SALES).members, story.group(STAFF).members) == ({ANN: "User"}, {})


def test_a_deactivated_user_stays_in_groups() -> None:
    story = given(jo(provisioned()), sales(created()), sales(MembersAdded(members=(JO,))))

    story.when(patch_user(replace("active", "False"))).then(jo(UserDeactivated()))


def test_the_name_of_a_deleted_user_is_free() -> None:
    story = given(jo(provisioned()), ann(provisioned("ann@example.com"))).when(delete_user())

    story.when(patch_user(replace("userName", "jo@example.com"), user_id=ANN)).then(
        ann(UserChanged(attributes=("userName",), values={"userName": "jo@example.com"}))
    )


@pytest.mark.parametrize("command", [put_user(), patch_user(), delete_user()])
@pytest.mark.parametrize("story", [given(), given(jo(provisioned()), jo(UserDeleted()))])
def test_a_user_that_does_not_exist_is_not_found(command: Command, story: Story) -> None:
    with pytest.raises(NotFound, match=f"There is no user {JO}"):
        story.when(command)


@pytest.mark.parametrize(
    "precondition", [if_match(2), Precondition(ANY_VERSION), Precondition(frozenset({1, 2}))]
)
def test_a_version_that_is_the_latest_is_accepted(precondition: Precondition) -> None:
    story = given(jo(provisioned()), jo(UserDeactivated()))

    story.when(delete_user(precondition=precondition)).then(jo(UserDeleted()))


@pytest.mark.parametrize("precondition", [if_match(1), if_match(3), Precondition(frozenset())])
@pytest.mark.parametrize("write", [put_user, patch_user, delete_user])
def test_another_version_is_refused(write: Any, precondition: Precondition) -> None:
    story = given(jo(provisioned()), jo(UserDeactivated()))

    with pytest.raises(PreconditionFailed, match='W/"2"'):
        story.when(write(precondition=precondition))


def test_a_user_that_does_not_exist_is_not_found_whatever_the_precondition() -> None:
    with pytest.raises(NotFound):
        given().when(delete_user(precondition=Precondition(ANY_VERSION)))


@pytest.mark.parametrize(
    "command",
    [
        patch_user(replace("active", "False")),
        patch_user(pathless({"active": False})),
        patch_user(replace("roleId", str(READER))),
        patch_user(remove("roleId")),
        patch_user(add("roles", [{"value": "Editor"}])),
        put_user(active=False),
        put_user(roleId=str(EDITOR)),
        put_user(roles=[{"value": "Editor"}]),
        delete_user(),
    ],
)
def test_an_account_cannot_end_its_own_token(command: Command) -> None:
    story = given(jo(provisioned(role=ADMINISTRATOR)))

    with pytest.raises(Mutability, match="technical account whose token you use"):
        story.when(command, by=account(JO))
    assert story.user().version == 1


@pytest.mark.parametrize(
    "command",
    [
        patch_user(add("title", "Boss")),
        patch_user(add("title", "Boss"), replace("roleId", str(ADMINISTRATOR))),
    ],
)
def test_an_account_may_change_itself_otherwise(command: Command) -> None:
    given(jo(provisioned(role=ADMINISTRATOR))).when(command, by=account(JO)).then(
        jo(UserChanged(attributes=("title",), values={"title": "Boss"}))
    )


@pytest.mark.parametrize(
    "command", [patch_user(replace("active", False)), put_user(roleId=str(READER)), delete_user()]
)
@pytest.mark.parametrize("caller", [account(ANN), CALLER])
def test_an_administrator_without_tokens_is_not_protected(command: Command, caller: Any) -> None:
    story = given(jo(provisioned(role=ADMINISTRATOR)))

    assert len(story.when(command, by=caller).decisions) == 1


@pytest.mark.parametrize(
    "command", [patch_user(replace("active", False)), put_user(roleId=str(READER)), delete_user()]
)
def test_another_technical_account_is_protected_from_scim_only(command: Command) -> None:
    story = given(jo(provisioned(role=ADMINISTRATOR)))
    story.known.holders.add(JO)

    with pytest.raises(Mutability, match="whose tokens are in use"):
        story.when(command, by=account(ANN))
    by_hand = dataclasses.replace(CALLER, source="console")
    assert len(story.when(command, by=by_hand).decisions) == 1


def test_a_technical_account_that_is_ended_already_may_be_changed() -> None:
    story = given(jo(provisioned(role=ADMINISTRATOR)), jo(UserDeactivated()))
    story.known.holders.add(JO)

    assert len(story.when(patch_user(add("title", "Boss")), by=account(ANN)).decisions) == 1
