"""Fixtures of the feed: one organization for all tests of a module."""

import secrets
from collections.abc import AsyncIterator

import pytest

from tests.admin.client import Admin, with_scope
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

FEED = "/api/feed/v1"


@pytest.fixture(scope="module")
async def tenant(served: Served) -> AsyncIterator[Tenant]:
    """Give an organization. Its log is checked after the module."""
    made = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    yield made
    await check_log(served.owner, served.runtime.sealer, made.id)


@pytest.fixture
def feed(served: Served, tenant: Tenant) -> Admin:
    """Give a client whose token grants the scope feed:read."""
    return Admin(served, with_scope(served, tenant, "feed:read"), FEED)


@pytest.fixture
def admin(served: Served, tenant: Tenant) -> Admin:
    """Give a client whose token grants the scope admin."""
    return Admin(served, with_scope(served, tenant, "admin"))


@pytest.fixture
def provider(served: Served, tenant: Tenant) -> Scim:
    """Give a provisioning client of the organization."""
    return Scim(served, tenant.token)
