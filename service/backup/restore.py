"""Load a backup into an empty database: migrate to its shape, load, check the signatures, migrate on, rebuild."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.proof.outside_lines import BrokenCopy
from eventstore.proof.verdicts import Finding, Verdict
from eventstore.read_streams import read_tails
from eventstore.sealing.rewrap import refuse_other_master_keys
from eventstore.sealing.sealer import Sealer, fingerprint_of
from eventstore.trees.check import Sources, check_all
from eventstore.trees.keys import load_log_keys
from eventstore.trees.logs import load_logs
from projections.maintenance.context import RebuildContext
from projections.maintenance.session import Progress, Report, counting
from projections.rebuild.proof import refuse
from projections.rebuild.rebuild import rebuild
from projections.registry import PROJECTIONS
from service.backup.manifest import BackupProblem, Manifest, read_manifest, refuse_unsigned
from service.backup.table_files import load_table
from service.backup.tables import PARTS, Folders, Part, find_filled, find_tables
from service.config import Settings
from service.database.logins.given import Logins
from service.database.migrate import (
    Migration,
    apply_next,
    load_applied,
    migrate,
    packaged,
    refuse_foreign,
    refuse_unfit,
)
from service.database.pool import CONNECT_TIMEOUT_S
from service.keys.master_keys import find_needed, load_master_keys, load_states, shown
from service.keys.places import KeyPlaces
from service.proof.copies import outside_copy
from service.runtime import make_ready, open_keys
from service.webhooks.store import set_back_beyond

# What the copy outside says about a backup that is older than the log was: news for the operator, not a fault.
NEWS: Final = frozenset({"restored", "erasure_undone"})
ERASED_SINCE: Final = "key_lost"  # Also news, if the keys are newer than the log.


@dataclass(frozen=True, slots=True)
class Restored:
    """A database that was loaded from a backup."""

    log: Manifest
    keys: Manifest
    verdicts: Sequence[Verdict]
    events: int
    sealer: Sealer

    @property
    def contradictions(self) -> list[tuple[Verdict, Finding]]:
        """Return what contradicts the proof."""
        return [
            (verdict, each)
            for verdict in self.verdicts
            for each in verdict.findings
            if each.is_contradiction and each.code not in self._news
        ]

    @property
    def news(self) -> list[tuple[Verdict, Finding]]:
        """Return what was written or erased after the backup, as the copy outside says."""
        return [
            (verdict, each)
            for verdict in self.verdicts
            for each in verdict.findings
            if each.code in self._news
        ]

    @property
    def _news(self) -> frozenset[str]:
        is_mixed = self.keys.backup_id != self.log.backup_id
        return NEWS | {ERASED_SINCE} if is_mixed else NEWS


async def restore_backup(
    logins: Logins, settings: Settings, folders: Folders, report: Report
) -> Restored:
    """Load a backup into an empty database, make it ready to serve and rebuild its projections.

    If the load is interrupted, the tables stay empty. Errors: BackupProblem, KeyProblem, MigrationProblem, NoOwner,
    REFUSALS of a rebuild.
    """
    loaded = await load_backup(logins.owner_dsn, settings, folders, report)
    await make_ready(logins, settings)
    return await rebuild_all(logins.owner_dsn, settings, loaded, report)


async def load_backup(
    dsn: str, settings: Settings, folders: Folders, report: Report
) -> dict[Part, Manifest]:
    """Load both parts in one transaction, and bring the database to the shape of this release; return the manifests.

    Errors: BackupProblem, KeyProblem, MigrationProblem.
    """
    manifests = read_parts(settings, folders)
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        await refuse_unfit(connection)
        await _migrate_to(connection, manifests["log"])
        if filled := await find_filled(connection):
            raise BackupProblem(
                f"The database is not empty: {filled} holds rows. Restore into a new database."
            )
        async with connection.transaction():
            await _load(connection, manifests, folders, report)
            await _check_signatures(connection, settings, manifests, folders)
            if any(each.name == "webhooks" for each in manifests["keys"].tables):
                await set_back_beyond(connection, await read_tails(connection))
    finally:
        await connection.close()
    await migrate(dsn)
    return manifests


def read_parts(settings: Settings, folders: Folders) -> dict[Part, Manifest]:
    """Return the manifests of both parts. Errors: BackupProblem, KeyProblem if the master key is not here."""
    manifests = {part: read_manifest(folders[part], part) for part in PARTS}
    refuse_mixed(manifests)
    refuse_without_master_key(manifests["keys"], settings)
    return manifests


def refuse_mixed(manifests: dict[Part, Manifest]) -> None:
    """Refuse keys that are older than the log: they lack those of new persons. Errors: BackupProblem."""
    log, keys = manifests["log"], manifests["keys"]
    if keys.created_at < log.created_at:
        raise BackupProblem(
            f"The keys are of {keys.created_at:%Y-%m-%d %H:%M:%S}, which is before the log "
            f"({log.created_at:%Y-%m-%d %H:%M:%S}): give those of the same backup, or newer ones."
        )
    if keys.migrations != log.migrations:
        raise BackupProblem(
            "The keys are of another release than the log: make a new backup with each release, and restore its parts."
        )


def migrations_of(manifest: Manifest) -> list[Migration]:
    """Return the migrations that the backup's database had. Errors: BackupProblem if this release lacks one."""
    known = {each.number: each for each in packaged()}
    for number, checksum in manifest.migrations.items():
        if number not in known or known[number].checksum != checksum:
            raise BackupProblem(
                f"The backup was made by release {manifest.release}, with a migration {number:04} that this release does "
                "not have: restore it with a release at least as new."
            )
    return [known[each] for each in sorted(manifest.migrations)]


async def _migrate_to(connection: Connection, manifest: Manifest) -> None:
    """Bring an empty database to the shape that the backup's had. Errors: BackupProblem, MigrationProblem."""
    wanted = migrations_of(manifest)
    await refuse_foreign(connection, wanted)
    applied = await load_applied(connection)
    if applied.keys() - manifest.migrations.keys():
        raise BackupProblem(
            "The database has migrations that the backup's did not have: restore into a new, empty database."
        )
    while await apply_next(connection, wanted):
        pass


async def _load(
    connection: Connection,
    manifests: dict[Part, Manifest],
    folders: Folders,
    report: Report,
) -> None:
    report_rows = counting(report, "load", sum(each.rows for each in manifests.values()))
    there = {each.full_name: each.columns for each in await find_tables(connection)}
    for part in PARTS:
        for each in manifests[part].tables:
            if there.get(f"{each.schema_name}.{each.name}") != each.columns:
                raise BackupProblem(
                    f"The backup's table {each.schema_name}.{each.name} does not fit the database: it was not made by "
                    "these migrations."
                )
            await load_table(connection, each, folders[part], report_rows)


async def _check_signatures(
    connection: Connection,
    settings: Settings,
    manifests: dict[Part, Manifest],
    folders: Folders,
) -> None:
    """Refuse parts that nobody signed who has the master key. Errors: BackupProblem, KeyProblem, BrokenSeal."""
    sealer = Sealer(*find_needed(await load_master_keys(connection), KeyPlaces.of(settings)))
    keys = await load_log_keys(connection, sealer)
    for part, each in manifests.items():
        refuse_unsigned(folders[part], each, keys)
    ends = {each.organization_id: each for each in manifests["log"].logs}
    for log in await load_logs(connection):
        end = ends.pop(log.organization_id, None)
        note = log.state.note if log.state else None
        if end is None or (end.position, end.note) != (log.tail, note):
            raise BackupProblem(f"The log {log.organization_id} is not the one of the manifest.")
    if ends:
        raise BackupProblem(f"The log {min(ends)} of the manifest is missing.")
    states = [each.state for each in await load_states(connection)]
    if "retired" in states and "former" not in states:
        await refuse_other_master_keys(connection, sealer.fingerprint)


def refuse_without_master_key(manifest: Manifest, settings: Settings) -> None:
    """Refuse a backup whose master key is not here. Errors: BackupProblem, KeyProblem."""
    held = {fingerprint_of(each.key) for each in KeyPlaces.of(settings).find()}
    if lacking := [each for each in manifest.master_keys if each not in held]:
        raise BackupProblem(
            f"The backup needs the master key whose fingerprint begins with {shown(lacking[0])}: set "
            f"SCIM_LEDGER_MASTER_KEY, or put its file at {settings.master_key_file}."
        )


async def rebuild_all(
    dsn: str,
    settings: Settings,
    manifests: dict[Part, Manifest],
    report: Report,
    *,
    data_dir: Path | None = None,
) -> Restored:
    """Compare every log with its proof and with the copy outside, then rebuild every projection; return what was found.

    Errors: REFUSALS of a rebuild; LogContradicted is one.
    """
    sealer = (await open_keys(dsn, settings, may_make=False)).sealer
    verdicts = await _verdicts(dsn, settings, sealer, report)
    proven = Restored(manifests["log"], manifests["keys"], verdicts, 0, sealer)
    for verdict, finding in proven.contradictions:
        refuse(verdict.organization_id, [finding])
    events = 0
    for each in PROJECTIONS.values():
        context = context_of(dsn, sealer, each.name, data_dir)
        events = await rebuild(context, named(each.name, report), is_proven=True)
    return replace(proven, events=events)


def named(name: str, report: Report) -> Report:
    """Return a report that names the projection with each step."""

    def report_named(progress: Progress) -> None:
        report(replace(progress, step=f"{name}: {progress.step}"))

    return report_named


def context_of(dsn: str, sealer: Sealer, name: str, data_dir: Path | None) -> RebuildContext:
    """Return what a rebuild or a comparison of a projection works on."""
    return RebuildContext(
        dsn=dsn,
        keys=sealer.keys,
        projection=PROJECTIONS[name],
        schema=name,
        processes=os.cpu_count() or 1,
        data_dir=data_dir,
    )


async def _verdicts(dsn: str, settings: Settings, sealer: Sealer, report: Report) -> list[Verdict]:
    copy = outside_copy(settings)
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        logs = await load_logs(connection)
        try:
            outside = (
                {}
                if copy.is_gone
                else await copy.load([each.organization_id for each in logs], with_history=True)
            )
        except (BrokenCopy, OSError):
            outside = {}
        done, total, found = 0, sum(each.tail for each in logs), []
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for each in logs:
                before = done

                def report_one(position: int, _of: int, before: int = before) -> None:
                    report(Progress("prove", before + position, max(total, before + position)))

                sources = Sources(outside, sealer.mark_key)
                found.append(await check_all(connection, each.organization_id, sources, report_one))
                done += each.tail
        return found
    finally:
        await connection.close()
