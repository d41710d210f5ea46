"""Stands in front of Postgres as a pooler does that ignores what a session asks for when it connects.

PgBouncer's `ignore_startup_parameters` drops these settings, and in transaction mode notifications are lost.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit

KEPT = (b"user", b"database", b"client_encoding")
CHUNK_BYTES = 65_536


def without_settings(message: bytes) -> bytes:
    """Return a startup message without the settings that it asks for (protocol, §55.7: StartupMessage)."""
    fields = message[8:].rstrip(b"\0").split(b"\0")
    pairs = zip(fields[::2], fields[1::2], strict=True)
    kept = b"".join(name + b"\0" + value + b"\0" for name, value in pairs if name in KEPT)
    return struct.pack("!I", len(kept) + 9) + message[4:8] + kept + b"\0"


@asynccontextmanager
async def dropping_settings(url: str) -> AsyncIterator[str]:
    """Give the URL of a database behind such a pooler."""
    behind = urlsplit(url)
    query = {name: each[-1] for name, each in parse_qs(behind.query).items()}
    tasks = set[asyncio.Task[None]]()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            size = await reader.readexactly(4)
            message = size + await reader.readexactly(struct.unpack("!I", size)[0] - 4)
            if "host" in query:
                path = f"{query['host']}/.s.PGSQL.{query['port']}"
                there, back = await asyncio.open_unix_connection(path)
            else:
                there, back = await asyncio.open_connection(behind.hostname, behind.port or 5432)
            back.write(without_settings(message))
            for each in (pump(reader, back), pump(there, writer)):
                task = asyncio.create_task(each)
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    userinfo = behind.netloc.rpartition("@")[0]
    port = server.sockets[0].getsockname()[1]
    try:
        yield urlunsplit(
            behind._replace(netloc=f"{userinfo}@127.0.0.1:{port}", query="sslmode=disable")
        )
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
