"""Connects as the service. A login that is stored in the database gets a new password from time to time."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.database_url import login_of, with_login
from eventstore.postgres.session import connect
from eventstore.sealing.sealer import Sealer
from service.database.logins.given import CONNECT_TIMEOUT_S, Logins, login_of_session
from service.database.logins.stored import (
    StoredLogin,
    find_stored_login,
    renewed_login,
    usable_login,
)

log = structlog.get_logger()


@dataclass(slots=True)
class Keeper:
    """What it takes to find the stored login, and to renew it."""

    owner_url: str = field(repr=False)
    database: str
    sealer: Sealer
    login: StoredLogin = field(repr=False)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def dsn(self) -> str:
        """Return the URL of the database for the stored login."""
        name, password = self.login
        return with_login(self.owner_url, user=name, password=password, database=self.database)


class ServiceLogin:
    """The login of the service's sessions."""

    def __init__(self, dsn: str, keeper: Keeper | None = None) -> None:
        self._dsn, self._keeper = dsn, keeper

    @property
    def dsn(self) -> str:
        """Return the URL to connect to now. It changes when the password is renewed."""
        return self._keeper.dsn if self._keeper else self._dsn

    @property
    def name(self) -> str:
        """Return the name of the login."""
        return login_of(self.dsn)[0] or ""

    async def connect(self, *_dsn: str, **options: Any) -> asyncpg.Connection:
        """Return a connection, as `eventstore.postgres.session.connect` does.

        If Postgres refuses the stored password, it was renewed, or a restore has lost it. Errors: asyncpg's
        on connecting, LoginProblem.
        """
        tried = self.dsn
        try:
            return await connect(tried, **options)
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            if self._keeper is None:
                raise
            is_refused = isinstance(error, asyncpg.InvalidPasswordError)
        async with self._keeper.lock:
            if self.dsn == tried:  # Another task may have been faster.
                await self._look_again(self._keeper, is_refused=is_refused)
        return await connect(self.dsn, **options)

    async def learn(self, connection: Connection) -> None:
        """Learn of a renewal by another process, or renew the login if that is due. `connection` only looks."""
        if self._keeper is None:
            return
        found = await find_stored_login(connection, self._keeper.sealer)
        async with self._keeper.lock:
            if found is None:
                await self._look_again(self._keeper, is_refused=False)
            else:
                self._keeper.login = found

    async def renew(self) -> None:
        """Renew the stored login now."""
        if self._keeper is not None:
            async with self._keeper.lock:
                await self._look_again(self._keeper, is_refused=True)

    async def _look_again(self, keeper: Keeper, *, is_refused: bool) -> None:
        owner = await connect(keeper.owner_url, timeout_s=CONNECT_TIMEOUT_S)
        try:
            if is_refused:
                keeper.login = await renewed_login(owner, keeper.sealer, former=keeper.login)
            else:
                keeper.login = await usable_login(owner, keeper.sealer)
        finally:
            await owner.close()


async def open_login(logins: Logins, sealer: Sealer) -> ServiceLogin:
    """Return the service's login: the one that is given, else the one that is stored, which is made if missing.

    Errors: LoginProblem, asyncpg's on connecting.
    """
    if logins.service is not None:
        return ServiceLogin(logins.service)
    owner_url = logins.owner_dsn
    owner = await connect(owner_url, timeout_s=CONNECT_TIMEOUT_S)
    try:
        found = await usable_login(owner, sealer)
        database = await owner.fetchval("SELECT current_database()")
    finally:
        await owner.close()
    keeper = Keeper(owner_url, database, sealer, found)
    return ServiceLogin(keeper.dsn, keeper)


async def warn_of_more(connection: Connection) -> None:
    """Log what the login of the service may do beyond serving: whoever takes over a session may do it, too."""
    login = await login_of_session(connection)
    more = [*(["the owner's rights"] if login.is_owner else []), *login.can_do_more]
    if more:
        log.warning("service_login_can_do_more", login=login.name, more=more)
