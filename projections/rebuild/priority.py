"""Lets a rebuild stand back for requests: on the machine that serves them, its work has the lower priority.

It takes whatever nobody else wants, so that it is as fast as ever where nothing else runs. The process that
catches up and swaps does not stand back: appends wait for it.
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
# Helpers of Postgres's own would have its ordinary priority.
ALONE = {"max_parallel_workers_per_gather": "0", "max_parallel_maintenance_workers": "0"}


def lower_priority() -> None:
    """Give this process the lower priority."""
    os.nice(NICENESS)


async def connect_behind(
    dsn: str, settings: dict[str, str], *, timeout_s: float
) -> asyncpg.Connection:
    """Return a connection whose process of Postgres stands back, where it is on this machine and we may."""
    connection = await connect(dsn, timeout_s=timeout_s, server_settings=settings | ALONE)
    await connection.execute(statement("write_evenly"))
    if await connection.fetchval(statement("is_server_local")):
        _lower(connection)
    return connection


def _lower(connection: Connection) -> None:
    # Somebody else's process, or that of a container, which has numbers of its own.
    with suppress(psutil.Error, OSError):
        process = psutil.Process(connection.get_server_pid())
        if process.name().startswith("postgres"):
            process.nice(NICENESS)
