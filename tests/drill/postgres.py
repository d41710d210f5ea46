"""What happens to a Postgres: its processes are killed or suspended; it is stopped and started."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import asyncpg

from service.database.embedded.account import account_for, run
from service.database.embedded.postgres import folder_in
from service.database.embedded.process import processes

VICTIM = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'scim-ledger'"
    " ORDER BY state = 'idle', random() LIMIT 1"
)


async def kill_postmaster(data_dir: Path, _dsn: str) -> None:
    """SIGKILL the first process; the others notice and end."""
    os.kill(postmaster_of(data_dir), signal.SIGKILL)


async def kill_all(data_dir: Path, _dsn: str) -> None:
    """SIGKILL every process, as the kernel does when a machine runs out of memory badly."""
    send_all(data_dir, signal.SIGKILL)


async def kill_backend(_data_dir: Path, dsn: str) -> None:
    """SIGKILL the process behind one of the service's connections: Postgres restarts all of them."""
    connection = await asyncpg.connect(dsn)
    with suppress(asyncpg.PostgresError, OSError, asyncpg.InterfaceError):
        pid = await connection.fetchval(VICTIM)
        os.kill(pid, signal.SIGKILL)
    connection.terminate()


async def kill_somehow(data_dir: Path, dsn: str, rng: Random) -> None:
    """Kill it in one of these ways."""
    await rng.choice((kill_postmaster, kill_all, kill_backend))(data_dir, dsn)


def postmaster_of(data_dir: Path) -> int:
    """Return the process id of a folder's server."""
    text = (folder_in(data_dir) / "postmaster.pid").read_text(encoding="utf-8")
    return int(text.splitlines()[0])


def send_all(data_dir: Path, number: signal.Signals) -> None:
    """Send a signal to every process of a folder's server."""
    for pid in processes(folder_in(data_dir)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def stop(data_dir: Path, mode: str) -> None:
    """Stop it: fast ends sessions in order, immediate does not even write a checkpoint."""
    folder = folder_in(data_dir)
    await asyncio.to_thread(
        run, account_for(folder), "pg_ctl", "stop", "-m", mode, "-w", "-D", str(folder)
    )


async def start(data_dir: Path) -> None:
    """Start it again."""
    folder = folder_in(data_dir)
    log = str(folder / "server.log")
    await asyncio.to_thread(
        run, account_for(folder), "pg_ctl", "start", "-w", "-D", str(folder), "-l", log
    )


@asynccontextmanager
async def frozen(data_dir: Path) -> AsyncIterator[None]:
    """Let all of its processes stand still for the duration of the block."""
    send_all(data_dir, signal.SIGSTOP)
    try:
        yield
    finally:
        send_all(data_dir, signal.SIGCONT)
