"""The service's login where the owner's is given apart: `migrate` makes the one that DATABASE_URL names."""

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.database_url import login_of
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in
from service.database.logins.given import (
    CONNECT_TIMEOUT_S,
    SERVICE_ROLE,
    LoginProblem,
    look_at,
    quoted,
)
from service.database.logins.scram import ITERATIONS, verifier

statement = statements_in(__package__)


async def provide_login(owner_url: str, url: str) -> list[str]:
    """Make the login that a URL names, if it does not exist, and let it serve; return what was done.

    If Postgres refuses the password of a login that serves already, it gets the one of the URL: that is how an
    operator changes it. Errors: LoginProblem, asyncpg's on connecting.
    """
    user, password = login_of(url)
    if user is None:
        raise LoginProblem(
            "DATABASE_URL must name the login of the service: postgresql://user:password@…"
        )
    connection = await connect(owner_url, timeout_s=CONNECT_TIMEOUT_S)
    try:
        return await _provide(connection, url, user, password)
    except asyncpg.InsufficientPrivilegeError as error:
        raise LoginProblem(
            f"The owner may not make the login {user} ({error.message}). A database administrator runs once: "
            f"CREATE ROLE {quoted(user)} LOGIN PASSWORD '…'; GRANT {SERVICE_ROLE} TO {quoted(user)};"
        ) from error
    finally:
        await connection.close()


async def _provide(connection: Connection, url: str, user: str, password: str | None) -> list[str]:
    done = []
    role = await connection.fetchrow(statement("find_role"), user)
    if role is None:
        await connection.execute(f"CREATE ROLE {quoted(user)} LOGIN INHERIT{_password(password)}")
        done.append(f"login {user}")
    elif role["may_serve"] and await _is_refused(url):
        await connection.execute(f"ALTER ROLE {quoted(user)}{_password(password)}")
        done.append(f"password of {user}")
    if role is None or not role["may_serve"]:
        await connection.execute(f"GRANT {SERVICE_ROLE} TO {quoted(user)}")
        done.append(f"grant {SERVICE_ROLE} to {user}")
    return done


async def _is_refused(url: str) -> bool:
    try:
        await look_at(url)
    except asyncpg.InvalidPasswordError:
        return True
    return False


def _password(password: str | None) -> str:
    if (
        password is None
    ):  # The server knows this login otherwise: by a certificate, or by its socket.
        return ""
    if not password.isascii():
        raise LoginProblem("The password in DATABASE_URL must be ASCII.")
    return f" PASSWORD '{verifier(password, ITERATIONS)}'"
