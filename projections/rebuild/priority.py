"""Lower the priority of a rebuild's work below that of requests on the same machine.

A rebuild is as fast as before if nothing else runs. The process that catches up and swaps keeps its priority,
because appends wait for it.
"""

import os
from contextlib import suppress

import asyncpg
import psutil

from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


NICENESS = 10
# Parallel workers of Postgres would have the normal priority.
ALONE = {"max_parallel_workers_per_gather": "0", "max_parallel_maintenance_workers": "0"}


def lower_priority() -> None:
    """Lower the priority of this process."""
    os.nice(NICENESS)


async def connect_low_priority(
    dsn: str, settings: dict[str, str], *, timeout_s: float
) -> asyncpg.Connection:
    """Return a connection. Lower the priority of its Postgres process if it is on this machine and we may."""
    connection = await connect(dsn, timeout_s=timeout_s, server_settings=settings | ALONE)
    await connection.execute(statement("write_evenly"))
    if await connection.fetchval(statement("is_server_local")):
        _lower(connection)
    return connection


def _lower(connection: Connection) -> None:
    # The process may belong to another account, or to a container with process numbers of its own.
    with suppress(psutil.Error, OSError):
        process = psutil.Process(connection.get_server_pid())
        if process.name().startswith("postgres"):
            process.nice(NICENESS)
