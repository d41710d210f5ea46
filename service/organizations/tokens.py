"""Issues, rotates and revokes bearer tokens."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from eventstore.events import Provenance
from projections.directory import organizations as admin
from projections.directory.load import load_tokens
from schema.events.organization import Organization
from schema.scim.errors import InvalidValue, NotFound
from service.callers.access_tokens import encode_token, hash_jti
from service.callers.acting import acting
from service.callers.scopes import DEFAULT, scope_text
from service.ids import new_id
from service.organizations.register import TECHNICAL_ACCOUNT
from service.runtime import Runtime
from service.write.commands import IssueToken, RevokeToken, RotateToken

JTI_BYTES: Final = 32
LIFETIME: Final = timedelta(days=365)  # Of a token for which nothing else is asked.
LIFETIME_MAX: Final = timedelta(days=3_650)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, which is shown only once, and the id by which it is listed and revoked."""

    token: str
    token_id: UUID
    account_id: UUID
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new token is to be. Its account is named by id or by userName, or is the organization's first."""

    label: str
    account_id: UUID | None = None
    account: str | None = None
    scopes: Collection[str] = DEFAULT
    expires_at: datetime | None = None
    allowed_networks: Sequence[str] = ()


async def issue_token(
    runtime: Runtime,
    organization: Organization,
    label: str,
    *,
    account: str | None = None,
    scopes: Collection[str] = DEFAULT,
    lifetime: timedelta | None = LIFETIME,
    allowed_networks: Sequence[str] = (),
    provenance: Provenance,
) -> IssuedToken:
    """Make a bearer token for a technical account: by default, the one created with the organization.

    With a lifetime of None it does not expire.
    Errors: NotFound if the account does not exist; InvalidValue; Forbidden for scopes that the door may not grant.
    """
    expires_at = _now() + lifetime if lifetime else None
    wanted = Wanted(label, None, account, scopes, expires_at, allowed_networks)
    return await issue_wanted(runtime, organization, wanted, provenance=provenance)


async def issue_wanted(
    runtime: Runtime, organization: Organization, wanted: Wanted, *, provenance: Provenance
) -> IssuedToken:
    """Make the bearer token that is wanted. Errors: those of `issue_token`."""
    account_id = wanted.account_id or await find_account_id(runtime, organization, wanted.account)
    now, jti = _now(), secrets.token_urlsafe(JTI_BYTES)
    command = _command(organization.id, account_id, wanted, jti=jti, now=now)
    await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return _issued(runtime, command, jti, now)


async def rotate_token(
    runtime: Runtime,
    organization: Organization,
    token_id: UUID,
    *,
    overlap_until: datetime | None = None,
    provenance: Provenance,
) -> IssuedToken:
    """Make a successor of a token, which then ends: at once, or when the overlap ends.

    The successor has the same label, account, scopes and networks, and lives as long as the token was made for.
    Errors: NotFound; Conflict if the token is revoked or expired; InvalidValue; Forbidden.
    """
    async with runtime.pool.acquire() as connection:
        former = (await load_tokens(connection, organization.id)).get(token_id)
    if former is None:
        raise NotFound(f"There is no token {token_id}.")
    now, jti = _now(), secrets.token_urlsafe(JTI_BYTES)
    lifetime = former.expires_at - former.issued_at if former.expires_at else LIFETIME
    wanted = Wanted(
        former.label,
        scopes=former.scope.split(),
        expires_at=(now + max(lifetime, timedelta(days=1))).replace(microsecond=0),
        allowed_networks=former.allowed_networks,
    )
    successor = _command(organization.id, former.account_id, wanted, jti=jti, now=now)
    ends_at = _checked_end("overlapUntil", overlap_until, now) if overlap_until else now
    command = RotateToken(organization.id, token_id, successor, now, ends_at)
    await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return _issued(runtime, successor, jti, now)


async def revoke_token(
    runtime: Runtime, organization: Organization, token_id: UUID, *, provenance: Provenance
) -> bool:
    """Revoke a token; return whether it was not revoked before. Errors: NotFound."""
    command = RevokeToken(organization.id, token_id)
    outcome = await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return outcome.is_changed


def _command(
    organization_id: UUID, account_id: UUID, wanted: Wanted, *, jti: str, now: datetime
) -> IssueToken:
    return IssueToken(
        organization_id,
        new_id(),
        hash_jti(jti),
        account_id,
        wanted.label,
        scope_text(wanted.scopes),
        _checked_end("expiresAt", wanted.expires_at, now).replace(microsecond=0)
        if wanted.expires_at
        else None,
        tuple(wanted.allowed_networks),
    )


def _checked_end(field: str, at: datetime, now: datetime) -> datetime:
    """Return an instant of the coming years in UTC. Errors: InvalidValue."""
    if not now < at <= now + LIFETIME_MAX:
        refusal = InvalidValue(
            f"{field} is in the future, within {LIFETIME_MAX.days:,} days; choose another instant."
        )
        refusal.attribute = field
        raise refusal
    return at.astimezone(UTC)


def _issued(runtime: Runtime, command: IssueToken, jti: str, now: datetime) -> IssuedToken:
    token = encode_token(
        runtime.signing_key,
        organization_id=command.organization_id,
        account_id=command.account_id,
        jti=jti,
        issued_at=now,
        expires_at=command.expires_at,
        scope=command.scope,
    )
    return IssuedToken(token, command.token_id, command.account_id, command.expires_at)


async def find_account_id(
    runtime: Runtime, organization: Organization, account: str | None
) -> UUID:
    """Return the id of a technical account by userName: by default, the one created with the organization.

    Errors: NotFound.
    """
    async with runtime.pool.acquire() as connection:
        found = await admin.find_account(connection, organization.id, account or TECHNICAL_ACCOUNT)
    if found is None:
        raise NotFound(f"There is no user {account or TECHNICAL_ACCOUNT!r} in {organization.name}.")
    return found


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def default_end() -> datetime:
    """Return when a token expires for which nothing else is asked."""
    return _now() + LIFETIME
