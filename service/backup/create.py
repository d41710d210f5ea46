"""Write a backup: every table of the database from one snapshot, the keys in a folder apart, both signed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import permutations
from pathlib import Path
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.trees.extend import Contradicted, extend_to_end
from eventstore.trees.keys import LogKey, load_log_keys
from eventstore.trees.logs import load_logs
from projections.maintenance.session import Progress, Report, counting
from projections.registry import PROJECTIONS
from service.backup.manifest import (
    FORMAT,
    BackupProblem,
    LogEnd,
    Manifest,
    Serving,
    ServingSum,
    TableFile,
    write_manifest,
)
from service.backup.table_files import write_table
from service.backup.tables import PARTS, Folders, Part, Table, find_tables, sum_serving
from service.database.master_key import sync_folder
from service.database.migrate import load_applied
from service.database.pool import CONNECT_TIMEOUT_S
from service.ids import new_id
from service.keys.master_keys import load_master_keys
from service.runtime import Runtime

PARTIAL: Final = ".partial"  # At the end of a folder's name, until the part is complete.


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written."""

    backup_id: UUID
    created_at: datetime
    logs: int
    events: int
    persons: int  # Whose keys are in it.
    unsigned: tuple[
        UUID, ...
    ]  # Logs that contradict their checkpoints, so their ends were not signed.
    folders: Folders
    sizes: dict[Part, int]  # Of the files, in bytes.
    digests: dict[Part, str]  # SHA-256 of the manifests, in hexadecimal.


async def create_backup(runtime: Runtime, folders: Folders, report: Report) -> Backup:
    """Write the two parts of a backup into folders that do not exist yet. The service goes on meanwhile.

    First every log is signed up to its end. Then one snapshot of the database is written. Both folders appear when
    they are complete. Errors: BackupProblem, OSError.
    """
    refuse_existing(folders)
    connection = await connect(runtime.logins.any, timeout_s=CONNECT_TIMEOUT_S)
    try:
        signing = await load_log_keys(connection, runtime.sealer)
        unsigned = await _sign_all(connection, runtime, signing, report)
        with filled(folders) as drafts:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                manifests = await _write(connection, drafts, report)
            key = signing_key(signing)
            digests = {
                part: write_manifest(drafts[part], each, key) for part, each in manifests.items()
            }
            sizes = {part: size_of(each) for part, each in drafts.items()}
    finally:
        await connection.close()
    made = manifests["log"]
    persons = next(each.rows for each in manifests["keys"].tables if each.name == "subject_keys")
    return Backup(
        made.backup_id,
        made.created_at,
        len(made.logs),
        made.events,
        persons,
        unsigned,
        folders,
        sizes,
        digests,
    )


def refuse_existing(folders: Folders) -> None:
    """Refuse folders that exist already, or that lie in each other. Errors: BackupProblem."""
    for one, other in permutations([each.resolve() for each in folders.values()], 2):
        if one == other or one in other.parents:
            raise BackupProblem(
                "The keys must lie apart from the log: name another folder with --keys."
            )
    for each in folders.values():
        if each.exists() or each.is_symlink():
            raise BackupProblem(f"{each} exists already: name another folder.")


@contextmanager
def filled(folders: Folders) -> Iterator[Folders]:
    """Give draft folders, which take their names at the end of the block. After an error nothing is left."""
    drafts = {part: each.with_name(each.name + PARTIAL) for part, each in folders.items()}
    try:
        for each in drafts.values():
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir(mode=0o700, parents=True)
        yield drafts
        for part, each in drafts.items():
            sync_folder(each)
            each.rename(folders[part])
            sync_folder(folders[part].parent)
    finally:
        for each in drafts.values():
            shutil.rmtree(each, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Return how many bytes the files of a folder have."""
    return sum(each.stat().st_size for each in folder.iterdir())


async def _sign_all(
    connection: Connection, runtime: Runtime, keys: dict[int, LogKey], report: Report
) -> tuple[UUID, ...]:
    """Sign every log up to its end; return those that contradict their checkpoints."""
    logs, contradicted = await load_logs(connection), []
    for done, each in enumerate(logs, 1):
        report(Progress("sign", done, len(logs)))
        state = each.state
        if state is None or state.is_found or state.size >= each.tail:
            continue
        try:
            await extend_to_end(
                connection,
                each.organization_id,
                keys,
                datetime.now(UTC),
                mark_key=runtime.sealer.mark_key,
            )
        except Contradicted:
            contradicted.append(each.organization_id)
    return tuple(contradicted)


async def _write(connection: Connection, drafts: Folders, report: Report) -> dict[Part, Manifest]:
    """Write all tables; return the manifests. The transaction is REPEATABLE READ."""
    created_at = datetime.now(UTC)
    report(Progress("sum"))
    serving = await _sum_inline(connection)
    ends = [
        LogEnd(
            organization_id=each.organization_id,
            position=each.tail,
            signed=each.state.size if each.state and each.state.note else 0,
            note=each.state.note if each.state else None,
        )
        for each in await load_logs(connection)
    ]
    tables = await find_tables(connection)
    files = await _write_tables(
        connection, tables, drafts, events=sum(each.position for each in ends), report=report
    )
    known = await load_master_keys(connection)
    backup_id = new_id()
    return {
        part: Manifest(
            format=FORMAT,
            part=part,
            backup_id=backup_id,
            created_at=created_at,
            release=version("scim-ledger"),
            server=connection.get_settings().server_version,
            migrations=await load_applied(connection),
            master_keys=tuple(known.needed),
            tables=tuple(files[part]),
            logs=tuple(ends) if part == "log" else (),
            serving=serving if part == "log" else {},
        )
        for part in PARTS
    }


async def _sum_inline(connection: Connection) -> dict[str, Serving]:
    """Return the sums of the projections that are written with the log: those with a follower may lag."""
    found = {}
    for name, projection in PROJECTIONS.items():
        if projection.follower is None:
            sums = await sum_serving(connection, name)
            found[name] = Serving(
                revision=projection.revision,
                tables={
                    table: ServingSum(rows=each.rows, checksum=each.checksum)
                    for table, each in sums.items()
                },
            )
    return found


async def _write_tables(
    connection: Connection,
    tables: list[Table],
    drafts: Folders,
    *,
    events: int,
    report: Report,
) -> dict[Part, list[TableFile]]:
    report_rows = counting(report, "write", events)  # The other tables are small.
    files: dict[Part, list[TableFile]] = {part: [] for part in PARTS}
    for each in tables:
        files[each.part].append(await write_table(connection, each, drafts[each.part], report_rows))
    return files


def signing_key(keys: dict[int, LogKey]) -> LogKey:
    """Return the newest key that can sign. Errors: BackupProblem."""
    for number in sorted(keys, reverse=True):
        if keys[number].private is not None:
            return keys[number]
    raise BackupProblem("There is no key that signs checkpoints: start the service once.")
