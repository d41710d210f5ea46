"""A service, organizations and people in front of browsers. The tests of a module share them."""

import secrets
from collections.abc import AsyncIterator

import pytest

from tests.console.client import Browser
from tests.invariants import check_log
from tests.serving import Served, Tenant, make_tenant


@pytest.fixture(scope="module")
async def contoso(served: Served) -> AsyncIterator[Tenant]:
    """Give an organization that the tests of a module share. Its log is checked afterwards."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    yield tenant
    await check_log(served.owner, served.runtime.sealer, tenant.id)


@pytest.fixture
async def browser(served: Served, contoso: Tenant) -> Browser:
    """Give an administrator who is signed in."""
    made = Browser(served)
    await made.sign_in(contoso.id)
    return made
