"""Which processes serve, and which keys each of them has. A rotation waits until all have the new one."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


SEEN_S = 15.0  # A process that was not seen for so long has ended, or hangs.


@dataclass(frozen=True, slots=True)
class ServingProcess:
    """A process that serves, as it was last seen."""

    id: UUID
    host: str
    pid: int
    wraps_with: str  # Fingerprints of master keys.
    opens: Sequence[str]
    signing_kid: str | None
    started_at: datetime
    seen_at: datetime

    @property
    def name(self) -> str:
        """Return how an operator finds it."""
        return f"process {self.pid} on {self.host}"


async def load_processes(connection: Connection) -> list[ServingProcess]:
    """Return the processes that serve now."""
    rows = await connection.fetch(statement("load_processes"), SEEN_S)
    return [ServingProcess(*row) for row in rows]


async def note_process(
    connection: Connection,
    process_id: UUID,
    *,
    wraps_with: str,
    opens: Sequence[str],
    signing_kid: str | None,
) -> None:
    """Note that this process serves, and which keys it has; forget processes that ended without a word."""
    host, pid = socket.gethostname(), os.getpid()
    await connection.execute(
        statement("note_process"), process_id, host, pid, wraps_with, list(opens), signing_kid
    )
    await connection.execute(statement("forget_lost_processes"), SEEN_S)


async def forget_process(connection: Connection, process_id: UUID) -> None:
    """Note that this process ends."""
    await connection.execute(statement("forget_process"), process_id)
