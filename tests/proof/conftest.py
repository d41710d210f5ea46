"""Fixtures of the proof: a database for all tests of a module."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import in_database


@pytest.fixture(scope="module")
async def module_database_url(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[str]:
    """Give the owner's DSN of a migrated, empty database for all tests of a module."""
    name = f"proof_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield in_database(postgres, name)
    await maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")
