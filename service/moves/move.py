"""Move an organization: hold its log, write it, load it elsewhere, and leave it held for ever.

Held means that Postgres refuses every append, whoever tries it, and that requests are answered 503 with Retry-After.
Clients send them again, and a proxy that was switched meanwhile sends them to the other database. A move that fails
releases the log.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final
from uuid import UUID

from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.sealing.randomness import random_bytes
from eventstore.sealing.sealer import KEY_BYTES, Sealer
from eventstore.transfer.arrive import is_log_here
from eventstore.transfer.hold import end_log, hold_log, release_log
from projections.maintenance.session import Report
from schema.events.organization import Organization
from service.config import Settings
from service.moves.arrive import Arrived, load_organization
from service.moves.held import LOOK_EVERY_S
from service.moves.write import write_organization
from service.proof.outside import OutsideCopy
from service.proof.outside_writer import close_if_ended
from service.proof.repair import owner
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
