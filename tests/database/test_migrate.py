"""Migrations run once, in order, and are never edited. Two processes may start them together."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.database.migrate import (
    Migration,
    MigrationProblem,
    apply_next,
    first_missing,
    is_behind,
    migrate,
    packaged,
)

A = Migration(1, "0001_a", "SELECT 1")
B = Migration(2, "0002_b", "SELECT 2")


@pytest.fixture
async def limited_role(maintenance: asyncpg.Connection) -> AsyncIterator[str]:
    """Give a role that may not create roles. A test requests it before its database."""
    name = f"limited_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE ROLE {name} NOCREATEROLE")
    yield name
    await maintenance.execute(f"DROP ROLE {name}")


def test_no_two_migrations_share_a_number() -> None:
    numbers = [migration.number for migration in packaged()]
    assert len(set(numbers)) == len(numbers)


def test_the_first_that_is_missing_comes_next() -> None:
    assert first_missing([A, B], {}) == A
    assert first_missing([A, B], {1: A.checksum}) == B
    assert first_missing([A, B], {1: A.checksum, 2: B.checksum}) is None


def test_an_edited_migration_is_refused() -> None:
    with pytest.raises(MigrationProblem, match="0001_a is not the file that was applied"):
        first_missing([A, B], {1: "of another text"})


def test_a_database_of_a_newer_release_is_refused() -> None:
    with pytest.raises(MigrationProblem, match="migration 0002, which this release does not know"):
        first_missing([A], {1: A.checksum, 2: B.checksum})


async def test_an_empty_database_gets_every_migration(empty_database: str) -> None:
    assert await is_behind(empty_database)
    applied = await migrate(empty_database)
    names = [migration.name for migration in packaged()]
    assert applied[: len(names)] == names
    assert not await is_behind(empty_database)


async def test_a_migrated_database_gets_nothing(database_url: str) -> None:
    assert await migrate(database_url) == []


async def test_those_that_start_together_take_turns(empty_database: str) -> None:
    each = await asyncio.gather(*(migrate(empty_database) for _ in range(5)))
    applied = [name for names in each for name in names]
    assert len(set(applied)) == len(applied)
    assert set(applied) >= {migration.name for migration in packaged()}


async def test_an_edit_is_found_in_the_database(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE service.schema_migrations SET checksum = 'x' WHERE number = 1")
    with pytest.raises(MigrationProblem, match="put the change into a new migration"):
        await migrate(database_url)


async def test_an_interrupted_run_goes_on_where_it_stopped(empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    assert await apply_next(connection, packaged()) == "0000_schema_migrations"
    await connection.close()
    applied = await migrate(empty_database)
    assert applied[0] == "0001_event_log"


async def test_a_login_without_the_role_learns_what_an_administrator_runs(
    limited_role: str, empty_database: str, template: str
) -> None:
    connection = await asyncpg.connect(empty_database)
    await connection.execute(
        f"DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {limited_role}',"
        " current_database()); END $$"
    )
    await connection.close()
    parameters = "&" if "?" in empty_database else "?"
    with pytest.raises(MigrationProblem, match=f"GRANT scim_ledger_service TO {limited_role}"):
        await migrate(f"{empty_database}{parameters}role={limited_role}")
