"""Fixtures of the tests that look at tables."""

from importlib.resources import files

import asyncpg
import pytest

from tests.database.people import make_groups


@pytest.fixture
async def directory(connection: asyncpg.Connection) -> asyncpg.Connection:
    """Give a connection to a database whose directory holds three groups and no user."""
    tables = (files("schema") / "projections" / "directory.sql").read_text("utf-8")
    await connection.execute("DROP SCHEMA IF EXISTS directory CASCADE; CREATE SCHEMA directory")
    await connection.execute(f"SET search_path TO directory; {tables}; RESET search_path")
    await make_groups(connection)
    return connection
