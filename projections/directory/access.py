"""What a bearer token stands for: its organization, its account, and whether they may still use it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.directory.load import organization_of
from schema.events.organization import TOKEN_ROLE, Organization

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class TokenState:
    """A known token. `is_active` and `is_entitled` are properties of its technical account."""

    organization: Organization
    token_id: UUID
    account_id: UUID
    revoked_at: datetime | None
    expires_at: datetime | None
    allowed_networks: tuple[str, ...]  # In CIDR form; empty: from any address.
    is_active: bool
    is_entitled: bool  # The account has the role that may hold tokens.


async def find_token_state(connection: Connection, jti_hash: str) -> TokenState | None:
    """Return what stands behind a token, or None if the token is unknown."""
    row = await connection.fetchrow(statement("find_token_state"), jti_hash)
    if row is None:
        return None
    organization = organization_of(row)
    return TokenState(
        organization=organization,
        token_id=row["token_id"],
        account_id=row["account_id"],
        revoked_at=row["revoked_at"],
        expires_at=row["expires_at"],
        allowed_networks=tuple(row["allowed_networks"]),
        is_active=bool(row["active"]),
        is_entitled=row["role_id"] == organization.roles[TOKEN_ROLE],
    )
