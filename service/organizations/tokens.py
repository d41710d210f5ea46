"""Issues and revokes bearer tokens."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventstore.events import Provenance
from projections.directory import organizations as admin
from schema.events.organization import Organization
from schema.scim.errors import NotFound
from service.callers.access_tokens import SCOPE, encode_token, hash_jti
from service.callers.caller import Caller
from service.ids import new_id
from service.organizations.register import TECHNICAL_ACCOUNT
from service.runtime import Runtime
from service.write.commands import IssueToken, RevokeToken

JTI_BYTES = 32


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, which is shown only once, and the id by which it is listed and revoked."""

    token: str
    token_id: UUID
    account_id: UUID
    expires_at: datetime | None


async def issue_token(
    runtime: Runtime,
    organization: Organization,
    label: str,
    *,
    account: str | None = None,
    lifetime: timedelta | None = None,
    provenance: Provenance,
) -> IssuedToken:
    """Make a bearer token for a technical account: by default, the one created with the organization.

    Errors: NotFound if the account does not exist; InvalidValue if it may not hold tokens.
    """
    account_id = await find_account_id(runtime, organization, account)
    now = datetime.now(UTC).replace(microsecond=0)
    expires_at = now + lifetime if lifetime else None
    jti, token_id = secrets.token_urlsafe(JTI_BYTES), new_id()
    command = IssueToken(
        organization.id, token_id, hash_jti(jti), account_id, label, SCOPE, expires_at
    )
    await runtime.lanes.submit(command, Caller(organization, None, provenance.source), provenance)
    token = encode_token(
        runtime.signing_key,
        organization_id=organization.id,
        account_id=account_id,
        jti=jti,
        issued_at=now,
        expires_at=expires_at,
    )
    return IssuedToken(token, token_id, account_id, expires_at)


async def revoke_token(
    runtime: Runtime, organization: Organization, token_id: UUID, *, provenance: Provenance
) -> bool:
    """Revoke a token; return whether it was not revoked before. Errors: NotFound."""
    command = RevokeToken(organization.id, token_id)
    caller = Caller(organization, None, provenance.source)
    outcome = await runtime.lanes.submit(command, caller, provenance)
    return outcome.is_changed


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
