"""What commands do to users: given these events, when this command comes, then those events follow."""

from typing import Any
from uuid import UUID

import pytest

from schema.events.user import (
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserLinked,
    UserProvisioned,
    UserReactivated,
)
from schema.scim.attributes import Document
from schema.scim.errors import (
    InvalidValue,
    Mutability,
    ScimError,
    Uniqueness,
)
from service.write.commands import Command
from tests.builders import (
    ANN,
    EDITOR,
    JO,
    KIM,
    READER,
    add,
    ann,
    given,
    jo,
    patch_user,
    pathless,
    post_user,
    provisioned,
    put_user,
    remove,
    replace,
)
from tests.rules.documents import ENTERPRISE, WORK


def test_a_new_user_is_an_active_reader() -> None:
    given().when(post_user()).then(jo(provisioned(role=READER, active=True)))


def test_a_new_user_has_all_that_was_sent() -> None:
    sent: Document = {"title": "Boss", "emails": [WORK], ENTERPRISE: {"department": "IT"}}

    given().when(post_user(active="False", **sent)).then(jo(provisioned(active=False, **sent)))


def test_an_event_names_the_attributes_it_holds() -> None:
    sent: Document = {ENTERPRISE: {"department": "IT"}}

    (decision,) = given().when(post_user(**sent)).decisions

    assert isinstance(decision.event, UserProvisioned)
    assert decision.event.attributes == ("userName", f"{ENTERPRISE}:department")


def test_a_user_name_that_is_missing_is_refused() -> None:
    with pytest.raises(InvalidValue, match="userName is required"):
        given().when(post_user(userName=""))


@pytest.mark.parametrize("user_name", ["jo@example.com", "JO@Example.COM"])
def test_a_taken_user_name_is_refused_with_its_owner(user_name: str) -> None:
    story = given(jo(provisioned("jo@example.com")))

    with pytest.raises(Uniqueness, match=f"userName .* is taken by user {JO}"):
        story.when(post_user(ANN, userName=user_name))


def test_a_user_name_of_a_deactivated_user_is_taken() -> None:
    story = given(jo(provisioned(active=False)))

    with pytest.raises(Uniqueness, match=str(JO)):
        story.when(post_user(ANN))


def test_another_user_name_is_free() -> None:
    given(jo(provisioned())).when(post_user(ANN, userName="ann@example.com")).then(
        ann(provisioned("ann@example.com"))
    )


def test_a_user_is_never_matched_by_mail() -> None:
    given(jo(provisioned(emails=[WORK]))).when(
        post_user(ANN, userName="ann@example.com", emails=[WORK])
    ).then(ann(provisioned("ann@example.com", emails=[WORK])))


def test_two_users_may_share_an_external_id() -> None:
    given(jo(provisioned(externalId="7"))).when(
        post_user(ANN, userName="ann@example.com", externalId="7")
    ).then(ann(provisioned("ann@example.com", externalId="7")))


def returned(former: UUID, user_name: str = "jo@example.com", **attributes: Any) -> UserProvisioned:
    """Return the first event of a user who comes back under a new id."""
    return provisioned(user_name, **attributes).model_copy(update={"former_user_id": former})


def test_a_user_who_comes_back_under_the_same_name_is_another_user() -> None:
    story = given(jo(provisioned("Jo@example.com")), jo(UserDeleted()))

    story.when(post_user(ANN)).then(ann(returned(JO)))


def test_a_user_who_comes_back_under_the_same_external_id_is_another_user() -> None:
    story = given(jo(provisioned("old@example.com", externalId="7")), jo(UserDeleted()))

    story.when(post_user(ANN, externalId="7")).then(ann(returned(JO, externalId="7")))


def test_an_external_id_counts_more_than_a_name() -> None:
    story = given(
        jo(provisioned("old@example.com", externalId="7")),
        ann(provisioned("jo@example.com")),
        jo(UserDeleted()),
        ann(UserDeleted()),
    )

    story.when(post_user(KIM, externalId="7"))

    assert story.user(KIM).attributes["userName"] == "jo@example.com"
    assert story.decisions[0].event == returned(JO, externalId="7")


def test_the_latest_of_former_users_is_named() -> None:
    story = given(jo(provisioned()), jo(UserDeleted()), ann(provisioned()), ann(UserDeleted()))

    story.when(post_user(KIM))

    assert story.decisions[0].event == returned(ANN)


@pytest.mark.parametrize("command", [put_user(title="Boss"), patch_user(add("title", "Boss"))])
def test_a_changed_attribute_is_an_event(command: Command) -> None:
    given(jo(provisioned())).when(command).then(
        jo(UserChanged(attributes=("title",), values={"title": "Boss"}))
    )


@pytest.mark.parametrize("command", [put_user(), patch_user(remove("title"))])
def test_a_removed_attribute_is_an_event(command: Command) -> None:
    given(jo(provisioned(title="Boss"))).when(command).then(
        jo(UserChanged(attributes=("title",), values={"title": None}))
    )


def test_only_what_differs_is_in_the_event() -> None:
    former: Document = {"title": "Boss", ENTERPRISE: {"department": "IT", "division": "A"}}
    path = f"{ENTERPRISE}:department"

    given(jo(provisioned(**former))).when(
        patch_user(pathless({"title": "Boss", ENTERPRISE: {"department": "HR", "division": "A"}}))
    ).then(jo(UserChanged(attributes=(path,), values={path: "HR"})))


@pytest.mark.parametrize(
    "command",
    [
        put_user(title="Boss", emails=[WORK]),
        put_user(title="Boss", emails=[WORK], active=True),
        patch_user(),
        patch_user(replace("title", "Boss"), replace("active", "True")),
        patch_user(pathless({"title": "Boss", "emails": [WORK], "active": True})),
        patch_user(add("emails", [WORK]), add('emails[type eq "work"].value', WORK["value"])),
        patch_user(replace("title", "Clerk"), replace("title", "Boss")),
        patch_user(remove("nickName"), remove('emails[type eq "home"]')),
        patch_user(add("mailNickname", "x")),
    ],
)
def test_what_changes_nothing_is_no_event(command: Command) -> None:
    given(jo(provisioned(title="Boss", emails=[WORK]))).when(command).then()


def test_the_same_request_twice_is_one_event() -> None:
    story = given(jo(provisioned())).when(patch_user(add("title", "Boss")))

    story.when(patch_user(add("title", "Boss"))).then()


@pytest.mark.parametrize(
    "command",
    [
        put_user(active=False),
        patch_user(replace("active", "False")),
        patch_user(pathless({"active": False})),
    ],
)
def test_an_inactive_user_is_deactivated(command: Command) -> None:
    given(jo(provisioned())).when(command).then(jo(UserDeactivated()))


@pytest.mark.parametrize("command", [put_user(active=True), patch_user(add("active", "True"))])
def test_an_active_user_is_reactivated(command: Command) -> None:
    given(jo(provisioned(active=False))).when(command).then(jo(UserReactivated()))


@pytest.mark.parametrize(
    "command", [put_user(), patch_user(remove("active")), patch_user(replace("active", ""))]
)
@pytest.mark.parametrize("active", [True, False])
def test_active_stays_where_nothing_says_otherwise(command: Command, *, active: bool) -> None:
    given(jo(provisioned(active=active))).when(command).then()


def test_an_inactive_user_can_be_changed() -> None:
    given(jo(provisioned(active=False))).when(patch_user(add("title", "Boss"))).then(
        jo(UserChanged(attributes=("title",), values={"title": "Boss"}))
    )


def test_several_changes_of_one_request_are_several_events() -> None:
    command = patch_user(
        replace("title", "Boss"), replace("roleId", str(EDITOR)), replace("active", False)
    )

    story = given(jo(provisioned())).when(command)

    assert [type(each.event).__name__ for each in story.decisions] == [
        "UserChanged",
        "RoleAssigned",
        "UserDeactivated",
    ]


@pytest.mark.parametrize(
    "command",
    [put_user(userName="ANN@example.com"), patch_user(replace("userName", "ANN@example.com"))],
)
def test_a_rename_to_a_taken_name_is_refused(command: Command) -> None:
    story = given(jo(provisioned()), ann(provisioned("ann@example.com")))

    with pytest.raises(Uniqueness, match=str(ANN)):
        story.when(command)


@pytest.mark.parametrize(
    "command",
    [put_user(userName="JO@example.com"), patch_user(replace("userName", "JO@example.com"))],
)
def test_a_name_may_change_its_case(command: Command) -> None:
    given(jo(provisioned("jo@example.com"))).when(command).then(
        jo(UserChanged(attributes=("userName",), values={"userName": "JO@example.com"}))
    )


def test_a_name_is_free_once_its_owner_has_another() -> None:
    story = given(jo(provisioned())).when(patch_user(replace("userName", "new@example.com")))

    story.when(post_user(ANN)).then(ann(provisioned()))


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (patch_user(replace("title", "Boss"), replace("userName", "")), InvalidValue),
        (patch_user(replace("title", "Boss"), remove("userName")), Mutability),
        (put_user(title="Boss", userName=None), InvalidValue),
    ],
)
def test_a_refused_request_changes_nothing(command: Command, error: type[ScimError]) -> None:
    story = given(jo(provisioned()))

    with pytest.raises(error):
        story.when(command)

    assert story.user().version == 1


@pytest.mark.parametrize("command", [put_user(externalId="7"), patch_user(add("externalId", "7"))])
def test_the_provider_links_a_user_who_was_made_by_hand(command: Command) -> None:
    given(jo(provisioned()), source="console").when(command).then(
        jo(UserLinked(values={"externalId": "7"}))
    )


def test_what_comes_with_the_link_is_an_event_of_its_own() -> None:
    story = given(jo(provisioned()), source="cli")

    story.when(patch_user(pathless({"externalId": "7", "title": "Boss"}))).then(
        jo(UserLinked(values={"externalId": "7"})),
        jo(UserChanged(attributes=("title",), values={"title": "Boss"})),
    )


def test_a_linked_user_is_not_linked_again() -> None:
    story = given(jo(provisioned()), jo(UserLinked(values={"externalId": "7"})), source="console")

    story.when(patch_user(replace("externalId", "8"))).then(
        jo(UserChanged(attributes=("externalId",), values={"externalId": "8"}))
    )


def test_a_user_who_was_provisioned_is_not_linked() -> None:
    given(jo(provisioned()), source="scim").when(patch_user(add("externalId", "7"))).then(
        jo(UserChanged(attributes=("externalId",), values={"externalId": "7"}))
    )
