"""A database that cannot hold what the service writes is refused before anything is written."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.database.migrate import MigrationProblem, is_behind, migrate
from tests.conftest import in_database


@pytest.fixture(params=["SQL_ASCII", "LATIN1", "WIN1252", "EUC_JP"])
async def other_encoding(
    request: pytest.FixtureRequest, postgres: str, maintenance: asyncpg.Connection
) -> AsyncIterator[tuple[str, str]]:
    """Give an encoding, and the DSN of a new database with it."""
    name = f"test_{secrets.token_hex(6)}"
    await maintenance.execute(
        f"CREATE DATABASE {name} ENCODING '{request.param}' TEMPLATE template0"
        " LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    yield request.param, in_database(postgres, name)
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def schemas(dsn: str) -> list[str]:
    """Return the schemas of a database except those of Postgres."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'"
    )
    await connection.close()
    return [row["nspname"] for row in rows]


async def test_an_encoding_that_has_not_all_alphabets_is_refused(
    other_encoding: tuple[str, str],
) -> None:
    encoding, dsn = other_encoding
    with pytest.raises(MigrationProblem, match=f"encoding {encoding}.* ENCODING 'UTF8'"):
        await migrate(dsn)

    assert await schemas(dsn) == []


async def test_the_database_that_the_message_makes_is_taken(
    other_encoding: tuple[str, str], postgres: str, maintenance: asyncpg.Connection
) -> None:
    with pytest.raises(MigrationProblem) as refused:
        await migrate(other_encoding[1])
    statement = str(refused.value).partition("one, ")[2].partition(", and let")[0]
    name = f"test_{secrets.token_hex(6)}"
    await maintenance.execute(statement.replace("scim_ledger", name))
    try:
        assert await migrate(in_database(postgres, name))
    finally:
        await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_database_that_is_read_only_by_default_is_refused_by_the_setting_s_name(
    database_url: str, connection: asyncpg.Connection
) -> None:
    database = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")

    with pytest.raises(MigrationProblem, match="default_transaction_read_only is on"):
        await migrate(database_url)
    with pytest.raises(MigrationProblem, match="default_transaction_read_only is on"):
        await is_behind(database_url)
