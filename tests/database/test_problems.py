"""A refusal from Postgres becomes a line that says what to change."""

import asyncpg
import pytest

from service.cli.process.problems import KNOWN, Exit, exit_of, line_of
from service.database.migrate import MigrationProblem, is_behind, migrate

OWNER = "Let DATABASE_URL name the account that owns the database."


def without_rights(dsn: str) -> str:
    """Return the DSN of an account without any rights in our tables, on any server."""
    return f"{dsn}{'&' if '?' in dsn else '?'}role=pg_monitor"


async def test_an_account_that_may_not_read_learns_which_may(database_url: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError) as raised:
        await is_behind(without_rights(database_url))

    assert line_of(raised.value) == f"Postgres: permission denied for schema service. {OWNER}"
    assert exit_of(raised.value) == Exit.UNAVAILABLE


async def test_an_account_that_may_not_migrate_learns_which_may(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "DELETE FROM service.schema_migrations;"
        " GRANT USAGE ON SCHEMA service TO pg_monitor;"
        " GRANT SELECT, INSERT ON service.schema_migrations TO pg_monitor"
    )
    with pytest.raises((MigrationProblem, asyncpg.InsufficientPrivilegeError)) as raised:
        await migrate(without_rights(database_url))

    assert line_of(raised.value).endswith(OWNER)


async def test_a_lost_connection_is_reported_with_what_to_do(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    connection.terminate()
    with pytest.raises(asyncpg.InterfaceError) as raised:
        await transaction.commit()
    lost = "The connection to Postgres was lost: run the same command again. ("

    assert line_of(raised.value).startswith(lost)
    assert exit_of(raised.value) == Exit.UNAVAILABLE


async def test_a_server_of_the_wrong_kind_is_reported_in_a_line(database_url: str) -> None:
    sign = "&" if "?" in database_url else "?"
    with pytest.raises(asyncpg.TargetServerAttributeNotMatched) as raised:
        await is_behind(f"{database_url}{sign}target_session_attrs=standby")

    assert isinstance(raised.value, KNOWN)
    expected = (
        "None of the servers in DATABASE_URL matches its target_session_attrs: name the primary"
    )
    assert line_of(raised.value).startswith(expected)
    assert exit_of(raised.value) == Exit.UNAVAILABLE


async def test_a_missing_database_is_reported_with_the_setting(database_url: str) -> None:
    with pytest.raises(asyncpg.InvalidCatalogNameError) as raised:
        await is_behind(database_url.replace("/test_", "/no_test_"))

    assert line_of(raised.value).startswith("DATABASE_URL: database ")
