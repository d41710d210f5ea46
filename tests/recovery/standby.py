"""A PostgreSQL in a folder, and a streaming standby of it."""

import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from service.database.embedded.account import Account, account_for, programs, spawn
from service.database.migrate import migrate
from tests.proof.running import until
from tests.protocol.installation import free_port


@dataclass(slots=True)
class Server:
    """A PostgreSQL in a folder."""

    folder: Path
    account: Account
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the superuser's URL."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        """Run a program to its end."""
        done = spawn(self.account, program, *arguments, stdout=subprocess.PIPE)
        said, _ = done.communicate(timeout=60)
        assert done.returncode == 0, said

    def start(self) -> None:
        """Start the server."""
        arguments = ["-D", str(self.folder), "-p", str(self.port), "-k", ""]
        settings = ["fsync=off", "listen_addresses=127.0.0.1", "hot_standby_feedback=on"]
        for each in settings:
            arguments += ["-c", each]
        self.process = spawn(self.account, "postgres", *arguments, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """Kill the server and its children."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    async def answers(self) -> None:
        """Return once the server answers."""

        async def is_there() -> bool:
            try:
                await (await asyncpg.connect(self.url)).close()
            except (OSError, asyncpg.PostgresError):
                return False
            return True

        await until(is_there)


def pair_in(base: Path) -> tuple[Server, Server]:
    """Return a primary and a standby, which are made in a folder."""
    account = account_for(base / "none")
    base.chmod(0o711)
    if not account.is_ours:
        os.chown(base, account.uid, account.gid)
    assert (programs() / "pg_basebackup").exists()
    return (
        Server(base / "primary", account, free_port()),
        Server(base / "standby", account, free_port()),
    )


@asynccontextmanager
async def replicating(primary: Server, standby: Server) -> AsyncIterator[None]:
    """Run a migrated primary and a standby of it for the duration of the block; then remove their folders."""
    try:
        await _copy(primary, standby)
        yield
    finally:
        for each in (standby, primary):
            if each.process is not None:
                each.kill()
            shutil.rmtree(each.folder, ignore_errors=True)


async def _copy(primary: Server, replica: Server) -> None:
    """Start a primary, migrate it, and start a replica of it."""
    locale = (
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C",
        "--builtin-locale=C.UTF-8",
    )
    primary.run(
        "initdb", "-D", str(primary.folder), "--username=postgres", "--auth=trust", "-N", *locale
    )
    primary.start()
    await primary.answers()
    await migrate(primary.url)
    arguments = ["-D", str(replica.folder), "-R", "-c", "fast", "-X", "stream"]
    replica.run(
        "pg_basebackup", "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres", *arguments
    )
    replica.start()
    await replica.answers()
