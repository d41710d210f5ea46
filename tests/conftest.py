"""Fixtures for every test: a PostgreSQL, and a freshly migrated database for each test."""

import base64
import os
import secrets
import shutil
import tempfile
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import uvloop

from eventstore.sealing.sealer import Sealer
from service.database.embedded import postgres as embedded
from service.database.migrate import migrate
from service.keys.secrets import NAME_KEY, save_secret
from tests.invariants import check_every_log, check_log
from tests.serving import (
    MASTER_KEY,
    NAME_KEY_BYTES,
    Scim,
    Served,
    Tenant,
    make_tenant,
    started,
)

SERVICE_ROLE = "scim_ledger_service"
MIGRATING = 0x5C1A  # Roles belong to the whole server, so workers must migrate one after the other.
MEMORY_FREE_BYTES_MIN = 2 * 1024**3
# A test run needs no durability.
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """Run the tests on the same kind of event loop as the service."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[str]:
    """Give a superuser's DSN of a server that the run may fill. CONTRIBUTING.md describes the choices."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    elif os.environ.get("SCIM_LEDGER_TEST_POSTGRES") == "container":
        yield from in_a_container()
    else:
        yield from in_the_wheel(quick_folder() / f"scim-ledger-{testrun_uid[:12]}")


def in_a_container() -> Iterator[str]:
    """Run a server in Docker for this worker."""
    # Imported late: the library needs a Docker engine, which only this choice uses.
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415

    image = os.environ.get("SCIM_LEDGER_TEST_POSTGRES_IMAGE", "postgres:18")
    with PostgresContainer(image, driver=None) as container:
        yield container.get_connection_url()


def quick_folder() -> Path:
    """Return a folder in memory if there is room, because a database has 300 files; else one on disk."""
    memory = Path("/dev/shm")  # noqa: S108  # A new folder with a random name is made in it.
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    roomy = usable and shutil.disk_usage(memory).free > MEMORY_FREE_BYTES_MIN
    return memory if roomy else Path(tempfile.gettempdir())


def in_the_wheel(data_dir: Path) -> Iterator[str]:
    """Run one embedded server for all workers of a run: the first starts it, the last stops it."""
    server = embedded.start(data_dir, settings=UNSAFE)
    yield server.dsn
    if server.stop():
        shutil.rmtree(data_dir)


@pytest.fixture(scope="session")
async def template(postgres: str) -> AsyncIterator[str]:
    """Give the name of a database that is migrated and empty."""
    name = f"template_{secrets.token_hex(6)}"
    owner = await asyncpg.connect(postgres)
    await owner.execute("SELECT pg_advisory_lock($1)", MIGRATING)
    await owner.execute(f"CREATE DATABASE {name}")
    await migrate(in_database(postgres, name))
    await fix_name_key(in_database(postgres, name))
    await owner.execute("SELECT pg_advisory_unlock($1)", MIGRATING)
    yield name
    await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await owner.close()


async def fix_name_key(dsn: str) -> None:
    """Give a database the key of names that the tests know."""
    connection = await asyncpg.connect(dsn)
    sealer = Sealer(base64.b64decode(MASTER_KEY))
    await save_secret(connection, sealer, NAME_KEY, NAME_KEY_BYTES)
    await connection.close()


@pytest.fixture(scope="session")
async def maintenance(postgres: str) -> AsyncIterator[asyncpg.Connection]:
    """Give the connection that creates and drops the tests' databases."""
    connection = await asyncpg.connect(postgres)
    yield connection
    await connection.close()


@pytest.fixture
async def database_url(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[str]:
    """Give the owner's DSN of a migrated, empty database, which is dropped after the test."""
    name = f"test_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield in_database(postgres, name)
    await drop_database(maintenance, name)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection of the database's owner."""
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def tmp_path_factory(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[pytest.TempPathFactory]:
    """Make folders that an embedded server may enter. Under root it runs under another account than ours."""
    original = tmp_path_factory.mktemp

    def mktemp(basename: str, numbered: bool = True) -> Path:  # noqa: FBT001, FBT002 - as pytest calls it.
        made = original(basename, numbered)
        for each in (made, *made.parents) if os.geteuid() == 0 else ():
            if not each.stat().st_mode & 0o001:
                each.chmod(each.stat().st_mode & 0o7777 | 0o001)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tmp_path_factory, "mktemp", mktemp)
        yield tmp_path_factory


@pytest.fixture
async def service_connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection with only the rights of the service."""
    opened = await asyncpg.connect(database_url, server_settings={"role": SERVICE_ROLE})
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def served(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Served]:
    """Give a running service. All tests of a worker share it; each test makes its own organizations."""
    name = f"served_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    async with started(in_database(postgres, name)) as running:
        yield running
        await check_every_log(running.owner, running.runtime.sealer)
    await drop_database(maintenance, name)


@pytest.fixture
async def organization(served: Served) -> AsyncIterator[Tenant]:
    """Give the organization that a test is about. Its log is checked afterwards."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    yield tenant
    await check_log(served.owner, served.runtime.sealer, tenant.id)


@pytest.fixture
async def other_organization(served: Served) -> AsyncIterator[Tenant]:
    """Give an organization that must never see the first one."""
    tenant = await make_tenant(served.runtime, f"Fabrikam {secrets.token_hex(6)}")
    yield tenant
    await check_log(served.owner, served.runtime.sealer, tenant.id)


@pytest.fixture
def scim(served: Served, organization: Tenant) -> Scim:
    """Give a client of the organization."""
    return Scim(served, organization.token)


@pytest.fixture
def other_scim(served: Served, other_organization: Tenant) -> Scim:
    """Give a client of the other organization."""
    return Scim(served, other_organization.token)


async def drop_database(maintenance: asyncpg.Connection, name: str) -> None:
    """Drop a database with the logins that a service has made for it: roles belong to the whole server."""
    logins = await maintenance.fetch(
        "SELECT rolname FROM pg_roles JOIN pg_database"
        " ON starts_with(rolname, 'scim_ledger_service_' || pg_database.oid || '_') WHERE datname = $1",
        name,
    )
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")
    for row in logins:
        await maintenance.execute(f"DROP ROLE {row['rolname']}")


def in_database(dsn: str, name: str) -> str:
    """Return the DSN of another database on the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
