"""Services that start together for the first time: all of them serve, and one makes the organization."""

import asyncio
import base64
import signal
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from tests.protocol.installation import Installation, Serving, free_port

pytestmark = [pytest.mark.slow, pytest.mark.process]
KEY = base64.b64encode(bytes(32)).decode()
COUNT = 3
# All schemas that a migration makes.
OURS = (
    *("service", "eventstore", "proof", "projections", "followers"),
    *("directory", "history", "versions"),
)


async def start_together(installation: Installation, **environment: str) -> list[Serving]:
    """Start services at once, each on its own port, and return them."""

    class Here(Installation):
        async def start(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
            return await super().start(*arguments, **environment, **more)

    each = [Here(installation.data_dir, free_port()) for _ in range(COUNT)]
    return list(await asyncio.gather(*(one.serve() for one in each)))


async def end_all(services: list[Serving]) -> list[int]:
    """End services; return their exit codes."""
    return [(await each.end(signal.SIGTERM)).code for each in services]


async def test_on_a_database_of_one_s_own(
    tmp_path: Path, database_url: str, connection: asyncpg.Connection
) -> None:
    for schema in OURS:
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    services = await start_together(
        Installation(tmp_path, 0), DATABASE_URL=database_url, SCIM_LEDGER_MASTER_KEY=KEY
    )
    organizations = await connection.fetchval("SELECT count(*) FROM directory.organizations")

    assert await end_all(services) == [0] * COUNT
    assert organizations == 1


async def test_on_an_embedded_database(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", 0)
    services = await start_together(installation)
    listed = await replace(installation, port=free_port()).run("organization", "list", "--json")

    assert await end_all(services) == [0] * COUNT
    assert len(listed.json) == 1


async def test_commands_that_migrate_together_all_succeed(
    tmp_path: Path, database_url: str, connection: asyncpg.Connection
) -> None:
    for schema in OURS:
        await connection.execute(f"DROP SCHEMA {schema} CASCADE")
    installation = Installation(tmp_path, free_port())
    own = {"DATABASE_URL": database_url, "SCIM_LEDGER_MASTER_KEY": KEY}
    migrated = await asyncio.gather(*(installation.run("migrate", **own) for _ in range(COUNT)))
    made = await asyncio.gather(
        *(installation.run("organization", "create", f"N{n}", **own) for n in range(COUNT))
    )

    assert [(each.code, each.err) for each in (*migrated, *made) if each.code] == []
