"""What commands do to an organization: its registration, its tokens, its extension schemas."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from schema.events.organization import (
    OrganizationRegistered,
    SchemaRegistered,
    SettingsChanged,
    TokenIssued,
    TokenRevoked,
)
from schema.events.settings import SETTINGS
from schema.events.user import RoleAssigned, UserDeactivated, UserDeleted
from schema.scim.attributes import Document
from schema.scim.errors import InvalidValue, NotFound, Uniqueness
from schema.scim.extension import check_extension
from service.write.commands import (
    ChangeSettings,
    Command,
    IssueToken,
    RegisterOrganization,
    RegisterSchema,
    RevokeToken,
)
from service.write.decide.organization import NAME_LENGTH_MAX
from service.write.decide.state import BatchState, Decision
from tests.builders import (
    ADMINISTRATOR,
    EDITOR,
    JO,
    NOBODY,
    ORGANIZATION_ID,
    ROLES,
    START,
    Story,
    given,
    jo,
    provisioned,
)
from tests.rules.documents import CUSTOM

TOKEN = UUID("c0000000-0000-7000-8000-000000000001")
ISSUE = IssueToken(ORGANIZATION_ID, TOKEN, "5e88", JO, "Entra", "scim", START)
ISSUED = TokenIssued(
    token_id=TOKEN, jti_hash="5e88", account_id=JO, label="Entra", scope="scim", expires_at=START
)
REVOKE = RevokeToken(ORGANIZATION_ID, TOKEN)
SCHEMA: Document = {"id": CUSTOM, "attributes": [{"name": "CustomAttribute"}]}


def acme(event: Any) -> Decision:
    """Return an event of the organization's stream."""
    return Decision(ORGANIZATION_ID, event)


def with_account(*more: Decision) -> Story:
    """Return the story of an organization with an active Administrator."""
    return given(jo(provisioned(role=ADMINISTRATOR)), *more)


def register(name: str = "Acme") -> RegisterOrganization:
    """Return the command that registers an organization."""
    return RegisterOrganization(ORGANIZATION_ID, name, ROLES)


@pytest.mark.parametrize("name", ["Acme", "  Acme ", "Å" * NAME_LENGTH_MAX])
def test_a_new_organization_has_a_name_and_roles(name: str) -> None:
    Story(BatchState()).when(register(name)).then(
        acme(OrganizationRegistered(name=name.strip(), roles=ROLES))
    )


@pytest.mark.parametrize("name", ["", "  ", "x" * (NAME_LENGTH_MAX + 1)])
def test_a_name_has_some_characters_and_not_too_many(name: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 200 characters"):
        Story(BatchState()).when(register(name))


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31m", "a\u2028b", "a\tb"])
def test_a_name_and_a_label_are_one_line_and_nothing_to_a_terminal(text: str) -> None:
    with pytest.raises(InvalidValue, match="name is one line"):
        Story(BatchState()).when(register(text))
    with pytest.raises(InvalidValue, match="label is one line"):
        with_account().when(replace(ISSUE, label=text))


def test_an_organization_is_registered_once() -> None:
    with pytest.raises(Uniqueness, match="exists already"):
        given().when(register())


def test_an_administrator_may_hold_a_token() -> None:
    with_account().when(ISSUE).then(acme(ISSUED))


def test_a_token_may_never_expire() -> None:
    with_account().when(replace(ISSUE, expires_at=None)).then(
        acme(ISSUED.model_copy(update={"expires_at": None}))
    )


@pytest.mark.parametrize(
    "fact", [UserDeactivated(), RoleAssigned(role_id=EDITOR, previous_role_id=ADMINISTRATOR)]
)
def test_an_account_that_is_no_active_administrator_may_not_hold_a_token(fact: Any) -> None:
    with pytest.raises(InvalidValue, match="must be active and an Administrator"):
        with_account(jo(fact)).when(ISSUE)


@pytest.mark.parametrize("story", [given(), with_account(jo(UserDeleted()))])
def test_an_unknown_account_may_not_hold_a_token(story: Story) -> None:
    with pytest.raises(NotFound, match=f"There is no user {JO}"):
        story.when(ISSUE)


def test_a_token_is_revoked() -> None:
    with_account(acme(ISSUED)).when(REVOKE).then(acme(TokenRevoked(token_id=TOKEN)))


def test_a_token_that_is_revoked_is_not_revoked_again() -> None:
    with_account(acme(ISSUED)).when(REVOKE).when(REVOKE).then()


def test_an_unknown_token_is_not_found() -> None:
    with pytest.raises(NotFound, match=f"There is no token {NOBODY}"):
        with_account(acme(ISSUED)).when(RevokeToken(ORGANIZATION_ID, NOBODY))


def test_an_extension_is_registered_as_it_will_be_served() -> None:
    given().when(RegisterSchema(ORGANIZATION_ID, SCHEMA)).then(
        acme(SchemaRegistered(document=check_extension(SCHEMA)))
    )


def test_an_extension_that_is_registered_is_not_registered_again() -> None:
    command = RegisterSchema(ORGANIZATION_ID, SCHEMA)

    given().when(command).when(command).then()


def test_attributes_may_be_added_to_an_extension() -> None:
    more = {**SCHEMA, "attributes": [*SCHEMA["attributes"], {"name": "Tags", "multiValued": True}]}
    story = given().when(RegisterSchema(ORGANIZATION_ID, SCHEMA))

    story.when(RegisterSchema(ORGANIZATION_ID, more)).then(
        acme(SchemaRegistered(document=check_extension(more)))
    )


@pytest.mark.parametrize(
    "attributes", [[{"name": "Tags"}], [{"name": "CustomAttribute", "multiValued": True}]]
)
def test_an_extension_keeps_its_attributes(attributes: list[Document]) -> None:
    story = given().when(RegisterSchema(ORGANIZATION_ID, SCHEMA))

    with pytest.raises(InvalidValue, match="CustomAttribute is registered already"):
        story.when(RegisterSchema(ORGANIZATION_ID, {**SCHEMA, "attributes": attributes}))


def test_settings_are_changed_and_only_what_changes_is_recorded() -> None:
    story = given().when(ChangeSettings(ORGANIZATION_ID, {"strict": True}))

    story.then(acme(SettingsChanged(settings={"strict": True})))
    story.when(ChangeSettings(ORGANIZATION_ID, {"strict": True, "localChanges": "refused"})).then(
        acme(SettingsChanged(settings={"localChanges": "refused"}))
    )


@pytest.mark.parametrize("settings", [{}, {"strict": None}])
def test_settings_that_change_nothing_are_no_event(settings: dict[str, Any]) -> None:
    given().when(ChangeSettings(ORGANIZATION_ID, settings)).then()


@pytest.mark.parametrize("name", SETTINGS)
def test_an_illegal_value_names_the_setting_and_what_is_legal(name: str) -> None:
    with pytest.raises(InvalidValue, match=f"The setting {name} is ") as refused:
        given().when(ChangeSettings(ORGANIZATION_ID, {name: "\u2603"}))
    assert refused.value.attribute == name


def test_an_unknown_setting_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(InvalidValue, match="There is no setting 'strikt'; there are strict"):
        given().when(ChangeSettings(ORGANIZATION_ID, {"strikt": True}))


@pytest.mark.parametrize(
    "command",
    [
        ISSUE,
        REVOKE,
        RegisterSchema(ORGANIZATION_ID, SCHEMA),
        ChangeSettings(ORGANIZATION_ID, {"strict": True}),
    ],
)
def test_an_organization_that_is_not_there_is_not_found(command: Command) -> None:
    with pytest.raises(NotFound, match="no such organization"):
        Story(BatchState()).when(command)
