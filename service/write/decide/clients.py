"""Decide what a command does to the OAuth clients of an organization."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from schema.events.client import (
    Client,
    ClientRegistered,
    ClientRevoked,
    ClientSecretAdded,
    ClientSecretRevoked,
    ClientTrustChanged,
)
from schema.events.event import Event
from schema.events.organization import TOKEN_ROLE, Organization
from schema.scim.errors import Conflict, InvalidValue, NotFound, ScimError
from service.write.commands import (
    AddClientSecret,
    ChangeClientTrust,
    ClientCommand,
    NewSecret,
    RegisterClient,
    RevokeClient,
    RevokeClientSecret,
)
from service.write.decide.state import BatchState, Decision, decisions
from service.write.decide.text import refuse_control_characters

LABEL_LENGTH_MAX = 200
CLIENTS_MAX = 100  # That are not revoked, per organization.
SECRETS_MAX = 2  # Live ones of a client: the one in use, and the next one.
SECRET_LIFETIME_MAX = timedelta(days=3 * 366)
VALUES_MAX = 20  # Subjects, and audiences, of a client.
VALUE_LENGTH_MAX = 500
PRINTABLE = frozenset(map(chr, range(0x21, 0x7F)))  # ASCII without blanks.


def decide(command: ClientCommand, state: BatchState) -> list[Decision]:
    """Return the events that a command leads to; none if it changes nothing.

    Errors: InvalidValue, NotFound.
    """
    if state.organization is None:
        raise NotFound("There is no such organization.")
    return decisions(command.organization_id, _events(command, state.organization, state))


def _events(
    command: ClientCommand, organization: Organization, state: BatchState
) -> Sequence[Event]:
    match command:
        case RegisterClient():
            return _register(command, organization, state)
        case AddClientSecret():
            return _add_secret(command, organization)
        case RevokeClientSecret():
            return _revoke_secret(command, organization)
        case ChangeClientTrust():
            return _change_trust(command, organization)
        case RevokeClient():
            client = _existing(organization, command)
            return [] if client.revoked_at else [ClientRevoked(client_id=client.id)]
        case _:
            assert_never(command)


def _register(
    command: RegisterClient, organization: Organization, state: BatchState
) -> list[Event]:
    account = state.user(command.account_id)
    if account is None:
        raise _about("accountId", NotFound(f"There is no user {command.account_id}."))
    if not account.active or organization.role_name(account.role_id) != TOKEN_ROLE:
        raise _wrong("accountId", f"A technical account must be active and an {TOKEN_ROLE}.")
    if sum(each.revoked_at is None for each in organization.clients.values()) >= CLIENTS_MAX:
        raise InvalidValue(
            f"An organization has at most {CLIENTS_MAX} clients; revoke one that is not used."
        )
    _check_label(command.label)
    if not command.scopes:
        raise _wrong("scopes", "A client needs at least one scope, such as scim.")
    if command.kind == "federated":
        if not command.issuer:
            raise _wrong("issuer", "A federated client needs an issuer: the iss of its assertions.")
        _check_trust(command.subjects, command.audiences)
    elif command.issuer or command.subjects or command.audiences:
        raise _wrong(
            "kind", "Only a client of the kind federated has issuer, subjects and audiences."
        )
    registered = ClientRegistered(
        client_id=command.client_id,
        account_id=command.account_id,
        label=command.label,
        kind=command.kind,
        scopes=command.scopes,
        issuer=command.issuer,
        subjects=command.subjects,
        audiences=command.audiences,
    )
    if command.secret is None:
        return [registered]
    return [registered, _added(command, command.secret, command.now)]


def _check_label(label: str) -> None:
    if not label.strip() or len(label) > LABEL_LENGTH_MAX:
        raise _wrong("label", f"A client's label has 1 to {LABEL_LENGTH_MAX} characters.")
    refuse_control_characters("A client's label", label)


def _check_trust(subjects: Sequence[str], audiences: Sequence[str]) -> None:
    """Refuse a trust in nobody, or in too many. Errors: InvalidValue."""
    for name, values in (("subjects", subjects), ("audiences", audiences)):
        if not values:
            raise _wrong(name, f"A federated client needs {name}: at least one exact value.")
        if len(values) > VALUES_MAX or len(set(values)) < len(values):
            raise _wrong(name, f"A client has at most {VALUES_MAX} {name}, and each one once.")
        for value in values:
            if not value or len(value) > VALUE_LENGTH_MAX or not PRINTABLE.issuperset(value):
                raise _wrong(
                    name,
                    f"Each of {name} has 1 to {VALUE_LENGTH_MAX} printable ASCII characters, no blanks.",
                )


def _add_secret(command: AddClientSecret, organization: Organization) -> list[Event]:
    client = _existing(organization, command)
    _refuse_revoked(client)
    if client.kind != "secret":
        raise Conflict("A federated client has no secrets: its issuer vouches for it.")
    if len(client.live_secrets(command.now)) >= SECRETS_MAX:
        raise Conflict(
            f"A client has at most {SECRETS_MAX} live secrets; revoke the one that is not used."
        )
    return [_added(command, command.secret, command.now)]


def _added(
    command: RegisterClient | AddClientSecret, secret: NewSecret, now: datetime
) -> ClientSecretAdded:
    if not now < secret.expires_at <= now + SECRET_LIFETIME_MAX:
        raise _wrong("expiresAt", "A secret expires in the future, at most 3 years from now.")
    return ClientSecretAdded(
        client_id=command.client_id,
        secret_id=secret.id,
        secret_hash=secret.hash,
        expires_at=secret.expires_at,
    )


def _revoke_secret(command: RevokeClientSecret, organization: Organization) -> list[Event]:
    client = _existing(organization, command)
    secret = client.secrets.get(command.secret_id)
    if secret is None:
        raise NotFound(f"Client {client.id} has no secret {command.secret_id}.")
    if secret.revoked_at:
        return []
    return [ClientSecretRevoked(client_id=client.id, secret_id=secret.id)]


def _change_trust(command: ChangeClientTrust, organization: Organization) -> list[Event]:
    client = _existing(organization, command)
    _refuse_revoked(client)
    if client.kind != "federated":
        raise InvalidValue("Only a federated client has subjects and audiences.")
    subjects = client.subjects if command.subjects is None else command.subjects
    audiences = client.audiences if command.audiences is None else command.audiences
    _check_trust(subjects, audiences)
    if (subjects, audiences) == (client.subjects, client.audiences):
        return []
    return [ClientTrustChanged(client_id=client.id, subjects=subjects, audiences=audiences)]


def _refuse_revoked(client: Client) -> None:
    if client.revoked_at:
        raise InvalidValue(f"Client {client.id} is revoked; register a new one.")


def _existing(
    organization: Organization,
    command: AddClientSecret | RevokeClientSecret | ChangeClientTrust | RevokeClient,
) -> Client:
    client = organization.clients.get(command.client_id)
    if client is None:
        raise NotFound(f"There is no client {command.client_id}.")
    return client


def _wrong(attribute: str, detail: str) -> ScimError:
    return _about(attribute, InvalidValue(detail))


def _about(attribute: str, refusal: ScimError) -> ScimError:
    """Return a refusal that names what it is about."""
    refusal.attribute = attribute
    return refusal
