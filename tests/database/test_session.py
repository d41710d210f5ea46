"""The service's sessions have the settings that it needs, whatever a database or login sets by default."""

import asyncpg
import pytest

from eventstore.postgres.session import SETTINGS, connect
from service.database.pool import SESSION
from service.runtime import open_runtime
from tests.protocol.terminal import run
from tests.serving import Scim, make_tenant, settings, started

# Defaults that an administrator may have set for good reasons. Each would break something in the service.
DEFAULTS = {
    "application_name": "other",
    "array_nulls": "off",
    "bytea_output": "escape",
    "datestyle": "SQL, DMY",
    "default_transaction_deferrable": "on",
    "default_transaction_isolation": "serializable",
    "exit_on_error": "on",
    "extra_float_digits": "-15",
    "gin_fuzzy_search_limit": "1",
    "idle_in_transaction_session_timeout": "1ms",
    "idle_session_timeout": "50ms",
    "intervalstyle": "sql_standard",
    "jit": "on",
    "lock_timeout": "1ms",
    "plan_cache_mode": "force_generic_plan",
    "quote_all_identifiers": "on",
    "row_security": "off",
    "search_path": "elsewhere",
    "session_replication_role": "replica",
    "standard_conforming_strings": "off",
    "statement_timeout": "1ms",
    "synchronous_commit": "off",
    "timezone": "Asia/Kathmandu",
    "transaction_timeout": "100ms",
    "transform_null_equals": "on",
}
LEVELS = ("DATABASE {database}", "ROLE {login} IN DATABASE {database}")


async def set_default(connection: asyncpg.Connection, level: str, name: str, value: str) -> None:
    """Set a default for later sessions of the database, if Postgres knows the setting."""
    known = await connection.fetchval(
        "SELECT count(*) FROM pg_settings WHERE name = lower($1)", name
    )
    if not known:
        return
    database = await connection.fetchval("SELECT current_database()")
    login = await connection.fetchval("SELECT quote_ident(session_user)")
    whose = level.format(database=database, login=login)
    said = value if name == "search_path" else f"'{value}'"
    await connection.execute(f"ALTER {whose} SET {name} = {said}")


@pytest.fixture(params=LEVELS)
async def hostile_url(
    request: pytest.FixtureRequest, database_url: str, connection: asyncpg.Connection
) -> str:
    """Give the DSN of a migrated database with all these defaults."""
    for name, value in DEFAULTS.items():
        await set_default(connection, request.param, name, value)
    return database_url


def test_the_defaults_tried_are_all_that_is_set() -> None:
    assert SETTINGS.keys() <= DEFAULTS.keys()


async def test_a_session_of_ours_has_our_settings(hostile_url: str) -> None:
    connection = await connect(hostile_url, timeout_s=10.0)
    found = {name: await connection.fetchval(f"SHOW {name}") for name in SETTINGS}
    bound = await connection.fetchval(
        "SELECT setting FROM pg_settings WHERE name = 'transaction_timeout'"
    )
    await connection.close()

    assert found == SETTINGS
    assert bound in {None, "0"}


async def test_the_pool_s_sessions_have_the_settings_of_the_service(hostile_url: str) -> None:
    async with (
        open_runtime(settings(hostile_url), is_migrating=True) as runtime,
        runtime.pool.acquire() as connection,
    ):
        found = {name: await connection.fetchval(f"SHOW {name}") for name in SESSION}

    assert found == SESSION


async def test_the_url_cannot_change_what_we_need(database_url: str) -> None:
    more = "&" if "?" in database_url else "?"
    given = "default_transaction_isolation=serializable&options=-c%20search_path%3Delsewhere"
    connection = await connect(f"{database_url}{more}{given}", timeout_s=10.0)
    found = {name: await connection.fetchval(f"SHOW {name}") for name in SETTINGS}
    await connection.close()

    assert found == SETTINGS


@pytest.mark.slow
@pytest.mark.process
async def test_a_service_and_its_commands_work_where_everything_is_set_otherwise(
    hostile_url: str,
) -> None:
    async with started(hostile_url) as served:
        tenant = await make_tenant(served.runtime, "Contoso")
        scim = Scim(served, tenant.token)
        mail = [{"type": "work", "value": "ada@contoso.com"}]
        made = await scim.post("/Users", {"userName": "ada", "emails": mail})
        group = {"displayName": "Legal", "members": [{"value": made.body["id"]}]}
        statuses = [made.status, (await scim.post("/Groups", group)).status]
        found = await scim.find("/Users", filter='emails.value eq "ada@contoso.com"')
        ready = await served.session.get(f"http://127.0.0.1:{served.port}/readyz")
        commands = [
            await run(served, *each.split())
            for each in (
                "migrate",
                "projections verify directory",
                "projections rebuild directory",
                "projections rebuild history",
                "events tail --no-follow",
            )
        ]

    assert (statuses, found.body["totalResults"], ready.status) == ([201, 201], 1, 200)
    assert [(each.code, each.err) for each in commands if each.code] == []
