"""One-time links: opening one signs in whoever opens it, once, within ten minutes."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)

LIFETIME: Final = timedelta(minutes=10)
SECRET_BYTES: Final = 32
PATH: Final = "/console/signin/link/"  # The secret follows.


@dataclass(frozen=True, slots=True)
class Link:
    """What a one-time link grants."""

    organization_id: UUID | None
    roles: tuple[str, ...]
    actor: str  # Who made it.


def digest_of(secret: str) -> bytes:
    """Return what is stored of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


async def make_link(
    pool: asyncpg.Pool, organization_id: UUID | None, roles: Sequence[str], actor: str
) -> str:
    """Make a one-time link; return its path."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    async with pool.acquire() as connection:
        await connection.execute(
            statement("save_link"), digest_of(secret), organization_id, list(roles), actor, LIFETIME
        )
    return PATH + secret


async def take_link(pool: asyncpg.Pool, secret: str) -> Link | None:
    """Use a link up; None if there is none with this secret, it was used before, or it has ended."""
    async with pool.acquire() as connection:
        row = await connection.fetchrow(statement("take_link"), digest_of(secret))
    if row is None or row["has_ended"]:
        return None
    return Link(row["organization_id"], tuple(row["roles"]), row["actor"])
