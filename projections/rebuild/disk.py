"""Refuses a rebuild that the disk has no room for, where that can be known."""

import os
import shutil
from pathlib import Path

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


# Next to the tables: their write-ahead log, and the runs that indexes are sorted in.
FACTOR = 2.5
SPARE_BYTES = 64 * 1024**2
SHARE_OF_LOG = 0.6  # Of the log's size: what a directory takes that lost its own rows.


class NoRoom(Exception):
    """There is not the disk for a second copy of the projection; nothing was begun."""


async def refuse_without_room(
    connection: Connection, schema: str, data_dir: Path | None
) -> int | None:
    """Return the bytes that are free, None where that cannot be known. Errors: NoRoom.

    `data_dir` is where the server's files are, if the caller knows; else the server is asked, and
    believed where it is on this machine and we may look.
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
    """Return what a second copy takes at most, of what the first and the log take now."""
    held: int = await connection.fetchval(statement("schema_bytes"), schema)
    log: int = await connection.fetchval(statement("schema_bytes"), "eventstore")
    return int(FACTOR * max(held, SHARE_OF_LOG * log)) + SPARE_BYTES


async def folder_of(connection: Connection) -> Path | None:
    """Return the server's folder, None where it is on another machine or we may not know or look."""
    if not await connection.fetchval(statement("is_server_local")):
        return None
    try:
        folder = Path(await connection.fetchval("SHOW data_directory"))
    except Exception as error:
        if classify(error) is not Outage.DENIED:
            raise
        return None
    return folder if os.access(folder, os.X_OK) else None
