"""Try a backup: restore it into a PostgreSQL that is thrown away, check the proofs, rebuild, compare every row."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eventstore.postgres.session import connect
from projections.maintenance.session import Report
from projections.registry import PROJECTIONS
from projections.verify.findings import Difference
from projections.verify.verify import verify
from service.backup.restore import Restored, context_of, load_backup, named, rebuild_all
from service.backup.tables import Folders, sum_serving
from service.config import Settings
from service.database.embedded import postgres as embedded
from service.database.pool import CONNECT_TIMEOUT_S

# What is thrown away need not survive a crash.
UNSAFE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying a backup found."""

    restored: Restored
    compared: int  # Rows that agree with the log, or differ.
    differing: Sequence[str]  # Tables of projections, with how many rows of them differ.
    unlike: Sequence[str]  # Tables that served other rows when the backup was made.

    @property
    def is_good(self) -> bool:
        """Return whether nothing contradicts."""
        return not (self.restored.contradictions or self.differing or self.unlike)


async def verify_backup(
    settings: Settings, folders: Folders, report: Report, *, scratch: Path | None = None
) -> Trial:
    """Restore a backup into a database that is thrown away, and compare all that can be compared.

    `scratch` is a folder with room for the database; by default that of temporary files. Errors: as those of a
    restore, EmbeddedPostgresError.
    """
    async with thrown_away(scratch) as (dsn, folder):
        manifests = await load_backup(dsn, settings, folders, report)
        restored = await rebuild_all(dsn, settings, manifests, report, data_dir=folder)
        compared, differing = 0, []
        for name in PROJECTIONS:
            context = context_of(dsn, restored.sealer, name, folder)
            rows = 0
            async for each in verify(context, named(name, report)):
                rows += isinstance(each, Difference)
            if rows:
                differing.append(f"{name}: {rows:,}")
        connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
        try:
            unlike = []
            for name, served in restored.log.serving.items():
                sums = await sum_serving(connection, name)
                compared += sum(each.rows for each in sums.values())
                if PROJECTIONS[name].revision != served.revision:
                    continue  # This release makes other rows.
                unlike += [
                    f"{name}.{table}: {was.rows:,} rows then, {sums[table].rows:,} now"
                    for table, was in served.tables.items()
                    if (was.rows, was.checksum) != (sums[table].rows, sums[table].checksum)
                ]
        finally:
            await connection.close()
    return Trial(restored, compared, differing, unlike)


@asynccontextmanager
async def thrown_away(scratch: Path | None) -> AsyncIterator[tuple[str, Path]]:
    """Give the DSN of a new embedded PostgreSQL, and its folder, for the duration of the block."""
    base = scratch or Path(tempfile.gettempdir())
    data_dir = base / f"scim-ledger-verify-{secrets.token_hex(6)}"
    embedded.forget_variables()
    try:
        server = await embedded.in_thread_until_stopped(
            lambda stop: embedded.start(data_dir, settings=UNSAFE, stop=stop),
            undo=embedded.EmbeddedPostgres.stop,
        )
        try:
            yield server.dsn, embedded.folder_in(data_dir)
        finally:
            await asyncio.to_thread(server.stop)
    finally:
        await asyncio.to_thread(shutil.rmtree, data_dir, ignore_errors=True)
