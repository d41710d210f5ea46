"""The files and processes of one embedded PostgreSQL: is it up, make it, bring it up, take it down."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event

from service.database.embedded.account import (
    Account,
    EmbeddedPostgresError,
    Stopped,
    give,
    run,
    spawn,
)
from service.database.embedded.process import first_process, processes
from service.database.embedded.socket import (
    SOCKET,
    answering_dsn,
    folder_for_socket,
    make_again,
    socket_folder,
)

START_TIMEOUT_S = 120  # Recovery after a crash replays up to max_wal_size.
STOP_TIMEOUT_S = 60
POLL_INTERVAL_S = 0.05
SHARED_MEMORY = re.compile(r"^\s*(dynamic_shared_memory_type)\s*=\s*(\w+)", re.MULTILINE)

STARTED: list[subprocess.Popen[bytes]] = []  # The servers that are children of this process.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",  # Taken from the machine as it fills, not at start.
    "max_wal_size": "2GB",
    # A new segment of 16 MB filled with zeros keeps every commit waiting for 70 ms, two of them each second of a rebuild.
    "wal_init_zero": "off",
    # Left to itself it may wait for ever: when its second recovery dies too, as on a full disk, nothing starts a third.
    # This way it ends with any of its processes, and whoever watches it starts it anew (service/database/embedded/watch.py).
    "restart_after_crash": "off",
    "checkpoint_timeout": "15min",
    "wal_compression": "off",  # The wheel has neither lz4 nor zstd; pglz costs more than it saves.
    "random_page_cost": "1.1",
    "jit": "off",  # Our statements are short.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # The log grows by surprises only.
}


def bring_up(
    folder: Path, account: Account, settings: Mapping[str, str], stop: Event | None = None
) -> str:
    """Return the DSN of the folder's server, started unless it runs, recovered from any crash."""

    def prepare() -> None:
        forget(folder, socket_folder(folder))
        configure(folder, account, settings)

    return launch(folder, account, prepare, stop)


def bring_back(folder: Path, account: Account, sockets: Path, stop: Event | None = None) -> str:
    """Return the DSN of a server that has died, started as it was configured: so it is the same DSN."""

    def prepare() -> None:
        forget(folder, sockets)
        if sockets != folder:
            make_again(sockets, account)

    return launch(folder, account, prepare, stop)


def launch(folder: Path, account: Account, prepare: Callable[[], None], stop: Event | None) -> str:
    """Return the DSN of the folder's server once it answers; prepared and started unless it runs.

    Errors: EmbeddedPostgresError; Stopped once `stop` is set, when it may be starting still.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    started: subprocess.Popen[bytes] | None = None
    while (dsn := answering_dsn(folder)) is None:
        if stop is not None and stop.is_set():
            end(started)
            raise Stopped("PostgreSQL was stopped as it started")
        if time.monotonic() > deadline or (started is not None and started.poll() is not None):
            raise EmbeddedPostgresError(
                f"PostgreSQL does not answer: see {folder}/server.log. {last_words(folder)}".strip()
            )
        # One is starting, recovering or shutting down, or its children are about to notice its end.
        if started is None and not processes(folder):
            prepare()
            started = start_server(folder, account)
        time.sleep(POLL_INTERVAL_S)
    return dsn


def end(started: subprocess.Popen[bytes] | None) -> None:
    """End a server that is just starting, or leave one to itself that somebody else has started."""
    if started is None or started.poll() is not None:
        return
    started.send_signal(signal.SIGINT)  # Its sessions end, and what was committed is on disk.
    try:
        started.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def start_server(folder: Path, account: Account) -> subprocess.Popen[bytes]:
    """Start the folder's server without a shell, which would read a meaning into its path."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    log = os.open(folder / "server.log", flags, 0o600)
    try:
        if not account.is_ours:
            os.fchown(log, account.uid, account.gid)
        STARTED[:] = [each for each in STARTED if each.poll() is None]  # Which buries the dead.
        STARTED.append(spawn(account, "postgres", "-D", str(folder), stdout=log))
        return STARTED[-1]
    finally:
        os.close(log)


def last_words(folder: Path) -> str:
    """Return the last line of the server's log, which says why it does not run."""
    try:
        lines = (folder / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def take_down(folder: Path) -> None:
    """Stop the folder's server if it runs, ending its sessions; what was committed is on disk."""
    sockets = socket_folder(folder)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    told = None
    while running := processes(folder):
        first = first_process(folder)
        if first in running and first != told:
            os.kill(first, signal.SIGINT)
            told = first
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL does not stop: see {folder}/server.log")
        time.sleep(POLL_INTERVAL_S)
    forget(folder, sockets)


def create(folder: Path, account: Account, stop: Event | None = None) -> None:
    """Make an empty server in the folder, whole or not at all."""
    fresh = folder.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    give(fresh, account)
    locale = (
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C",
        "--builtin-locale=C.UTF-8",
    )
    # Whoever may open the socket may read the files: a password would add nothing.
    try:
        run(
            account,
            *("initdb", "-D", str(fresh), "--username=postgres", "--auth=trust", *locale),
            stop=stop,
        )
    except Stopped:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.rename(folder)


def configure(folder: Path, account: Account, settings: Mapping[str, str]) -> None:
    """Write postgresql.conf anew; what ALTER SYSTEM sets is in another file, and stays."""
    chosen = {**found_by_initdb(folder), **settings}
    lines = [
        "# Written at every start of the service.",
        *(f"{name} = {value}" for name, value in chosen.items()),
        f"unix_socket_directories = '{folder_for_socket(folder, account)}'",
    ]
    # Written outside and moved in: as root we follow no link that the server's account has laid.
    written = folder.with_name("postgresql.conf")
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    give(written, account)
    written.replace(folder / "postgresql.conf")


def found_by_initdb(folder: Path) -> dict[str, str]:
    """Return which shared memory works here: initdb tried, since some containers have no /dev/shm."""
    try:
        written = (folder / "postgresql.conf").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    return dict(SHARED_MEMORY.findall(written))


def forget(folder: Path, sockets: Path | None) -> None:
    """Remove what a server leaves that did not stop by itself; none of its processes may be left.

    The process id in these files may be a zombie's or a stranger's by now, and PostgreSQL would respect it.
    """
    (folder / "postmaster.pid").unlink(missing_ok=True)
    for place in {folder, sockets or folder}:
        for name in (SOCKET, f"{SOCKET}.lock"):
            (place / name).unlink(missing_ok=True)
    if sockets is not None and sockets != folder:
        with suppress(OSError):  # Gone already, or somebody keeps more in it: not ours to clear.
            sockets.rmdir()
