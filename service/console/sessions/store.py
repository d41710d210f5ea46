"""The sessions of the console, in Postgres: every process knows them, and ending one ends it everywhere at once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import asyncpg

from eventstore.postgres.statements import statements_in
from service.console.sessions.links import digest_of
from service.ids import new_id

statement = statements_in(__package__)

IDLE: Final = timedelta(hours=1)  # A session that is not used for so long has ended.
LIFETIME: Final = timedelta(hours=12)  # So has one that began so long ago.
FRESH: Final = timedelta(minutes=10)  # How long ago a sign-in may be for what makes secrets.
NOTED_EVERY: Final = timedelta(minutes=1)  # A use is written at most so often.
SECRET_BYTES: Final = 32
USER_AGENT_MAX: Final = 300

Way = Literal["link", "oidc"]


@dataclass(frozen=True, slots=True)
class Session:
    """A session. Without a person, a link signed in whoever opened it."""

    id: UUID
    organization_id: UUID | None
    person_id: UUID | None
    roles: tuple[str, ...]
    actor: str
    way: Way
    created_at: datetime
    used_at: datetime
    fresh_at: datetime
    user_agent: str
    address: str

    def is_fresh(self, now: datetime, within: timedelta = FRESH) -> bool:
        """Return whether the sign-in is recent enough for what makes secrets."""
        return now - self.fresh_at <= within


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that begins."""

    organization_id: UUID | None
    person_id: UUID | None
    roles: Sequence[str]
    actor: str
    way: Way
    user_agent: str
    address: str
    fresh_at: datetime  # When the person proved who they are.


async def begin_session(pool: asyncpg.Pool, new: NewSession) -> str:
    """Begin a session; return the secret for its cookie."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    async with pool.acquire() as connection:
        await connection.execute(
            statement("save_session"),
            new_id(),
            digest_of(secret),
            new.organization_id,
            new.person_id,
            list(new.roles),
            new.actor,
            new.way,
            new.user_agent[:USER_AGENT_MAX].replace("\0", ""),
            new.address,
            IDLE,
            LIFETIME,
            new.fresh_at,
        )
    return secret


async def find_session(pool: asyncpg.Pool, secret: str) -> Session | None:
    """Return the session of a cookie, and note its use; None if it has ended or never was."""
    async with pool.acquire() as connection:
        row = await connection.fetchrow(
            statement("find_session"), digest_of(secret), IDLE, LIFETIME
        )
        if row is None:
            return None
        found = _session(row)
        if datetime.now(UTC) - found.used_at > NOTED_EVERY:
            await connection.execute(statement("use_session"), found.id)
    return found


async def list_sessions(pool: asyncpg.Pool, organization_id: UUID) -> list[Session]:
    """Return the sessions of an organization, the latest first."""
    async with pool.acquire() as connection:
        rows = await connection.fetch(statement("list_sessions"), organization_id, IDLE, LIFETIME)
    return [_session(each) for each in rows]


async def end_session(pool: asyncpg.Pool, session_id: UUID, organization_id: UUID | None) -> bool:
    """End a session of an organization; return whether there was one."""
    async with pool.acquire() as connection:
        return bool(
            await connection.fetchval(statement("end_session"), session_id, organization_id)
        )


def _session(row: asyncpg.Record) -> Session:
    return Session(**{**row, "roles": tuple(row["roles"])})


async def use_form_key(pool: asyncpg.Pool, session_id: UUID, key: UUID) -> bool:
    """Use the one-time key of a form up; return whether it was not used before."""
    async with pool.acquire() as connection:
        return bool(await connection.fetchval(statement("use_form_key"), session_id, key))
