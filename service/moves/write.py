"""Write an organization into a folder, from one snapshot, its log signed up to the end."""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from eventstore.postgres.session import connect
from eventstore.sealing.rewrap import wrapped_for_transfer
from eventstore.sealing.sealer import Sealer
from eventstore.trees.extend import extend_to_end, keep_newest
from eventstore.trees.keys import LogKey, load_log_keys
from eventstore.trees.logs import load_log
from projections.maintenance.session import Report, counting
from schema.events.organization import Organization
from service.backup.create import filled, refuse_existing, signing_key
from service.backup.manifest import (
    FORMAT,
    BackupProblem,
    LogEnd,
    Manifest,
    TableFile,
    write_manifest,
)
from service.backup.table_files import write_lines, write_table
from service.backup.tables import Table, find_tables
from service.database.migrate import load_applied
from service.database.pool import CONNECT_TIMEOUT_S
from service.ids import new_id
from service.moves.package import Secrets, travels, write_secrets
from service.runtime import Runtime

KEYS: Final = "subject_keys"


@dataclass(frozen=True, slots=True)
class Written:
    """An organization in a folder."""

    organization_id: UUID
    name: str
    events: int
    persons: int
    folder: Path
    digest: str  # SHA-256 of the manifest, in hexadecimal.


async def write_organization(
    runtime: Runtime, organization: Organization, folder: Path, sealer: Sealer, *, report: Report
) -> Written:
    """Write an organization into a folder that does not exist yet. `sealer` has the transfer key.

    Errors: BackupProblem, Contradicted, OSError.
    """
    refuse_existing({"organization": folder})
    connection = await connect(runtime.logins.any, timeout_s=CONNECT_TIMEOUT_S)
    try:
        keys = await load_log_keys(connection, runtime.sealer)
        signed = await extend_to_end(
            connection,
            organization.id,
            keys,
            datetime.now(UTC),
            mark_key=runtime.sealer.mark_key,
        )
        if signed is not None:
            await keep_newest(connection, signed)
        with filled({"organization": folder}) as drafts:
            draft = drafts["organization"]
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                manifest = await _write(connection, runtime, organization, draft, sealer, report)
            write_secrets(draft, organization.id, _secrets(runtime, organization, keys), sealer)
            digest = write_manifest(draft, manifest, signing_key(keys))
    finally:
        await connection.close()
    persons = next(each.rows for each in manifest.tables if each.name == KEYS)
    return Written(organization.id, organization.name, manifest.events, persons, folder, digest)


async def _write(  # noqa: PLR0917 - from here, of this one, to there.
    connection: asyncpg.Connection,
    runtime: Runtime,
    organization: Organization,
    draft: Path,
    sealer: Sealer,
    report: Report,
) -> Manifest:
    state = await load_log(connection, organization.id)
    if state is None or state.note is None or state.is_found:
        raise BackupProblem(
            f"The log of {organization.name} is not signed yet: start the service, and wait a moment."
        )
    report_rows, files = counting(report, "write", state.size), []
    for each in await find_tables(connection):
        if not travels(each):
            continue
        if each.name == KEYS:
            files.append(await _write_keys(connection, runtime, organization, each, draft, sealer))
        else:
            files.append(
                await write_table(
                    connection, each, draft, report_rows, organization_id=organization.id
                )
            )
    events = next(each.rows for each in files if each.name == "events")
    return Manifest(
        format=FORMAT,
        part="organization",
        backup_id=new_id(),
        created_at=datetime.now(UTC),
        release=version("scim-ledger"),
        server=connection.get_settings().server_version,
        migrations=await load_applied(connection),
        master_keys=(),
        tables=tuple(files),
        logs=(
            LogEnd(
                organization_id=organization.id,
                position=events,
                signed=state.size,
                note=state.note,
            ),
        ),
    )


async def _write_keys(  # noqa: PLR0917 - as above.
    connection: asyncpg.Connection,
    runtime: Runtime,
    organization: Organization,
    table: Table,
    draft: Path,
    sealer: Sealer,
) -> TableFile:
    rows = await wrapped_for_transfer(connection, organization.id, runtime.sealer, sealer)
    lines = [
        f"{organization.id}\t{subject_id}\t\\\\x{wrapped.hex()}\t{created_at.isoformat()}\n"
        for subject_id, wrapped, created_at in rows
    ]
    columns = ("organization_id", "subject_id", "wrapped_key", "created_at")
    return write_lines(table, columns, lines, draft)


def _secrets(runtime: Runtime, organization: Organization, keys: dict[int, LogKey]) -> Secrets:
    signing = {
        each.kid: each.public_key.public_bytes_raw() for each in runtime.signing_keys.values()
    }
    publics = {number: each.public for number, each in keys.items()}
    return Secrets(organization.name, runtime.sealer.mark_key, publics, signing)
