"""The rights of the service's role: a restore loses them, and `migrate` grants them again."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from projections.maintenance.ownership import mark
from service.database.embedded import postgres as embedded
from service.database.embedded.account import programs
from service.database.grants import find_missing
from service.database.migrate import is_behind, migrate, packaged
from service.runtime import NotMigrated, open_runtime
from tests.serving import Scim, make_tenant, settings, started

SCHEMAS = (
    *("eventstore", "service", "projections", "followers", "proof"),
    *("directory", "history", "versions"),
)
RIGHTS = """
SELECT object, privilege
  FROM (SELECT nspname || '.' || relname AS object, (aclexplode(relacl)).*
          FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         UNION ALL
        SELECT nspname, (aclexplode(nspacl)).* FROM pg_namespace) AS rights (object, grantor, grantee, privilege)
 WHERE grantee = 'scim_ledger_service'::regrole
"""


async def rights(connection: asyncpg.Connection) -> set[tuple[str, str]]:
    """Return the rights of the service's role, by object."""
    return {(row["object"], row["privilege"]) for row in await connection.fetch(RIGHTS)}


async def revoke(connection: asyncpg.Connection, schema: str) -> None:
    """Revoke all rights of the service in a schema."""
    await connection.execute(
        f"REVOKE ALL ON SCHEMA {schema} FROM scim_ledger_service;"
        f" REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM scim_ledger_service;"
        f" REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC, scim_ledger_service"
    )


async def test_a_migrated_database_lacks_no_right(connection: asyncpg.Connection) -> None:
    assert await find_missing(connection) == []


async def test_migrate_gives_back_what_the_migrations_gave_and_no_more(
    database_url: str, connection: asyncpg.Connection
) -> None:
    given = await rights(connection)
    for schema in SCHEMAS:
        await revoke(connection, schema)
    assert await rights(connection) == set()

    assert await migrate(database_url)
    assert await rights(connection) == given
    assert await migrate(database_url) == []


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_command_says_to_migrate_where_rights_are_missing(
    schema: str, database_url: str, connection: asyncpg.Connection
) -> None:
    await revoke(connection, schema)
    assert await is_behind(database_url)
    with pytest.raises(NotMigrated, match="scim-ledger migrate"):
        async with open_runtime(settings(database_url), is_migrating=False):
            pass


@pytest.mark.parametrize("suffix", ["next", "previous"])
async def test_the_tables_beside_a_projection_get_their_rights_back(
    suffix: str, database_url: str, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        f"CREATE SCHEMA directory_{suffix}; CREATE TABLE directory_{suffix}.users (id uuid)"
    )
    await mark(connection, f"directory_{suffix}", ["users"])
    applied = await migrate(database_url)

    assert f"grant USAGE ON SCHEMA directory_{suffix}" in applied
    assert f"grant DELETE ON TABLE directory_{suffix}.users" in applied


async def test_a_table_that_somebody_put_beside_ours_gets_no_right(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await connection.execute("CREATE TABLE directory.theirs (id int)")
    assert not await is_behind(database_url)
    assert await migrate(database_url) == []
    assert not [each for each, _ in await rights(connection) if each == "directory.theirs"]


async def test_a_schema_that_somebody_made_does_not_keep_the_service_from_serving(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute(
        "CREATE SCHEMA directory_next; CREATE TABLE directory_next.users (id uuid)"
    )
    assert await find_missing(connection, to_serve=True) == []


async def test_an_account_that_may_not_grant_learns_which_may(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "GRANT USAGE ON SCHEMA service TO pg_monitor;"
        " GRANT SELECT ON service.schema_migrations TO pg_monitor"
    )
    parameters = "&" if "?" in database_url else "?"
    with pytest.raises(Exception, match="scim_ledger_service"):
        await migrate(f"{database_url}{parameters}role=pg_monitor")


@pytest.fixture
def new_cluster(tmp_path: Path) -> Iterator[str]:
    """Give the DSN of a superuser on a server without any role of the service."""
    server = embedded.start(tmp_path / "other")
    yield server.dsn
    server.stop()
    shutil.rmtree(tmp_path / "other")


@pytest.mark.slow
async def test_a_restore_into_a_new_cluster_serves_again(
    database_url: str, new_cluster: str, tmp_path: Path
) -> None:
    async with started(database_url) as served:
        tenant = await make_tenant(served.runtime, "Contoso")
        await Scim(served, tenant.token).post("/Users", {"userName": "ada"})
    dump = tmp_path / "dump.sql"
    owned = ["--no-owner", "--no-privileges"]
    await asyncio.to_thread(program, "pg_dump", *owned, "-f", str(dump), database_url)
    await asyncio.to_thread(program, "psql", "-qf", str(dump), new_cluster)

    applied = await migrate(new_cluster)
    async with started(new_cluster) as served:
        scim = Scim(served, tenant.token)
        found = await scim.find("/Users", filter='userName eq "ada"')
        made = await scim.post("/Users", {"userName": "bob"})

    assert not {each.name for each in packaged()} & set(applied)
    assert (found.body["totalResults"], made.status) == (1, 201)


def program(name: str, *arguments: str) -> None:
    """Run a program that belongs to Postgres."""
    subprocess.run([programs() / name, *arguments], check=True, capture_output=True)
