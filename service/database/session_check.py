"""Whether a session is what we asked for. A pooler between us and Postgres may drop that silently.

PgBouncer's `ignore_startup_parameters` means *dropped*, and in transaction mode it throws notifications away. Without
our timeouts, a service that hangs would hold a log's lock for ever, and a commit that waits for a synchronous standby
would be reported as done. So the service refuses such a session when it starts, and names the statements that mend it.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from service.database.logins.given import quoted
from service.database.pool import SESSION

statement = statements_in(__package__)

NOTIFIED_TIMEOUT_S = 2.0
FOLLOWERS_IDLE: Final = (
    "3s"  # Of the followers' sessions; a login has one value for all of its sessions.
)
# What only speed or a name depends on.
HARMLESS: Final = frozenset({"application_name", "jit", "plan_cache_mode"})
# A smaller value than ours serves as well.
MAY_BE_LESS: Final = frozenset({"idle_in_transaction_session_timeout", "lock_timeout"})


class SessionProblem(Exception):
    """Postgres's session is not what the service asked for; the message says what mends it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is. `differing` has the settings that are not as we asked: name → value."""

    role: str
    database: str
    differing: Mapping[str, str]

    @property
    def wrong(self) -> list[str]:
        """Return the settings that the service cannot do without."""
        return sorted(self.differing.keys() - HARMLESS)

    @property
    def remedy(self) -> list[str]:
        """Return the statements that mend it, for the owner of the database."""
        place = f"ALTER ROLE {quoted(self.role)} IN DATABASE {quoted(self.database)} SET"
        wanted = {**SESSION, "idle_in_transaction_session_timeout": FOLLOWERS_IDLE}
        return [f"{place} {name} = '{wanted[name]}';" for name in self.wrong]


async def find_session(connection: Connection) -> Session:
    """Return what the session of a connection of the pool is."""
    rows = await connection.fetch(statement("find_session_settings"), list(SESSION))
    differing = {
        row["name"]: row["value"]
        for row in rows
        if row["value"] is not None and not serves(row["name"], row["value"])
    }
    return Session(rows[0]["role"], rows[0]["database"], differing)


def serves(name: str, value: str) -> bool:
    """Return whether a value of a setting does what ours does."""
    wanted = SESSION[name]
    if name not in MAY_BE_LESS:
        return value == wanted
    return 0 < milliseconds(value) <= milliseconds(wanted)


def milliseconds(value: str) -> float:
    """Return a duration as Postgres shows it, such as 6s, 250ms, 2min or 0."""
    for unit, factor in (("ms", 1), ("min", 60_000), ("s", 1_000), ("h", 3_600_000)):
        if value.endswith(unit):
            return float(value.removesuffix(unit)) * factor
    return float(value) if value.isdecimal() else float("inf")


async def refuse_other_session(pool: asyncpg.Pool) -> None:
    """Refuse a session without what we need. Errors: SessionProblem."""
    async with pool.acquire() as connection:
        session = await find_session(connection)
    if session.wrong:
        raise SessionProblem(problem_of(session))


def problem_of(session: Session) -> str:
    """Return what is wrong with a session, and what mends it."""
    return (
        f"A pooler between the service and Postgres drops what a session asks for ({', '.join(session.wrong)}). Let the "
        f"login bring it: run as the owner of the database, {' '.join(session.remedy)} and restart the pooler."
    )


async def hears_notifications(connection: Connection, other: Connection) -> bool:
    """Return whether a notification that another connection sends reaches one that listens.

    One's own would prove nothing: a pooler in transaction mode often uses the same session of Postgres for both.
    """
    channel, heard = f"scim_ledger_check_{secrets.token_hex(4)}", asyncio.Event()

    def on_notified(*_: object) -> None:
        heard.set()

    await connection.add_listener(channel, on_notified)
    try:
        await other.execute(f"NOTIFY {channel}")
        async with asyncio.timeout(NOTIFIED_TIMEOUT_S):
            await heard.wait()
    except TimeoutError:
        return False
    finally:
        await connection.remove_listener(channel, on_notified)
    return True
