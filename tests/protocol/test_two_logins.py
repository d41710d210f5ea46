"""The owner's login is for `migrate` and rebuilds; every other command works with one that owns nothing."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from eventstore.postgres.database_url import with_login
from tests.protocol.installation import Installation, free_port
from tests.serving import MASTER_KEY

pytestmark = [pytest.mark.slow, pytest.mark.process]


@pytest.fixture
async def login(database_url: str, maintenance: asyncpg.Connection) -> AsyncIterator[str]:
    """Give the URL of a login that does not exist yet."""
    name = f"login_{secrets.token_hex(6)}"
    database = urlsplit(database_url).path.removeprefix("/")
    yield with_login(database_url, user=name, password="chosen", database=database)
    await maintenance.execute(f"DROP ROLE IF EXISTS {name}")


async def test_each_command_uses_the_login_that_it_needs(
    tmp_path: Path, database_url: str, login: str
) -> None:
    (tmp_path / "owner").write_text(f"{database_url}\n")
    installation = Installation(tmp_path / "data", free_port())
    service = {"DATABASE_URL": login, "SCIM_LEDGER_MASTER_KEY": MASTER_KEY}
    owner = {**service, "SCIM_LEDGER_OWNER_DATABASE_URL_FILE": str(tmp_path / "owner")}

    early = await installation.run("organization", "list", **service)
    migrated = await installation.run("migrate", **owner)
    again = await installation.run("migrate", **owner)
    made = await installation.run("organization", "create", "Contoso", **service)
    issued = await installation.run("token", "issue", "--label", "x", **service)
    verified = await installation.run("projections", "verify", "directory", **service)
    tail = await installation.run("events", "tail", "--no-follow", "--personal", **service)
    refused = [
        await installation.run(*each, **service)
        for each in (("migrate",), ("projections", "rebuild", "directory"))
    ]
    rebuilt = await installation.run("projections", "rebuild", "directory", **owner)

    assert (early.code, early.err.partition(": ")[2].partition(":")[0]) == (3, "DATABASE_URL")
    assert "made grant scim_ledger_service" in migrated.out
    assert again.out == "The database is up to date.\n"
    assert [each.code for each in (made, issued, verified, tail, rebuilt)] == [0] * 5
    assert "TokenIssued" in tail.out
    assert [each.code for each in refused] == [3, 3]
    assert all("SCIM_LEDGER_OWNER_DATABASE_URL" in each.err for each in refused)
