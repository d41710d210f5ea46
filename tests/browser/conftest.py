"""A Chromium, and a service with something of everything."""

import os
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from playwright.async_api import Browser

from tests.browser.chromium import find_chromium, running_chromium
from tests.browser.site import Seeded, seed
from tests.conftest import drop_database, in_database
from tests.serving import make_tenant, started


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Give a Chromium. Without one the tests are skipped, unless SCIM_LEDGER_TEST_BROWSER says that they must run."""
    if find_chromium() is None:
        if os.environ.get("SCIM_LEDGER_TEST_BROWSER") == "required":
            pytest.fail(
                "There is no Chromium: install one, or name it in SCIM_LEDGER_TEST_CHROMIUM."
            )
        pytest.skip("There is no Chromium here.")
    async with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
async def site(
    postgres: str, template: str, maintenance: asyncpg.Connection
) -> AsyncIterator[Seeded]:
    """Give a service of its own, whose organization the tests share."""
    name = f"browser_{secrets.token_hex(6)}"
    await maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    async with started(in_database(postgres, name)) as served:
        yield await seed(served, await make_tenant(served.runtime, "Contoso"))
    await drop_database(maintenance, name)
