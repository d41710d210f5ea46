"""Move an organization: hold its log, write it, load it elsewhere, and leave it held for ever.

Held means that Postgres refuses every append, whoever tries it, and that requests are answered 503 with Retry-After.
Clients send them again, and a proxy that was switched meanwhile sends them to the other database. A move that fails
releases the log. One that was killed is repeated: it goes on where it stopped, also if the log has arrived already.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final
from uuid import UUID

from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.sealing.randomness import random_bytes
from eventstore.sealing.sealer import KEY_BYTES, Sealer
from eventstore.transfer.arrive import count_keys, is_log_here
from eventstore.transfer.hold import HeldLog, end_log, hold_log, load_held, release_log
from projections.maintenance.session import Report
from schema.events.organization import Organization
from service.backup.manifest import BackupProblem
from service.config import Settings
from service.moves.arrive import Arrived, finish_arrival, load_organization
from service.moves.held import LOOK_EVERY_S
from service.moves.write import write_organization
from service.proof.outside import OutsideCopy
from service.proof.outside_writer import close_if_ended
from service.proof.repair import owner, root_at
from service.runtime import Runtime

LOOK_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Moved:
    """An organization that has moved."""

    arrived: Arrived
    held_s: float  # For how long nobody served it.


async def move_organization(
    runtime: Runtime,
    there: Runtime,
    settings_there: Settings,
    organization: Organization,
    *,
    copy: OutsideCopy,
    destination: str,
    provenance: Provenance,
    report: Report,
) -> Moved:
    """Move an organization from one open runtime to another. Errors: as those of writing and loading.

    `copy` is the copy outside of the first one: it gets the last checkpoint there, and that the log has left.
    """
    former = await _former_move(runtime, organization.id, destination)
    if former is not None and await _has_arrived(runtime, there, former):
        arrived = await _finish(runtime, there, settings_there, organization, former=former)
        await close_if_ended(runtime, copy, organization.id)
        return Moved(arrived, (datetime.now(UTC) - former.held_at).total_seconds())
    sealer = Sealer(random_bytes(KEY_BYTES))  # It never leaves this process.
    folder = Path(tempfile.mkdtemp(prefix="scim-ledger-move-")) / "organization"
    began_s = monotonic()
    try:
        async with held(runtime, there, organization, destination):
            await asyncio.sleep(LOOK_EVERY_S)  # By then no process answers a read from here.
            await write_organization(runtime, organization, folder, sealer, report=report)
            arrived = await load_organization(
                there,
                settings_there,
                folder,
                sealer,
                reason=f"The organization has moved to {destination}.",
                provenance=provenance,
                report=report,
            )
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)
    await close_if_ended(runtime, copy, organization.id)
    return Moved(arrived, monotonic() - began_s)


async def _former_move(runtime: Runtime, organization_id: UUID, destination: str) -> HeldLog | None:
    """Return the move of a log that was begun before, if there was one. Errors: BackupProblem, it went elsewhere."""
    async with borrowed(runtime.pool, timeout_s=LOOK_TIMEOUT_S) as connection:
        held_logs = {each.organization_id: each for each in await load_held(connection)}
    former = held_logs.get(organization_id)
    if former is not None and former.destination != destination:
        done = "has moved" if former.state == "moved" else "is being moved"
        raise BackupProblem(
            f"The organization {done} to {former.destination!r}, and may be there: repeat the command with this "
            "--destination, and with --to of that database. It goes on where it stopped."
        )
    return former


async def _has_arrived(runtime: Runtime, there: Runtime, former: HeldLog) -> bool:
    """Return whether a log that is held here is there. Errors: BackupProblem, another log is there."""
    organization_id = former.organization_id
    async with borrowed(there.pool, timeout_s=LOOK_TIMEOUT_S) as connection:
        if not await is_log_here(connection, organization_id):
            return False
        root_there = await root_at(connection, organization_id, former.position)
    async with borrowed(runtime.pool, timeout_s=LOOK_TIMEOUT_S) as connection:
        root = await root_at(connection, organization_id, former.position)
    if root != root_there:
        raise BackupProblem(
            f"The other database has another log of the organization {organization_id}. It stays held here. "
            "Compare both: scim-ledger audit verify."
        )
    return True


async def _finish(
    runtime: Runtime,
    there: Runtime,
    settings_there: Settings,
    organization: Organization,
    *,
    former: HeldLog,
) -> Arrived:
    """End a move that was killed after the log had arrived."""
    state = await finish_arrival(there, settings_there, organization.id)
    async with borrowed(there.pool, timeout_s=LOOK_TIMEOUT_S) as connection:
        persons = await count_keys(connection, organization.id)
    async with owner(runtime) as connection:
        await end_log(connection, organization.id)
    return Arrived(organization.id, organization.name, former.position, persons, state.size)


@asynccontextmanager
async def held(
    runtime: Runtime, there: Runtime, organization: Organization, destination: str
) -> AsyncIterator[None]:
    """Hold a log during the block. It stays held if the block succeeds; if it fails, it is released unless it arrived.

    Two databases that both append to one log lose what one of them wrote. A log that stays held answers 503.
    """
    async with owner(runtime) as connection:
        await hold_log(connection, organization.id, destination)
        try:
            yield
        except BaseException:
            await asyncio.shield(_release_unless_there(connection, there, organization.id))
            raise
        await end_log(connection, organization.id)


async def _release_unless_there(
    connection: Connection, there: Runtime, organization_id: UUID
) -> None:
    """Release a log that has not arrived. If that cannot be looked up, it stays held."""
    async with borrowed(there.pool, timeout_s=LOOK_TIMEOUT_S) as other:
        has_arrived = await is_log_here(other, organization_id)
    if not has_arrived:
        await release_log(connection, organization_id)
