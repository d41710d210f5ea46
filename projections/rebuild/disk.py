"""Refuse a rebuild if the disk has too little space, as far as that can be known."""

import os
import shutil
from pathlib import Path

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


# Beside the tables: their write-ahead log, and the temporary files of index builds.
FACTOR = 2.5
SPARE_BYTES = 64 * 1024**2
SHARE_OF_LOG = (
    0.6  # A directory takes this share of the log's size; it counts if the directory lost its rows.
)


class NoRoom(Exception):
    """There is not enough disk space for a second copy of the projection. Nothing was started."""


async def refuse_without_room(
    connection: Connection, schema: str, data_dir: Path | None
) -> int | None:
    """Return the free bytes, or None if they cannot be known. Errors: NoRoom.

    `data_dir` is the server's data directory, if the caller knows it. Otherwise the server is asked; its
    answer counts if the server is on this machine and we may access the directory.
    """
    folder = data_dir or await folder_of(connection)
    if folder is None:
        return None
    needed = await needed_bytes(connection, schema)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoom(f"{NoRoom.__doc__} It takes about {needed:,} bytes, and {free:,} are free.")
    return free


async def needed_bytes(connection: Connection, schema: str) -> int:
    """Return the most that a second copy may take, from the sizes of the first copy and of the log."""
    held: int = await connection.fetchval(statement("schema_bytes"), schema)
    log: int = await connection.fetchval(statement("schema_bytes"), "eventstore")
    return int(FACTOR * max(held, SHARE_OF_LOG * log)) + SPARE_BYTES


async def folder_of(connection: Connection) -> Path | None:
    """Return the server's data directory, or None if it is on another machine or not accessible."""
    if not await connection.fetchval(statement("is_server_local")):
        return None
    try:
        folder = Path(await connection.fetchval("SHOW data_directory"))
    except Exception as error:
        if classify(error) is not Outage.DENIED:
            raise
        return None
    return folder if os.access(folder, os.X_OK) else None
