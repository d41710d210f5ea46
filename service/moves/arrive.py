"""Load an organization that was written elsewhere: all of it, proven, or nothing.

The events come in through the triggers of the log, so a gap is refused. Marks and keys become those of this database. The
key that signed elsewhere is known here, but signs nothing; a new event says so, and the key of this database goes on.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from eventstore.append import lock_log
from eventstore.events import Provenance
from eventstore.postgres.session import connect
from eventstore.proof.verdicts import Verdict
from eventstore.sealing.sealer import Sealer
from eventstore.transfer.arrive import (
    STAGED,
    is_log_here,
    stage,
    write_events,
    write_keys,
    write_signers,
)
from eventstore.trees.check import Sources, check_all
from eventstore.trees.extend import extend_to_end
from eventstore.trees.keys import LogKey, load_log_keys, load_signers, newest, signing
from eventstore.trees.logs import LogState, load_log
from projections.maintenance.context import RebuildContext
from projections.maintenance.session import Progress, Report, counting
from projections.rebuild.load import load_one
from projections.registry import DIRECTORY
from schema.events.proof import LogKeyChanged
from service.backup.manifest import BackupProblem, Manifest, read_manifest, refuse_unsigned
from service.backup.table_files import load_table
from service.backup.tables import find_tables
from service.callers.signing_keys import add_public_key
from service.config import Settings
from service.database.migrate import load_applied
from service.database.pool import CONNECT_TIMEOUT_S
from service.keys.keyring import announce_change
from service.moves.package import Secrets, read_secrets, travels
from service.proof.copies import outside_copy
from service.proof.outside_writer import write_if_possible
from service.proof.record import record_within
from service.runtime import Runtime

ONE_PER_NAME: Final = "organizations_one_per_name"  # A constraint of the directory.


@dataclass(frozen=True, slots=True)
class Arrived:
    """An organization that is here now."""

    organization_id: UUID
    name: str
    events: int  # That came.
    persons: int
    size: int  # Of the log, signed by the key of this database.


async def load_organization(
    runtime: Runtime,
    settings: Settings,
    folder: Path,
    sealer: Sealer,
    *,
    reason: str,
    provenance: Provenance,
    report: Report,
) -> Arrived:
    """Load an organization from a folder, check its proof, and let the key of this database sign it.

    `sealer` has the transfer key. Errors: BackupProblem, Foreign, KeyProblem, NotFolded, Uniqueness.
    """
    manifest = read_manifest(folder, "organization")
    [end] = manifest.logs
    secrets = read_secrets(folder, end.organization_id, sealer)
    refuse_unsigned(folder, manifest, _publics(secrets))
    connection = await connect(runtime.dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        if await load_applied(connection) != manifest.migrations:
            raise BackupProblem(
                f"The organization comes from a database of release {manifest.release} with other migrations: bring both "
                "to the same release first."
            )
        async with connection.transaction():
            persons = await _load(
                connection, runtime, folder, manifest, secrets, sealer, report=report
            )
            await _note_key(
                connection, runtime, end.organization_id, reason=reason, provenance=provenance
            )
    finally:
        await connection.close()
    state = await finish_arrival(runtime, settings, end.organization_id)
    return Arrived(end.organization_id, secrets.name, end.position, persons, state.size)


async def finish_arrival(runtime: Runtime, settings: Settings, organization_id: UUID) -> LogState:
    """Let every process know the keys that came with an organization, and sign its log. It may be done again."""
    connection = await connect(runtime.dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        await announce_change(connection)
        state = await _sign(connection, runtime, organization_id)
    finally:
        await connection.close()
    await write_if_possible(runtime.pool, outside_copy(settings), state)
    return state


def _publics(secrets: Secrets) -> dict[int, LogKey]:
    return {number: LogKey(number, each, None) for number, each in secrets.log_keys.items()}


async def _load(  # noqa: PLR0917 - from there, of this one, to here.
    connection: asyncpg.Connection,
    runtime: Runtime,
    folder: Path,
    manifest: Manifest,
    secrets: Secrets,
    sealer: Sealer,
    *,
    report: Report,
) -> int:
    """Load all tables; return how many persons came. The caller owns the transaction."""
    [end] = manifest.logs
    organization_id, report_rows = end.organization_id, counting(report, "load", 2 * manifest.rows)
    await lock_log(connection, organization_id)  # No swap of a projection meanwhile.
    if await is_log_here(connection, organization_id):
        raise BackupProblem(f"The organization {organization_id} is, or was, in this database.")
    await stage(connection)
    there = {each.full_name: each for each in await find_tables(connection)}
    for each in manifest.tables:
        table = there.get(f"{each.schema_name}.{each.name}")
        if table is None or not travels(table):
            raise BackupProblem(f"{each.schema_name}.{each.name} is no table of an organization.")
        staged = f"staged_{each.name}" if each.name in STAGED else None
        await load_table(
            connection, each, folder, report_rows, staged=staged, organization_id=organization_id
        )
    events = await write_events(
        connection,
        organization_id,
        former_mark_key=secrets.mark_key,
        mark_key=runtime.sealer.mark_key,
        report=report_rows,
    )
    if events != end.position:
        raise BackupProblem(f"{folder} holds {events:,} events, and its manifest {end.position:,}.")
    persons = await write_keys(connection, organization_id, sealer, runtime.sealer)
    await write_signers(connection, secrets.log_keys)
    for kid, public in secrets.signing_keys.items():
        await add_public_key(connection, runtime.sealer, kid, public)
    await _prove(connection, runtime, organization_id, report)
    context = RebuildContext(runtime.dsn, runtime.sealer.keys, DIRECTORY, DIRECTORY.name)
    try:
        await load_one(context, connection, organization_id, events)
    except Exception as error:
        if getattr(error, "constraint_name", None) != ONE_PER_NAME:
            raise
        raise BackupProblem(
            f"Another organization here is called {secrets.name!r} too: rename one of them first."
        ) from error
    return persons


async def _prove(
    connection: asyncpg.Connection, runtime: Runtime, organization_id: UUID, report: Report
) -> None:
    """Compare every event with the tree, the checkpoints and the marks. Errors: BackupProblem."""

    def report_one(position: int, of: int) -> None:
        report(Progress("prove", position, of))

    sources = Sources({}, runtime.sealer.mark_key)
    verdict: Verdict = await check_all(connection, organization_id, sources, report_one)
    if verdict.findings:
        raise BackupProblem(f"The log is not what was signed. {verdict.findings[0].sentence()}")


async def _note_key(
    connection: asyncpg.Connection,
    runtime: Runtime,
    organization_id: UUID,
    *,
    reason: str,
    provenance: Provenance,
) -> None:
    """Say in the log that the key of this database signs from now on.

    It comes in the transaction of the load: as soon as the log is here, every process may sign it.
    """
    state = await load_log(connection, organization_id)
    assert state is not None
    former = signing(await load_signers(connection, organization_id), state.incarnation)
    key = newest(await load_log_keys(connection, runtime.sealer))
    if former is None or former.public != key.public:
        event = LogKeyChanged(
            from_=str(LogKey(0, former.public, None).vkey(state.origin)) if former else "",
            to=str(key.vkey(state.origin)),
            reason=reason,
            compromised=True,  # The former key cannot sign here.
        )
        await record_within(connection, runtime.sealer, organization_id, event, provenance)


async def _sign(
    connection: asyncpg.Connection, runtime: Runtime, organization_id: UUID
) -> LogState:
    """Let the key of this database sign the log up to its end."""
    signed = await extend_to_end(
        connection,
        organization_id,
        await load_log_keys(connection, runtime.sealer),
        datetime.now(UTC),
        mark_key=runtime.sealer.mark_key,
    )
    assert signed is not None
    return signed
