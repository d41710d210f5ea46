"""Fixtures of the tests that read tables."""

import secrets
from collections.abc import AsyncIterator
from importlib.resources import files

import asyncpg
import pytest

from tests.conftest import in_database
from tests.database.former_release import make_former
from tests.database.people import make_groups


@pytest.fixture
async def directory(connection: asyncpg.Connection) -> asyncpg.Connection:
    """Give a connection to a database whose directory holds three groups and no user."""
    tables = (files("schema") / "projections" / "directory.sql").read_text("utf-8")
    await connection.execute("DROP SCHEMA IF EXISTS directory CASCADE; CREATE SCHEMA directory")
    await connection.execute(f"SET search_path TO directory; {tables}; RESET search_path")
    await make_groups(connection)
    return connection


@pytest.fixture
async def empty_database(postgres: str, maintenance: asyncpg.Connection) -> AsyncIterator[str]:
    """Give the DSN of a database without migrations."""
    name = f"test_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield in_database(postgres, name)
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def former(empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """Give the owner's connection to a database as the last release without revisions left it."""
    connection = await asyncpg.connect(empty_database)
    await make_former(connection)
    yield connection
    await connection.close()
