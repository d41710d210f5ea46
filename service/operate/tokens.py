"""Tokens of operators: random texts of which the database keeps a hash. They belong to no organization."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from schema.scim.errors import InvalidValue
from service.ids import new_id

statement = statements_in(__package__)

PREFIX: Final = "slop_"  # By which a scanner of secrets knows them.
TOKEN_BYTES: Final = 32
LABEL_LENGTH_MAX: Final = 200


class OperatorToken(NamedTuple):
    """A token of an operator, without its value."""

    id: UUID
    label: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def state(self) -> str:
        """Return whether it is accepted."""
        if self.revoked_at is not None:
            return "revoked"
        is_over = self.expires_at is not None and self.expires_at <= datetime.now(UTC)
        return "expired" if is_over else "active"


def hash_of(token: str) -> str:
    """Return what is stored in place of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


async def issue(
    pool: asyncpg.Pool, label: str, *, lifetime: timedelta | None, created_by: str
) -> tuple[str, OperatorToken]:
    """Make a token; return it, this once, with its row. Errors: InvalidValue."""
    if not label.strip() or len(label) > LABEL_LENGTH_MAX or not label.isprintable():
        raise InvalidValue(f"A label has 1 to {LABEL_LENGTH_MAX} printable characters.")
    token, now = PREFIX + secrets.token_urlsafe(TOKEN_BYTES), datetime.now(UTC)
    expires_at = now + lifetime if lifetime else None
    made = OperatorToken(new_id(), label, created_by, now, expires_at, None)
    async with pool.acquire() as connection:
        await connection.execute(
            statement("add_operator_token"),
            *(made.id, hash_of(token), label, created_by, now, expires_at),
        )
    return token, made


async def find(connection: Connection, token: str) -> OperatorToken | None:
    """Return what stands behind a token; None if it is unknown."""
    row = await connection.fetchrow(statement("find_operator_token"), hash_of(token))
    return OperatorToken(*row) if row else None


async def list_all(pool: asyncpg.Pool) -> list[OperatorToken]:
    """Return all tokens of operators, oldest first."""
    async with pool.acquire() as connection:
        return [
            OperatorToken(*row) for row in await connection.fetch(statement("list_operator_tokens"))
        ]


async def revoke(pool: asyncpg.Pool, token_id: UUID) -> bool | None:
    """Revoke a token; return whether it was not revoked before, None if there is no such token."""
    async with pool.acquire() as connection:
        found: bool | None = await connection.fetchval(statement("revoke_operator_token"), token_id)
        return found
