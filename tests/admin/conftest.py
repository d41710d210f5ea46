"""Fixtures of the admin API: one organization for all tests of a module."""

import secrets
from collections.abc import AsyncIterator

import pytest

from tests.admin.client import Admin, with_scope
from tests.invariants import check_log
from tests.serving import Served, Tenant, make_tenant


@pytest.fixture(scope="module")
async def tenant(served: Served) -> AsyncIterator[Tenant]:
    """Give an organization. Its log is checked after the module."""
    made = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    yield made
    await check_log(served.owner, served.runtime.sealer, made.id)


@pytest.fixture(scope="module")
async def stranger(served: Served) -> Tenant:
    """Give another organization, whose resources the first must never see."""
    return await make_tenant(served.runtime, f"Fabrikam {secrets.token_hex(6)}")


@pytest.fixture
def admin(served: Served, tenant: Tenant) -> Admin:
    """Give a client whose token grants the scope admin."""
    return Admin(served, with_scope(served, tenant, "admin"))


@pytest.fixture
def other_admin(served: Served, stranger: Tenant) -> Admin:
    """Give a client of the other organization."""
    return Admin(served, with_scope(served, stranger, "admin"))
