"""An embedded PostgreSQL from a wheel: one server for each data folder, started, joined and stopped.

Several processes may use one data folder. The first starts the server, the others join it, and the last one
stops it. Each process holds a shared file lock while it lives; even `kill -9` releases it. A server that is
left running then is joined by the next process.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO, TypeVar
from urllib.parse import parse_qs, urlsplit

from service.database.embedded.account import (
    SEARCH,
    EmbeddedPostgresError,
    Stopped,
    account_for,
    let_enter,
    refuse_unreachable,
)
from service.database.embedded.process import is_alive, processes
from service.database.embedded.server import (
    SETTINGS,
    bring_back,
    bring_up,
    create,
    take_down,
)
from service.database.embedded.superuser import password_of

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "running", "start"]

T = TypeVar("T")
TURN_INTERVAL_S = 0.05
TURN = "postgres.lock"  # Held while a process starts or stops the server.
USERS = "postgres.users"  # Shared by all processes that use the server.


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server in use. Its owner must call `stop`."""

    data_dir: Path
    dsn: str  # The superuser's, through a Unix socket; for asyncpg and for libpq.
    hold: IO[bytes]  # The open file that shares the users' lock.

    @property
    def is_alive(self) -> bool:
        """Whether the server process lives. It may still be recovering from a crash."""
        return is_alive(folder_in(self.data_dir))

    def bring_back(self, stop: Event | None = None) -> None:
        """Start the server again if it has died, with the same DSN. Blocks until it answers."""
        folder = folder_in(self.data_dir)
        with locked(self.data_dir / TURN, stop):
            sockets = Path(parse_qs(urlsplit(self.dsn).query)["host"][0])
            bring_back(folder, account_for(folder), sockets, stop)

    def stop(self) -> bool:
        """Leave the server; the last user stops it. Blocks until then; return whether the server is down."""
        with locked(self.data_dir / TURN):
            return leave(self.data_dir, self.hold)


def leave(data_dir: Path, hold: IO[bytes]) -> bool:
    """Leave the server; the last user stops it. Return whether it is down. The caller holds the TURN lock."""
    hold.close()
    with open_lock(data_dir / USERS) as users:
        if not is_taken(users):
            return False
        take_down(folder_in(data_dir))
    return True


def start(
    data_dir: Path, *, settings: Mapping[str, str] | None = None, stop: Event | None = None
) -> EmbeddedPostgres:
    """Return the data folder's server: made if there is none, then started or joined. Blocks until it answers.

    `settings` are added to SETTINGS and written as in postgresql.conf; a server that is joined keeps its own.
    Errors: EmbeddedPostgresError; Stopped once `stop` is set, and then nothing new is left behind.
    """
    with explaining_ownership():
        refuse_unreachable(account_for(folder_in(data_dir)), data_dir.resolve())
        make_folder(data_dir)
        with locked(data_dir / TURN, stop):
            return enter(data_dir, {**SETTINGS, **(settings or {})}, stop)


def make_folder(data_dir: Path) -> None:
    """Make the data folder unless it exists. Errors: EmbeddedPostgresError, PermissionError."""
    try:
        made = [each for each in (data_dir, *data_dir.parents) if not each.exists()]
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:  # The server runs under another account, which must be able to enter.
            for each in made:
                each.chmod(each.stat().st_mode & 0o7777 | SEARCH)
    except PermissionError:
        raise
    except OSError as error:
        raise EmbeddedPostgresError(
            f"{data_dir} cannot be a folder: {error.strerror}. Set SCIM_LEDGER_DATA_DIR to another"
        ) from error


def enter(data_dir: Path, settings: Mapping[str, str], stop: Event | None) -> EmbeddedPostgres:
    """Return the server with one more user. The caller holds the TURN lock."""
    folder = folder_in(data_dir)
    account = account_for(folder)
    hold = open_lock(data_dir / USERS)
    try:
        is_alone = is_taken(hold)
        fcntl.flock(hold, fcntl.LOCK_SH)  # Nobody joins in between: that takes the TURN lock.
        let_enter(account, data_dir)
        if not folder.exists():
            create(folder, account, stop)
        elif password_of(folder) is None:
            stop_open_server(folder, is_alone=is_alone)
        return EmbeddedPostgres(data_dir, bring_up(folder, account, settings, stop), hold)
    except BaseException:
        leave(data_dir, hold)
        raise


def stop_open_server(folder: Path, *, is_alone: bool) -> None:
    """Stop a server that a former release left running, and that asks for no password.

    Errors: EmbeddedPostgresError if that release still runs.
    """
    if is_alone:
        take_down(folder)
    elif processes(folder):
        raise EmbeddedPostgresError(
            f"A process of a former release uses the PostgreSQL in {folder}: stop it first"
        )


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Give the data folder's server for the duration of the block, without blocking the event loop."""
    forget_variables()
    postgres = await in_thread_until_stopped(
        lambda stop: start(data_dir, stop=stop), undo=EmbeddedPostgres.stop
    )
    try:
        yield postgres
    finally:
        await asyncio.to_thread(postgres.stop)


async def in_thread_until_stopped(
    work: Callable[[Event], T], *, undo: Callable[[T], object] = lambda _: None
) -> T:
    """Run work in a thread and return its result. A cancellation stops the work, undoes it and waits for both."""
    stop = Event()
    working = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([working])
        if working.exception() is None:
            await asyncio.to_thread(undo, working.result())
        raise


def is_made(data_dir: Path) -> bool:
    """Return whether this data folder holds a server, running or not."""
    with explaining_ownership():
        return folder_in(data_dir).exists()


def folder_in(data_dir: Path) -> Path:
    """Return the folder of the server's files."""
    return data_dir.resolve() / "postgres"


@contextmanager
def locked(path: Path, stop: Event | None = None) -> Iterator[None]:
    """Hold the file's lock for the duration of the block. Errors: Stopped once `stop` is set."""
    with open_lock(path) as lock:
        while not is_taken(lock):
            if stop is not None and stop.wait(TURN_INTERVAL_S):
                raise Stopped("Another process is starting or stopping PostgreSQL")
            if stop is None:
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def open_lock(path: Path) -> IO[bytes]:
    """Open a lock file, which only our account may open: whoever holds a lock keeps all others waiting."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    found = os.fstat(opened)
    if found.st_mode & 0o077 and found.st_uid == os.geteuid():  # A former release made it.
        os.fchmod(opened, 0o600)
    return os.fdopen(opened, "ab")


def is_taken(lock: IO[bytes]) -> bool:
    """Try to take the lock; return whether it is ours now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def forget_variables() -> None:
    """Remove libpq's environment variables from this process: they describe another server."""
    for name in [name for name in os.environ if name.startswith("PG") and name.isupper()]:
        del os.environ[name]


@contextmanager
def explaining_ownership() -> Iterator[None]:
    """Turn the operating system's refusal into an error that says what to do."""
    try:
        yield
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"{error.filename} belongs to another account: run as that one, or set SCIM_LEDGER_DATA_DIR"
        ) from error
