"""The service's login where only the owner's is given: made here, with a random password that nobody needs to know.

The password is stored in the database, sealed under the master key. Two logins alternate. A renewal gives the
one that is not in use a new password and makes it the newest; the other one stays valid for a day, in which
every process learns of the new one. One login would not do, because a role has only one password, and VALID
UNTIL only ends it.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import asyncpg
import structlog

from eventstore.errors import BrokenSeal
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.database.logins.given import OWNERS_SETTING, SERVICE_ROLE, LoginProblem, quoted
from service.database.logins.scram import new_password, verifier

statement = statements_in(__package__)


RENEWED_AFTER = timedelta(days=30)
OVERLAP = timedelta(days=1)  # How long the former login stays valid.
FIRST, SECOND = "a", "b"

log = structlog.get_logger()


class StoredLogin(NamedTuple):
    """A login with its password."""

    name: str
    password: str


async def find_stored_login(connection: Connection, sealer: Sealer) -> StoredLogin | None:
    """Return the service's login of this database; None if it is due to be made or renewed. Any login may ask."""
    row = await connection.fetchrow(statement("find_stored_login"))
    if row is None or not row["is_usable"] or row["age_s"] > RENEWED_AFTER.total_seconds():
        return None
    return _opened(sealer, row)


async def usable_login(connection: Connection, sealer: Sealer) -> StoredLogin:
    """Return the service's login of this database, after making or renewing it if that is due.

    The connection is the owner's. Errors: LoginProblem if the owner may not make logins.
    """
    if found := await find_stored_login(connection, sealer):
        return found
    async with connection.transaction():
        await connection.execute(statement("lock_logins"))
        # Another process may have been faster.
        return await find_stored_login(connection, sealer) or await _renew(connection, sealer)


async def renewed_login(
    connection: Connection, sealer: Sealer, *, former: StoredLogin
) -> StoredLogin:
    """Return another login than `former`, on a connection of the owner: renewed now, unless another process has done so.

    Errors: LoginProblem.
    """
    async with connection.transaction():
        await connection.execute(statement("lock_logins"))
        found = await find_stored_login(connection, sealer)
        if found is not None and found != former:
            return found
        return await _renew(connection, sealer)


def _opened(sealer: Sealer, row: asyncpg.Record) -> StoredLogin | None:
    try:
        password = sealer.unwrap_secret(row["sealed_password"], context=_context(row["name"]))
    except BrokenSeal:
        log.warning("service_login_not_readable", login=row["name"])
        return None
    return StoredLogin(row["name"], password.decode())


async def _renew(connection: Connection, sealer: Sealer) -> StoredLogin:
    """Give the login that is not in use a new password. The caller holds the lock."""
    database = await connection.fetchrow(statement("find_database"))
    former = await connection.fetchrow(statement("find_stored_login"))
    name, other = (f"{SERVICE_ROLE}_{database['oid']}_{each}" for each in (FIRST, SECOND))
    if former is not None and former["name"] == name:
        name, other = other, name
    password = new_password()
    try:
        await _make(connection, name, verifier(password))
        await _end(connection, other)
    except asyncpg.InsufficientPrivilegeError as error:
        raise LoginProblem(_remedy(database["account"], error)) from error
    sealed = sealer.wrap_secret(password.encode(), context=_context(name))
    await connection.execute(statement("save_login"), name, database["oid"], sealed)
    if former is not None:  # The first one is no news: a first start shows what its reader needs.
        log.info("service_login_renewed", login=name)
    return StoredLogin(name, password)


async def _make(connection: Connection, name: str, password: str) -> None:
    """Make a login, or give it a new password. It has the rights of the service and no others."""
    role = await connection.fetchrow(statement("find_role"), name)
    verb = "CREATE" if role is None else "ALTER"
    await connection.execute(
        f"{verb} ROLE {quoted(name)} LOGIN INHERIT PASSWORD '{password}' VALID UNTIL 'infinity'"
    )
    if role is None or not role["may_serve"]:
        await connection.execute(f"GRANT {SERVICE_ROLE} TO {quoted(name)}")


async def _end(connection: Connection, name: str) -> None:
    """End the validity of the former login, once all processes have had time to learn of the new one."""
    if await connection.fetchrow(statement("find_role"), name):
        until = (datetime.now(UTC) + OVERLAP).isoformat()
        await connection.execute(f"ALTER ROLE {quoted(name)} VALID UNTIL '{until}'")


async def rewrap_logins(connection: Connection, sealer: Sealer) -> None:
    """Wrap the stored passwords with the master key that wraps now. The caller owns the transaction.

    One that does not open stays as it is: a new one is made when it is needed.
    """
    await connection.execute(statement("lock_logins"))
    for row in await connection.fetch(statement("load_logins")):
        name = row["name"]
        try:
            again = sealer.rewrap_secret(row["sealed_password"], context=_context(name))
        except BrokenSeal:
            continue
        await connection.execute(statement("rewrap_login"), name, again)


def _context(name: str) -> str:
    """Return what binds a sealed password to its login."""
    return f"login {name}"


def _remedy(account: str, error: asyncpg.InsufficientPrivilegeError) -> str:
    owner = quoted(account)
    return (
        f"The service needs a login that owns nothing, and {account} may not make one ({error.message}). A database "
        f"administrator runs once: CREATE ROLE scim_ledger_login LOGIN PASSWORD '…' IN ROLE {SERVICE_ROLE}; then let "
        f"DATABASE_URL name that login, and give the present one to scim-ledger migrate as {OWNERS_SETTING}. Or the "
        f"administrator lets this account make it: ALTER ROLE {owner} CREATEROLE; "
        f"GRANT {SERVICE_ROLE} TO {owner} WITH ADMIN OPTION;"
    )
