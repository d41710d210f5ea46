"""What a bearer token stands for: its organization, its account, and whether they may still use it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.directory.load import client_of, organization_of
from schema.events.client import Client
from schema.events.organization import TOKEN_ROLE, Organization

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class TokenState:
    """A known token, or a known OAuth client. `is_active` and `is_entitled` are properties of its account."""

    organization: Organization
    token_id: UUID  # Of an access token: the id of its client.
    account_id: UUID
    revoked_at: datetime | None
    expires_at: datetime | None
    allowed_networks: tuple[str, ...]  # In CIDR form; empty: from any address.
    is_active: bool
    is_entitled: bool  # The account has the role that may hold tokens.


async def find_token_state(connection: Connection, jti_hash: str) -> TokenState | None:
    """Return what stands behind a token, or None if the token is unknown."""
    row = await connection.fetchrow(statement("find_token_state"), jti_hash)
    return None if row is None else _state(row)


async def find_client_state(connection: Connection, client_id: UUID) -> TokenState | None:
    """Return what stands behind the access tokens of an OAuth client, or None if the client is unknown."""
    row = await connection.fetchrow(statement("find_client_state"), client_id)
    return None if row is None else _state(row)


async def find_client(connection: Connection, client_id: UUID) -> Client | None:
    """Return an OAuth client of any organization, or None if the client is unknown."""
    row = await connection.fetchrow(statement("find_client"), client_id)
    return None if row is None else client_of(row)


def _state(row: asyncpg.Record) -> TokenState:
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
