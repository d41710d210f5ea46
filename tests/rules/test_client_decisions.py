"""What commands do to the OAuth clients of an organization."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schema.events.client import (
    ClientRegistered,
    ClientRevoked,
    ClientSecretAdded,
    ClientSecretRevoked,
    ClientTrustChanged,
)
from schema.events.user import RoleAssigned, UserDeactivated, UserDeleted
from schema.scim.errors import Conflict, InvalidValue, NotFound
from service.write.commands import (
    AddClientSecret,
    ChangeClientTrust,
    ClientCommand,
    NewSecret,
    RegisterClient,
    RevokeClient,
    RevokeClientSecret,
)
from service.write.decide.clients import CLIENTS_MAX, LABEL_LENGTH_MAX, VALUES_MAX
from service.write.decide.state import BatchState, Decision
from tests.builders import (
    ADMINISTRATOR,
    EDITOR,
    JO,
    NOBODY,
    ORGANIZATION_ID,
    START,
    Story,
    given,
    jo,
    provisioned,
)

CLIENT = UUID("c0000000-0000-7000-8000-000000000001")
FIRST, SECOND, THIRD = (UUID(f"c0000000-0000-7000-8000-00000000001{n}") for n in range(3))
YEAR = timedelta(days=365)
REGISTER = RegisterClient(
    ORGANIZATION_ID,
    CLIENT,
    JO,
    "Entra",
    "secret",
    ("scim",),
    now=START,
    secret=NewSecret(FIRST, "5e88", START + YEAR),
)
REGISTERED = ClientRegistered(
    client_id=CLIENT, account_id=JO, label="Entra", kind="secret", scopes=("scim",)
)
ADDED = ClientSecretAdded(
    client_id=CLIENT, secret_id=FIRST, secret_hash="5e88", expires_at=START + YEAR
)
FEDERATE = replace(
    REGISTER,
    kind="federated",
    secret=None,
    issuer="https://login.microsoftonline.com/tid/v2.0",
    subjects=("sub",),
    audiences=("api://clm",),
)
REVOKE = RevokeClient(ORGANIZATION_ID, CLIENT)


def acme(event: Any) -> Decision:
    """Return an event of the organization's stream."""
    return Decision(ORGANIZATION_ID, event)


def with_account(*more: Decision) -> Story:
    """Return the story of an organization with an active Administrator."""
    return given(jo(provisioned(role=ADMINISTRATOR)), *more)


def add(secret_id: UUID, *, after: timedelta = timedelta(0)) -> AddClientSecret:
    """Return the command that adds a secret some time after the start."""
    now = START + after
    return AddClientSecret(ORGANIZATION_ID, CLIENT, NewSecret(secret_id, "9f", now + YEAR), now)


def test_a_client_is_registered_with_its_first_secret() -> None:
    with_account().when(REGISTER).then(acme(REGISTERED), acme(ADDED))


def test_a_federated_client_has_a_trust_and_no_secret() -> None:
    with_account().when(FEDERATE).then(
        acme(
            REGISTERED.model_copy(
                update={
                    "kind": "federated",
                    "issuer": FEDERATE.issuer,
                    "subjects": ("sub",),
                    "audiences": ("api://clm",),
                }
            )
        )
    )


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({"label": " "}, "label"),
        ({"label": "x" * (LABEL_LENGTH_MAX + 1)}, "label"),
        ({"label": "a\nb"}, None),
        ({"scopes": ()}, "scopes"),
        ({"issuer": "https://a.example"}, "kind"),
        ({"subjects": ("a",)}, "kind"),
        ({"audiences": ("a",)}, "kind"),
        ({"secret": NewSecret(FIRST, "5e88", START)}, "expiresAt"),
        ({"secret": NewSecret(FIRST, "5e88", START + timedelta(days=1100))}, "expiresAt"),
    ],
)
def test_a_client_that_makes_no_sense_is_refused(changed: Any, about: str | None) -> None:
    with pytest.raises(InvalidValue) as refused:
        with_account().when(replace(REGISTER, **changed))
    assert refused.value.attribute == about


@pytest.mark.parametrize(
    ("changed", "about"),
    [
        ({"issuer": None}, "issuer"),
        ({"subjects": ()}, "subjects"),
        ({"audiences": ()}, "audiences"),
        ({"audiences": ("a", "a")}, "audiences"),
        ({"audiences": ("a b",)}, "audiences"),
        ({"subjects": ("",)}, "subjects"),
        ({"subjects": ("ä",)}, "subjects"),
        ({"subjects": ("x" * 501,)}, "subjects"),
        ({"subjects": tuple(map(str, range(VALUES_MAX + 1)))}, "subjects"),
    ],
)
def test_a_trust_names_an_issuer_subjects_and_audiences(changed: Any, about: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        with_account().when(replace(FEDERATE, **changed))
    assert refused.value.attribute == about


@pytest.mark.parametrize(
    "fact", [UserDeactivated(), RoleAssigned(role_id=EDITOR, previous_role_id=ADMINISTRATOR)]
)
def test_an_account_that_is_no_active_administrator_has_no_client(fact: Any) -> None:
    with pytest.raises(InvalidValue, match="must be active and an Administrator"):
        with_account(jo(fact)).when(REGISTER)


@pytest.mark.parametrize("story", [given(), with_account(jo(UserDeleted()))])
def test_an_unknown_account_has_no_client(story: Story) -> None:
    with pytest.raises(NotFound, match=f"There is no user {JO}"):
        story.when(REGISTER)


def test_an_organization_has_so_many_clients_and_a_revoked_one_does_not_count() -> None:
    story = with_account()
    for number in range(CLIENTS_MAX):
        story.when(replace(FEDERATE, client_id=UUID(int=number)))
    with pytest.raises(InvalidValue, match="at most 100 clients"):
        story.when(REGISTER)

    story.when(RevokeClient(ORGANIZATION_ID, UUID(int=0))).when(REGISTER).then(
        acme(REGISTERED), acme(ADDED)
    )


def test_a_client_has_at_most_two_live_secrets() -> None:
    story = with_account().when(REGISTER).when(add(SECOND))
    with pytest.raises(Conflict, match="at most 2 live secrets"):
        story.when(add(THIRD))

    story.when(RevokeClientSecret(ORGANIZATION_ID, CLIENT, FIRST)).then(
        acme(ClientSecretRevoked(client_id=CLIENT, secret_id=FIRST))
    )
    assert len(story.when(add(THIRD)).decisions) == 1


def test_a_secret_that_has_expired_makes_room() -> None:
    story = with_account().when(REGISTER).when(add(SECOND, after=timedelta(days=30)))

    assert len(story.when(add(THIRD, after=YEAR)).decisions) == 1


def test_a_federated_or_revoked_client_gets_no_secret() -> None:
    with pytest.raises(Conflict, match="federated client has no secrets"):
        with_account().when(FEDERATE).when(add(SECOND))
    with pytest.raises(InvalidValue, match="is revoked"):
        with_account().when(REGISTER).when(REVOKE).when(add(SECOND))


def test_a_trust_is_changed_in_part_or_not_at_all() -> None:
    story = with_account().when(FEDERATE)
    command = ChangeClientTrust(ORGANIZATION_ID, CLIENT, None, ("api://clm", "api://moved"))

    story.when(command).then(
        acme(
            ClientTrustChanged(
                client_id=CLIENT, subjects=("sub",), audiences=("api://clm", "api://moved")
            )
        )
    )
    story.when(command).then()
    for wrong in ((), ("a b",), ("a", "a")):
        with pytest.raises(InvalidValue):
            story.when(replace(command, audiences=wrong))


def test_only_a_federated_client_that_is_not_revoked_has_a_trust_to_change() -> None:
    command = ChangeClientTrust(ORGANIZATION_ID, CLIENT, ("a",), None)

    with pytest.raises(InvalidValue, match="Only a federated client"):
        with_account().when(REGISTER).when(command)
    with pytest.raises(InvalidValue, match="is revoked"):
        with_account().when(FEDERATE).when(REVOKE).when(command)
    with pytest.raises(NotFound, match="There is no client"):
        with_account().when(command)


def test_a_client_is_revoked_once() -> None:
    story = with_account().when(REGISTER).when(REVOKE)

    story.then(acme(ClientRevoked(client_id=CLIENT)))
    story.when(REVOKE).then()


def test_a_secret_is_revoked_once() -> None:
    command = RevokeClientSecret(ORGANIZATION_ID, CLIENT, FIRST)

    with_account().when(REGISTER).when(command).when(command).then()


def test_an_unknown_client_or_secret_is_not_found() -> None:
    with pytest.raises(NotFound, match=f"has no secret {NOBODY}"):
        with_account().when(REGISTER).when(RevokeClientSecret(ORGANIZATION_ID, CLIENT, NOBODY))
    for command in (REVOKE, add(SECOND), RevokeClientSecret(ORGANIZATION_ID, CLIENT, FIRST)):
        with pytest.raises(NotFound, match=f"There is no client {CLIENT}"):
            with_account().when(command)


@pytest.mark.parametrize("command", [REGISTER, REVOKE, add(SECOND)])
def test_an_organization_that_does_not_exist_is_not_found(command: ClientCommand) -> None:
    with pytest.raises(NotFound, match="no such organization"):
        Story(BatchState()).when(command)
