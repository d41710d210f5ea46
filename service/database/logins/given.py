"""Whose logins the settings give: the owner's, which may change tables, and the service's, which may not."""

from dataclasses import dataclass, field
from typing import Final

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


CONNECT_TIMEOUT_S = 30.0
SERVICE_ROLE: Final = (
    "scim_ledger_service"  # Has the rights of the service; its logins are members.
)
OWNERS_SETTING = "SCIM_LEDGER_OWNER_DATABASE_URL"


class NoOwner(Exception):
    """The login of the service may not do this: set SCIM_LEDGER_OWNER_DATABASE_URL to the owner's for this command."""


class LoginProblem(Exception):
    """The service has no login that it can use; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Logins:
    """The URLs of one database by login. At least one is there."""

    owner: str | None = field(repr=False)
    service: str | None = field(repr=False)  # None: the service's login is stored in the database.

    @property
    def any(self) -> str:
        """Return the owner's URL where it is known, else the service's."""
        return self.owner or self.service or ""

    @property
    def owner_dsn(self) -> str:
        """Return the owner's URL. Errors: NoOwner."""
        if self.owner is None:
            raise NoOwner(NoOwner.__doc__)
        return self.owner


@dataclass(frozen=True, slots=True)
class Login:
    """A login as its session sees it."""

    name: str
    is_owner: bool  # It owns our tables, or can become who does.
    may_serve: bool  # It has the rights of the service.
    can_do_more: list[str]  # Attributes and roles that the service does not need.


async def find_logins(url: str | None, owner_url: str | None) -> Logins:
    """Return the logins that are given: `url` is DATABASE_URL, `owner_url` that of the owner.

    Where the owner's is given apart, the service's may not exist yet. Errors: asyncpg's on connecting.
    """
    if url is None:
        return Logins(owner_url, None)
    try:
        login = await look_at(url)
    except asyncpg.InvalidAuthorizationSpecificationError:
        if owner_url is None:
            raise
        return Logins(owner_url, url)
    return Logins(owner_url or url, None) if login.is_owner else Logins(owner_url, url)


async def look_at(url: str) -> Login:
    """Connect, and return what the login may do. Errors: asyncpg's on connecting."""
    connection = await connect(url, timeout_s=CONNECT_TIMEOUT_S)
    try:
        return await login_of_session(connection)
    finally:
        await connection.close()


async def login_of_session(connection: Connection) -> Login:
    """Return what the login of a connection may do."""
    return Login(*await connection.fetchrow(statement("find_login")))


async def refuse_unfit_login(url: str) -> None:
    """Refuse a login without the rights of the service. Errors: LoginProblem, asyncpg's on connecting."""
    login = await look_at(url)
    if not login.may_serve:
        raise LoginProblem(
            f"The login {login.name} has not the rights of the service. Run scim-ledger migrate with {OWNERS_SETTING} "
            f"and DATABASE_URL, or let an administrator run: GRANT {SERVICE_ROLE} TO {quoted(login.name)}; "
            f"ALTER ROLE {quoted(login.name)} INHERIT;"
        )


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
