"""Registers and revokes OAuth clients, and their secrets."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventstore.events import Provenance
from schema.events.client import Kind
from schema.events.organization import Organization
from schema.scim.errors import InvalidValue
from service.callers.caller import Caller
from service.callers.client_secrets import hash_secret
from service.callers.issuers import IssuerRules
from service.callers.scopes import SCIM, refuse_ungrantable
from service.ids import new_id
from service.organizations.tokens import find_account_id
from service.runtime import Runtime
from service.write.commands import (
    AddClientSecret,
    ChangeClientTrust,
    ClientCommand,
    NewSecret,
    RegisterClient,
    RevokeClient,
    RevokeClientSecret,
)

SECRET_BYTES = 32
SECRET_LIFETIME = timedelta(days=365)  # Unless the administrator chooses another one.


@dataclass(frozen=True, slots=True)
class NewClient:
    """What an administrator says of a new client. `account_id` None: the organization's first technical account."""

    label: str
    kind: Kind
    account_id: UUID | None = None
    scopes: tuple[str, ...] = (SCIM,)
    expires_at: datetime | None = None  # Of the first secret; None: a year from now.
    issuer: str | None = None
    subjects: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeSecret:
    """A secret, which is shown only once, and the id by which it is listed and revoked."""

    client_id: UUID
    secret_id: UUID
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MadeClient:
    """A new client, with its first secret if it has any."""

    client_id: UUID
    account_id: UUID
    secret: MadeSecret | None


async def register_client(
    runtime: Runtime,
    organization: Organization,
    wanted: NewClient,
    *,
    rules: IssuerRules,
    provenance: Provenance,
) -> MadeClient:
    """Register an OAuth client for a technical account. `rules` say which issuers may vouch for one.

    Errors: NotFound if the account does not exist; InvalidValue if it may not hold tokens, or for what else is wrong.
    """
    refuse_ungrantable(wanted.scopes, provenance.source)
    if wanted.issuer:
        check_issuer(rules, wanted.issuer)
    account_id = wanted.account_id or await find_account_id(runtime, organization, None)
    now, client_id = datetime.now(UTC), new_id()
    made = None
    if wanted.kind == "secret":
        made = _new_secret(client_id, now, wanted.expires_at)
    elif wanted.expires_at:
        raise about(
            "expiresAt", InvalidValue("A federated client has no secret that could expire.")
        )
    command = RegisterClient(
        organization_id=organization.id,
        client_id=client_id,
        account_id=account_id,
        label=wanted.label,
        kind=wanted.kind,
        scopes=wanted.scopes,
        now=now,
        secret=_without_its_value(made) if made else None,
        issuer=wanted.issuer,
        subjects=wanted.subjects,
        audiences=wanted.audiences,
    )
    await _submit(runtime, organization, command, provenance)
    return MadeClient(client_id, account_id, made)


async def add_secret(
    runtime: Runtime,
    organization: Organization,
    client_id: UUID,
    *,
    expires_at: datetime | None = None,
    provenance: Provenance,
) -> MadeSecret:
    """Give a client one more secret. Errors: NotFound; InvalidValue if it has two already, or is federated."""
    now = datetime.now(UTC)
    made = _new_secret(client_id, now, expires_at)
    command = AddClientSecret(organization.id, client_id, _without_its_value(made), now)
    await _submit(runtime, organization, command, provenance)
    return made


async def revoke_secret(
    runtime: Runtime,
    organization: Organization,
    client_id: UUID,
    secret_id: UUID,
    *,
    provenance: Provenance,
) -> bool:
    """Revoke a secret of a client; return whether it was not revoked before. Errors: NotFound."""
    command = RevokeClientSecret(organization.id, client_id, secret_id)
    return await _submit(runtime, organization, command, provenance)


async def change_trust(
    runtime: Runtime,
    organization: Organization,
    client_id: UUID,
    *,
    subjects: tuple[str, ...] | None,
    audiences: tuple[str, ...] | None,
    provenance: Provenance,
) -> bool:
    """Give a federated client other subjects or audiences; return whether that changed anything.

    None leaves a list as it is. Errors: NotFound, InvalidValue.
    """
    command = ChangeClientTrust(organization.id, client_id, subjects, audiences)
    return await _submit(runtime, organization, command, provenance)


async def revoke_client(
    runtime: Runtime, organization: Organization, client_id: UUID, *, provenance: Provenance
) -> bool:
    """Revoke a client, and with it its access tokens; return whether it was not revoked before. Errors: NotFound."""
    return await _submit(
        runtime, organization, RevokeClient(organization.id, client_id), provenance
    )


def check_issuer(rules: IssuerRules, issuer: str) -> None:
    """Refuse an issuer that the operator's rules do not allow. Errors: InvalidValue."""
    try:
        rules.check(issuer)
    except InvalidValue as refusal:
        raise about("issuer", refusal) from None


def about(attribute: str, refusal: InvalidValue) -> InvalidValue:
    """Return a refusal that names the field that it is about."""
    refusal.attribute = attribute
    return refusal


def _new_secret(client_id: UUID, now: datetime, expires_at: datetime | None) -> MadeSecret:
    expires_at = (expires_at or now + SECRET_LIFETIME).replace(microsecond=0)
    return MadeSecret(client_id, new_id(), secrets.token_urlsafe(SECRET_BYTES), expires_at)


def _without_its_value(made: MadeSecret) -> NewSecret:
    return NewSecret(made.secret_id, hash_secret(made.secret), made.expires_at)


async def _submit(
    runtime: Runtime, organization: Organization, command: ClientCommand, provenance: Provenance
) -> bool:
    caller = Caller(organization, None, provenance.source)
    return (await runtime.lanes.submit(command, caller, provenance)).is_changed
