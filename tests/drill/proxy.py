"""Stands between the service and Postgres: passes everything on, cuts at a COMMIT, or falls silent."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit

CHUNK_BYTES = 65_536
LANE = (
    b"application_name\x00scim-ledger\x00"  # In the first message of the service's own connections.
)
COMMIT = b"COMMIT"
# The statement that is a transaction of its own: prepared once by a name, which each execution repeats (protocol,
# §55.7: Parse has the name before the text, Bind after its portal's).
AT_ONCE = re.compile(rb"P.{4}([^\0]*)\0-- append_and_save_users:", re.DOTALL)
CUT_TIMEOUT_S = 30.0


class Proxy:
    """A listening port before a database."""

    def __init__(self, dsn: str) -> None:
        self._behind = urlsplit(dsn)
        self._passing = asyncio.Event()
        self._passing.set()
        self._cut: asyncio.Future[None] | None = None  # Done once a COMMIT was cut.
        self._is_delivered = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def dsn(self) -> str:
        """Return the DSN of the database behind it."""
        assert self._server
        port = self._server.sockets[0].getsockname()[1]
        account, _, _ = self._behind.netloc.rpartition("@")
        there = self._behind._replace(netloc=f"{account}@127.0.0.1:{port}", query="sslmode=disable")
        return urlunsplit(there)

    async def cut_next_commit(self, *, is_delivered: bool) -> None:
        """Return when a connection was lost at its COMMIT: before Postgres had it, or its reply."""
        self._cut = asyncio.get_running_loop().create_future()
        self._is_delivered = is_delivered
        async with asyncio.timeout(CUT_TIMEOUT_S):
            await self._cut

    def fall_silent(self) -> None:
        """Pass nothing on from now on, and say nothing about it."""
        self._passing.clear()

    def speak_again(self) -> None:
        """Pass all on that has come meanwhile."""
        self._passing.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Proxy"]:
        """Listen for the duration of the block; all connections end with it."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        try:
            yield self
        finally:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        back = writer
        with suppress(OSError):
            upstream, writer = await self._open()
            try:
                await self._pass_both(Link(reader, back, upstream, writer))
            finally:
                writer.transport.abort()
        back.transport.abort()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to Postgres, by the socket file or the host that its DSN names."""
        query = parse_qs(self._behind.query)
        if "host" in query:
            socket = f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"
            return await asyncio.open_unix_connection(socket)
        return await asyncio.open_connection(self._behind.hostname, self._behind.port or 5432)

    async def _pass_both(self, link: "Link") -> None:
        async with asyncio.TaskGroup() as group:
            there = group.create_task(self._pass_there(link))
            back = group.create_task(self._pass_back(link))
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            there.cancel()
            back.cancel()

    async def _pass_there(self, link: "Link") -> None:
        with suppress(OSError):
            while data := await link.reader.read(CHUNK_BYTES):
                await self._passing.wait()
                link.is_lane = link.is_lane or LANE in data
                if link.commits(data) and self._cut and not self._cut.done():
                    self._cut.set_result(None)
                    if not self._is_delivered:
                        return
                    link.is_mute = True
                link.upstream_writer.write(data)
                await link.upstream_writer.drain()

    async def _pass_back(self, link: "Link") -> None:
        with suppress(OSError):
            while data := await link.upstream.read(CHUNK_BYTES):
                await self._passing.wait()
                if link.is_mute:
                    return
                link.writer.write(data)
                await link.writer.drain()


class Link:
    """One connection through the proxy."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: asyncio.StreamReader,
        upstream_writer: asyncio.StreamWriter,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.upstream = upstream
        self.upstream_writer = upstream_writer
        self.is_lane = False
        self.is_mute = False  # Its COMMIT was delivered; Postgres's reply is the last that comes.
        # How Bind names the statement that commits by itself; empty: not prepared yet.
        self._at_once = b""

    def commits(self, data: bytes) -> bool:
        """Return whether the service sends what commits a batch."""
        if prepared := AT_ONCE.search(data):
            self._at_once = b"\0" + prepared[1] + b"\0"
            return False
        write_optimistic = bool(self._at_once) and self._at_once in data
        return self.is_lane and (write_optimistic or COMMIT in data)
