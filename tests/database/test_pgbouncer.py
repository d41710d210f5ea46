"""Behind a real PgBouncer in transaction mode the service refuses, names what mends it, and serves once that is done."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from eventstore.postgres.database_url import with_login
from service.database.logins.provided import provide_login
from service.database.session_check import hears_notifications
from service.runtime import open_runtime
from tests.database.pgbouncer import missing, pooled
from tests.protocol.installation import Installation, Serving, free_port
from tests.serving import MASTER_KEY, make_tenant, patch_op, settings

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(missing()), reason=missing())]
PASSWORD = "chosen"


@pytest.fixture
async def login(database_url: str, maintenance: asyncpg.Connection) -> AsyncIterator[str]:
    """Give the name of a login that does not exist yet."""
    name = f"login_{secrets.token_hex(6)}"
    yield name
    database = urlsplit(database_url).path.strip("/")
    await maintenance.execute(f"ALTER ROLE {name} IN DATABASE {database} RESET ALL")
    await maintenance.execute(f"DROP ROLE {name}")


@pytest.mark.timeout(300)  # Two starts of the service.
async def test_the_service_refuses_a_pooler_until_the_login_brings_the_session(
    tmp_path: Path, database_url: str, connection: asyncpg.Connection, login: str
) -> None:
    async with open_runtime(settings(database_url), is_migrating=True) as runtime:
        token = (await make_tenant(runtime, "Contoso")).token
    database = urlsplit(database_url).path.strip("/")
    await provide_login(
        database_url,
        with_login(database_url, user=login, password=PASSWORD, database=database),
    )
    installation = Installation(tmp_path / "data", free_port())

    with pooled(database_url, login, PASSWORD) as url:
        refused = await installation.run("serve", **environment(url))
    assert refused.code != 0
    assert "A pooler between the service and Postgres drops" in refused.err
    remedy = re.findall(r"ALTER ROLE [^;]+;", " ".join(refused.err.split()))
    assert any("statement_timeout = '30s'" in each for each in remedy)

    for each in remedy:
        await connection.execute(each)
    with pooled(database_url, login, PASSWORD) as url:  # Restarted, as the refusal says.
        process = await installation.start("serve", **environment(url))
        base = f"http://127.0.0.1:{installation.port}/api/scim/v2"
        try:
            await installation.ready()
            await provision(Serving(process, "", base), token)
        finally:
            process.terminate()
            await process.communicate()
        async with (
            open_runtime(settings(url), is_migrating=False) as runtime,
            runtime.pool.acquire() as through,
            runtime.pool.acquire() as other,
        ):
            assert not await hears_notifications(through, other)  # Followers look by themselves.


def environment(url: str) -> dict[str, str]:
    """Return the settings of a service behind a pooler."""
    return {"DATABASE_URL": url, "SCIM_LEDGER_MASTER_KEY": MASTER_KEY}


async def provision(serving: Serving, token: str) -> None:
    """Create, find and change users, 20 at once and 10 one after the other."""

    async def one(number: int) -> None:
        name = f"user{number}@example.com"
        status, user = await serving.send("POST", "/Users", token, {"userName": name})
        assert status == 201, user
        status, found = await serving.send("GET", f'/Users?filter=userName eq "{name}"', token)
        assert (status, found["totalResults"]) == (200, 1), found
        change = patch_op({"op": "replace", "path": "active", "value": False})
        status, changed = await serving.send("PATCH", f"/Users/{user['id']}", token, change)
        assert (status, changed["active"]) == (200, False), changed

    await asyncio.gather(*(one(number) for number in range(20)))
    for number in range(20, 30):
        await one(number)
