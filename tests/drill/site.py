"""Where a drill takes place: an embedded Postgres with its folder, its organizations, and the processes that use it."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from uuid import UUID

import asyncpg

from eventstore.sealing.sealer import Sealer
from service.config import Settings
from service.database.embedded import postgres as embedded
from service.runtime import open_keys, open_runtime
from tests.drill.judge import Verdict, judge
from tests.drill.ledger import Ledger
from tests.drill.process import DrillFailed, Process, free_port, plain_environment
from tests.drill.watch import Bystander, Checkpoints, bystander_digest
from tests.serving import Tenant, make_tenant

END_TIMEOUT_S = 30.0  # For the transactions of a process that is gone.
WORKING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'scim-ledger' AND (state <> 'idle' OR $1)"
)


@dataclass(slots=True)
class Site:
    """A running Postgres and what has been seen of it."""

    folder: Path
    dsn: str
    sealer: Sealer
    bystander: Bystander
    checkpoints: Checkpoints = field(default_factory=Checkpoints)

    @property
    def settings(self) -> Settings:
        """Return the settings of a service that brings this Postgres itself."""
        return Settings(data_dir=self.folder)

    def process(self, *, dsn: str | None = None, **settings: str) -> Process:
        """Return a service, still to start: one that brings this Postgres itself, or is given a DSN."""
        environment = plain_environment() | {
            "SCIM_LEDGER_DATA_DIR": str(self.folder),
            "SCIM_LEDGER_LOG_LEVEL": "WARNING",
            **settings,
        }
        if dsn:
            environment["DATABASE_URL"] = dsn
        return Process(environment, self.folder / "service.log", free_port())

    async def books(self, count: int) -> list[tuple[Tenant, Ledger]]:
        """Make organizations, each with an empty ledger."""
        async with open_runtime(self.settings, is_migrating=False) as runtime:
            return [
                (await make_tenant(runtime, f"drill {secrets.token_hex(6)}"), Ledger())
                for _ in range(count)
            ]

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """Give a connection of the database's owner."""
        connection = await asyncpg.connect(self.dsn, timeout=END_TIMEOUT_S)
        try:
            yield connection
        finally:
            await connection.close()

    async def judge(self, books: list[tuple[Tenant, Ledger]], *, is_dead: bool) -> list[Verdict]:
        """Return the verdict on each organization, once nothing is in flight.

        `is_dead` says that the service was killed: then its connections must be gone, too.
        """
        async with self.owner() as connection:
            await until_quiet(connection, is_dead=is_dead)
            verdicts = [
                await judge(connection, self.sealer, tenant.id, ledger) for tenant, ledger in books
            ]
            verdicts[0].broken += await self.checkpoints.look(connection)
            if await bystander_digest(connection, self.bystander.id) != self.bystander.digest:
                verdicts[0].broken.append("Rows of an organization that nobody touched changed.")
        return verdicts


async def until_quiet(connection: asyncpg.Connection, *, is_dead: bool) -> None:
    """Return when no transaction of the service runs, or no connection of it is left."""
    began = monotonic()
    while await connection.fetchval(WORKING, is_dead):
        if monotonic() - began > END_TIMEOUT_S:
            raise DrillFailed(f"Transactions of the service still run after {END_TIMEOUT_S} s.")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def opened(
    parent: Path | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Site]:
    """Give a new site; its files go with the block."""
    folder = Path(tempfile.mkdtemp(prefix="scim-ledger-drill-", dir=parent))
    postgres = await asyncio.to_thread(embedded.start, folder, settings=settings)
    try:
        yield await _site(folder, postgres.dsn)
    finally:
        await asyncio.to_thread(_clear, postgres)


def _clear(postgres: embedded.EmbeddedPostgres) -> None:
    if not postgres.stop():
        raise DrillFailed(f"Somebody still uses {postgres.data_dir}.")
    shutil.rmtree(postgres.data_dir)


async def _site(folder: Path, dsn: str) -> Site:
    chosen = Settings(data_dir=folder)
    async with open_runtime(chosen, is_migrating=True) as runtime:
        tenant = await make_tenant(runtime, "Bystander")
        sealer = (await open_keys(dsn, chosen, may_make=False)).sealer
    async with asyncio.timeout(END_TIMEOUT_S):
        return Site(folder, dsn, sealer, await _bystander(dsn, tenant.id))


async def _bystander(dsn: str, organization_id: UUID) -> Bystander:
    connection = await asyncpg.connect(dsn)
    try:
        return Bystander(organization_id, await bystander_digest(connection, organization_id))
    finally:
        await connection.close()
