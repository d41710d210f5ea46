"""The service logs in as somebody who owns nothing and cannot become more; the owner's login is for changes of tables."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import structlog
from pydantic import SecretStr

from eventstore.postgres.database_url import login_of, with_login
from eventstore.sealing.sealer import Sealer
from service.config import Settings
from service.database.logins import stored
from service.database.logins.given import LoginProblem, Logins, NoOwner, find_logins
from service.database.logins.session import ServiceLogin, open_login, warn_of_more
from service.database.logins.stored import find_stored_login, usable_login
from service.database.master_key import KeyProblem
from service.database.migrate import migrate
from service.runtime import NotMigrated, Runtime, make_ready, open_runtime
from tests.conftest import drop_database
from tests.serving import MASTER_KEY, Scim, make_tenant, settings, started

SEALER = Sealer(bytes(range(32)))
WAYS_UP = (
    "RESET ROLE",
    "SET ROLE NONE",
    "RESET SESSION AUTHORIZATION",
    "SELECT set_config('role', 'none', false)",
    "SELECT set_config('role', '{owner}', false)",
    "SELECT set_config('session_authorization', '{owner}', false)",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET ALL",
    "DISCARD ALL",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "GRANT {owner} TO CURRENT_USER",
    "GRANT pg_write_all_data TO CURRENT_USER",
    "ALTER TABLE eventstore.events OWNER TO CURRENT_USER",
    "SELECT lo_import('/etc/passwd')",
    "COPY eventstore.events FROM PROGRAM 'true'",
    "SET session_replication_role = replica",
)
NOT_ALLOWED = (
    "INSERT INTO eventstore.events SELECT * FROM eventstore.events",
    "UPDATE eventstore.events SET type = type",
    "DELETE FROM eventstore.events",
    "TRUNCATE eventstore.events",
    "INSERT INTO eventstore.subject_keys SELECT * FROM eventstore.subject_keys",
    "UPDATE eventstore.subject_keys SET wrapped_key = ''",
    "DELETE FROM eventstore.subject_keys",
    "INSERT INTO service.signing_keys SELECT * FROM service.signing_keys",
    "DELETE FROM service.signing_keys",
    "INSERT INTO service.master_keys SELECT * FROM service.master_keys",
    "INSERT INTO service.logins SELECT * FROM service.logins",
    "UPDATE service.logins SET sealed_password = ''",
    "INSERT INTO service.schema_migrations VALUES (9999, 'x', 'x')",
    "DELETE FROM projections.builds",
    "CREATE TABLE directory.mine ()",
    "CREATE SCHEMA mine",
    "DROP TABLE directory.users",
    "ALTER TABLE eventstore.events DISABLE TRIGGER ALL",
    "CREATE ROLE mine",
    "CREATE FUNCTION eventstore.mine() RETURNS void LANGUAGE sql AS ''",
)


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give a runtime to which only the owner's login was given."""
    async with open_runtime(settings(database_url), is_migrating=False) as opened:
        yield opened


async def test_the_service_s_sessions_own_nothing_and_cannot_become_more(runtime: Runtime) -> None:
    owner, _ = login_of(runtime.dsn)
    more = []
    async with runtime.pool.acquire() as connection:
        name = await connection.fetchval("SELECT session_user")
        owned = await connection.fetchval(
            "SELECT count(*) FROM pg_shdepend WHERE refobjid = session_user::regrole AND deptype = 'o'"
        )
    for each in WAYS_UP:
        connection = await runtime.login.connect(timeout_s=10.0)
        with suppress(asyncpg.PostgresError):
            await connection.execute(each.format(owner=f'"{owner}"'))
        row = await connection.fetchrow(
            "SELECT session_user, current_user, current_setting('is_superuser') AS is_superuser"
        )
        may = await connection.fetchval(
            "SELECT has_table_privilege('eventstore.events', 'INSERT, UPDATE, DELETE, TRUNCATE')"
        )
        if (*row, may) != (name, name, "off", False):
            more.append((each, *row, may))
        connection.terminate()

    assert (name.startswith("scim_ledger_service_"), owned, more) == (True, 0, [])


@pytest.mark.parametrize("statement", NOT_ALLOWED)
async def test_the_service_may_not(service_login: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service_login.execute(statement)


@pytest.fixture(scope="module")
async def service_login(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[asyncpg.Connection]:
    """Give a session of the service in a database of this module."""
    name = f"logins_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    url = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    login = await open_login(Logins(url, None), SEALER)
    connection = await login.connect(timeout_s=10.0)
    yield connection
    await connection.close()
    await drop_database(maintenance, name)


async def test_all_who_start_together_use_one_login(database_url: str) -> None:
    logins = Logins(database_url, None)
    opened = await asyncio.gather(*(open_login(logins, SEALER) for _ in range(8)))
    assert len({each.dsn for each in opened}) == 1


async def test_the_password_is_nowhere_in_the_clear(
    runtime: Runtime, connection: asyncpg.Connection
) -> None:
    name, password = login_of(runtime.login.dsn)
    assert password is not None
    kept = await connection.fetchval("SELECT logins::text FROM service.logins")
    verifier = await connection.fetchval(
        "SELECT rolpassword FROM pg_authid WHERE rolname = $1", name
    )
    assert password.encode().hex() not in kept
    assert (verifier.startswith("SCRAM-SHA-256$"), password in verifier) == (True, False)


async def test_a_renewal_overlaps(runtime: Runtime, connection: asyncpg.Connection) -> None:
    former = runtime.login.dsn
    await connection.execute("UPDATE service.logins SET renewed_at = now() - interval '31 days'")
    async with runtime.pool.acquire() as pooled:
        await runtime.login.learn(pooled)
    renewed = runtime.login.dsn
    for dsn in (former, renewed):  # Both are valid now.
        await (await asyncpg.connect(dsn)).close()
    until = await connection.fetchval(
        "SELECT rolvaliduntil - now() FROM pg_roles WHERE rolname = $1", login_of(former)[0]
    )

    assert login_of(former)[0] != login_of(renewed)[0]
    assert timedelta(hours=23) < until <= stored.OVERLAP


async def test_a_service_learns_that_another_has_renewed_the_login(
    runtime: Runtime, database_url: str
) -> None:
    other = await open_login(Logins(database_url, None), SEALER)
    await other.renew()
    async with runtime.pool.acquire() as pooled:
        await runtime.login.learn(pooled)
    assert runtime.login.dsn == other.dsn


async def test_migrate_renews_the_login_when_asked(database_url: str, own_login: str) -> None:
    chosen = settings(database_url)
    before = await open_login(Logins(database_url, None), SEALER)
    made = await make_ready(Logins(database_url, None), chosen, renew_login=True)
    after = await open_login(Logins(database_url, None), SEALER)
    with pytest.raises(LoginProblem, match="another password in DATABASE_URL"):
        await make_ready(
            Logins(database_url, own_login), given(own_login, database_url), renew_login=True
        )

    assert (before.name == after.name, made) == (False, [f"password of {after.name}"])


async def test_a_service_that_missed_two_renewals_finds_the_login_again(
    runtime: Runtime, database_url: str
) -> None:
    other = await open_login(Logins(database_url, None), SEALER)
    for _ in range(2):
        await other.renew()
    await (await runtime.login.connect(timeout_s=10.0)).close()
    assert runtime.login.dsn == other.dsn


@pytest.mark.parametrize(
    "harm",
    [
        "ALTER ROLE {name} PASSWORD 'lost'",
        "ALTER ROLE {name} NOLOGIN",
        "ALTER ROLE {name} VALID UNTIL '2001-01-01'",
        "REVOKE scim_ledger_service FROM {name}",
        "DROP ROLE {name}",
        "UPDATE service.logins SET sealed_password = 'altered'",
        "DELETE FROM service.logins",
    ],
)
async def test_a_login_that_was_lost_is_made_again(
    database_url: str, connection: asyncpg.Connection, harm: str
) -> None:
    before = await open_login(Logins(database_url, None), SEALER)
    await connection.execute(harm.format(name=login_of(before.dsn)[0]))
    async with (
        open_runtime(settings(database_url), is_migrating=False) as runtime,
        runtime.pool.acquire() as pooled,
    ):
        assert await pooled.fetchval("SELECT count(*) FROM eventstore.events") == 0


async def test_a_copy_of_a_database_makes_a_login_of_its_own(
    database_url: str, postgres: str, maintenance: asyncpg.Connection
) -> None:
    original = await open_login(Logins(database_url, None), SEALER)
    name = urlsplit(database_url).path.removeprefix("/")
    copy = f"copy_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {copy} TEMPLATE {name}")
    url = urlunsplit(urlsplit(postgres)._replace(path=f"/{copy}"))
    copied = await open_login(Logins(url, None), SEALER)
    await (await asyncpg.connect(original.dsn)).close()
    await drop_database(maintenance, copy)

    assert login_of(original.dsn)[0] != login_of(copied.dsn)[0]


# Owners that are no superusers, as managed servers have them.


class Owner:
    """An account that owns a database, and may make roles or not."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url


@pytest.fixture
async def owner(
    request: pytest.FixtureRequest, empty_database: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Owner]:
    """Give the owner of an empty database."""
    name, password = f"owner_{secrets.token_hex(6)}", secrets.token_hex(8)
    database = urlsplit(empty_database).path.removeprefix("/")
    await maintenance.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {request.param}")
    await maintenance.execute(f"ALTER DATABASE {database} OWNER TO {name}")
    yield Owner(name, with_login(empty_database, user=name, password=password, database=database))
    await maintenance.execute(f"ALTER DATABASE {database} OWNER TO CURRENT_USER")
    await drop_database(maintenance, database)
    await maintenance.execute(f"CREATE DATABASE {database}")  # It is dropped by whoever made it.
    await maintenance.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def given(service: str | None, owner_url: str | None, *, key: bool = True) -> Settings:
    """Return settings with these logins."""
    return Settings(
        port=0,
        database_url=SecretStr(service) if service else None,
        owner_database_url=SecretStr(owner_url) if owner_url else None,
        master_key=SecretStr(MASTER_KEY) if key else None,
    )


@pytest.mark.parametrize("owner", ["CREATEROLE"], indirect=True)
async def test_an_owner_that_may_make_roles_needs_nobody_else(
    owner: Owner, maintenance: asyncpg.Connection
) -> None:
    await maintenance.execute(f"GRANT scim_ledger_service TO {owner.name} WITH ADMIN OPTION")
    await migrate(owner.url)
    async with started(owner.url) as served:
        tenant = await make_tenant(served.runtime, "Contoso")
        made = await Scim(served, tenant.token).post("/Users", {"userName": "ada"})
        async with served.runtime.pool.acquire() as connection:
            name = await connection.fetchval("SELECT session_user")
    assert (made.status, name.startswith("scim_ledger_service_")) == (201, True)


@pytest.mark.parametrize("owner", ["NOCREATEROLE"], indirect=True)
async def test_an_owner_that_may_not_learns_what_an_administrator_runs(
    owner: Owner, maintenance: asyncpg.Connection
) -> None:
    await maintenance.execute(f"GRANT scim_ledger_service TO {owner.name}")
    await migrate(owner.url)
    with pytest.raises(LoginProblem, match="CREATE ROLE scim_ledger_login LOGIN") as problem:
        await make_ready(await find_logins(owner.url, None), settings(owner.url))

    login = f"login_{secrets.token_hex(6)}"
    said = str(problem.value)
    create = said[said.index("CREATE ROLE") : said.index("; then let")]
    await maintenance.execute(create.replace("scim_ledger_login", login).replace("…", "secret"))
    service = with_login(owner.url, user=login, password="secret", database=path(owner.url))
    chosen = given(service, owner.url)
    try:
        await make_ready(await find_logins(service, owner.url), chosen)
        async with open_runtime(given(service, None), is_migrating=True) as runtime:
            await make_tenant(runtime, "Contoso")
            with pytest.raises(NoOwner, match="SCIM_LEDGER_OWNER_DATABASE_URL"):
                _ = runtime.dsn
    finally:
        await maintenance.execute(f"DROP ROLE {login}")


def path(url: str) -> str:
    """Return the database of a URL."""
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture
async def own_login(database_url: str, maintenance: asyncpg.Connection) -> AsyncIterator[str]:
    """Give the URL of a login that does not exist yet."""
    name = f"login_{secrets.token_hex(6)}"
    yield with_login(database_url, user=name, password="chosen", database=path(database_url))
    await maintenance.execute(f"DROP ROLE IF EXISTS {name}")


async def test_migrate_makes_the_login_that_is_given_and_changes_its_password(
    database_url: str, own_login: str
) -> None:
    other = own_login.replace("chosen", "other")
    made = []
    for url in (own_login, own_login, other):
        logins = await find_logins(url, database_url)
        made.append(await make_ready(logins, given(url, database_url)))
    name, _ = login_of(own_login)
    async with (
        open_runtime(given(other, None), is_migrating=False) as runtime,
        runtime.pool.acquire() as connection,
    ):
        assert await connection.fetchval("SELECT session_user") == name

    assert made == [
        [f"login {name}", f"grant scim_ledger_service to {name}"],
        [],
        [f"password of {name}"],
    ]


async def test_a_login_of_the_service_is_told_to_migrate(
    database_url: str, own_login: str, connection: asyncpg.Connection
) -> None:
    await make_ready(await find_logins(own_login, database_url), given(own_login, database_url))
    await connection.execute("DELETE FROM service.schema_migrations WHERE number = 8")
    with pytest.raises(NotMigrated, match="owner's login"):
        async with open_runtime(given(own_login, None), is_migrating=True):
            pass


async def test_a_login_of_the_service_makes_no_keys(database_url: str, own_login: str) -> None:
    without = given(own_login, database_url, key=False)
    await make_ready(await find_logins(own_login, database_url), without)
    with pytest.raises(KeyProblem, match="run scim-ledger migrate with the owner's login"):
        async with open_runtime(given(own_login, None), is_migrating=True):
            pass


async def test_a_login_without_the_role_is_told_who_grants_it(
    database_url: str, own_login: str, maintenance: asyncpg.Connection
) -> None:
    name, password = login_of(own_login)
    await maintenance.execute(
        f"CREATE ROLE {name} LOGIN NOINHERIT PASSWORD '{password}' IN ROLE scim_ledger_service"
    )
    with pytest.raises(LoginProblem, match=f'GRANT scim_ledger_service TO "{name}"'):
        async with open_runtime(given(own_login, None), is_migrating=False):
            pass


async def test_a_login_that_can_do_more_is_logged(
    database_url: str, own_login: str, maintenance: asyncpg.Connection
) -> None:
    name, password = login_of(own_login)
    await maintenance.execute(
        f"CREATE ROLE {name} LOGIN PASSWORD '{password}' CREATEDB IN ROLE scim_ledger_service, pg_monitor"
    )
    with structlog.testing.capture_logs() as lines:
        connection = await ServiceLogin(own_login).connect(timeout_s=10.0)
        await warn_of_more(connection)
        await connection.close()
    assert [(each["event"], each["login"]) for each in lines] == [
        ("service_login_can_do_more", name)
    ]
    assert {"CREATEDB", "pg_monitor"} <= set(lines[0]["more"])


async def test_any_login_of_the_service_sees_that_a_renewal_is_due(
    database_url: str, connection: asyncpg.Connection
) -> None:
    assert await find_stored_login(connection, SEALER) is None
    made = await usable_login(connection, SEALER)
    assert await find_stored_login(connection, SEALER) == made
    await connection.execute("UPDATE service.logins SET renewed_at = now() - interval '31 days'")
    assert await find_stored_login(connection, SEALER) is None
