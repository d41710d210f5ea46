"""The Postgres of a run: the embedded one, as `serve` starts it, with fsync on."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

import asyncpg

from schema.events.organization import Organization
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.database.embedded import postgres as embedded
from service.organizations.register import create_organization
from service.organizations.tokens import issue_token
from service.runtime import open_keys, open_runtime
from tests.benchmarks.events import Loaded, Size, load

FOUND = """
UPDATE proof.logs SET is_found = true, marks_from = NULL WHERE organization_id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization of the run, and a token of its technical account."""

    organization: Organization
    token: str


@dataclass(frozen=True, slots=True)
class Database:
    """The running server; `dsn` is the owner's."""

    folder: Path
    dsn: str

    @property
    def settings(self) -> Settings:
        """Return the settings of a service on it."""
        return Settings(data_dir=self.folder)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a service's process on it."""
        ours = {
            k: v for k, v in os.environ.items() if not k.startswith(("SCIM_LEDGER", "DATABASE"))
        }
        return ours | {"SCIM_LEDGER_DATA_DIR": str(self.folder)}

    def tenants(self, *names: str) -> list[Tenant]:
        """Make organizations."""
        return asyncio.run(self._make(names))

    async def _make(self, names: tuple[str, ...]) -> list[Tenant]:
        made = []
        async with open_runtime(self.settings, is_migrating=True) as runtime:
            for name in names:
                created = await create_organization(runtime, name, provenance=cli_provenance())
                issued = await issue_token(
                    runtime, created.organization, "benchmark", provenance=cli_provenance()
                )
                made.append(Tenant(created.organization, issued.token))
        return made

    def load(self, tenants: list[Tenant], sizes: list[Size]) -> list[Loaded]:
        """Fill organizations, as many at once as the machine has processors."""
        folders = [self.folder] * len(tenants)
        dsns = [self.dsn] * len(tenants)
        organizations = [each.organization for each in tenants]
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as processes:
            loaded = list(processes.map(load_one, folders, dsns, organizations, sizes))
        asyncio.run(self._note_found([each.id for each in organizations]))
        return loaded

    async def _note_found(self, organization_ids: list[UUID]) -> None:
        """Record that these logs came without marks, as those of an upgrade do."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(FOUND, organization_ids)
        finally:
            await connection.close()


def load_one(folder: Path, dsn: str, organization: Organization, size: Size) -> Loaded:
    """Fill an organization; what a process of `Database.load` does."""
    return asyncio.run(_load_one(folder, dsn, organization, size))


async def _load_one(folder: Path, dsn: str, organization: Organization, size: Size) -> Loaded:
    keyring = await open_keys(dsn, Settings(data_dir=folder), may_make=False)
    return await load(dsn, keyring.sealer, organization, size)


@contextmanager
def database(parent: Path | None) -> Iterator[Database]:
    """Give a new, migrated database; its files go with the block."""
    folder = Path(tempfile.mkdtemp(prefix="scim-ledger-bench-", dir=parent))
    postgres = embedded.start(folder)
    try:
        yield Database(folder, postgres.dsn)
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
