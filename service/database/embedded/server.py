"""The files and the processes of one embedded PostgreSQL: make it, bring it up, take it down."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
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
from service.database.embedded.superuser import FILE, RULES, SUPERUSER, make_password, password_of

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
    "shared_buffers": "256MB",  # The machine gives it as it fills, not all at start.
    "max_wal_size": "2GB",
    # Filling a new 16 MB segment with zeros delays every commit by 70 ms. A rebuild makes two a second.
    "wal_init_zero": "off",
    # With "on", PostgreSQL may wait for ever: if its second recovery dies too, as on a full disk, it starts no third.
    # With "off", it ends if any of its processes dies, and service/database/embedded/watch.py starts it again.
    "restart_after_crash": "off",
    "checkpoint_timeout": "15min",
    "wal_compression": "off",  # The wheel has neither lz4 nor zstd; pglz costs more than it saves.
    "random_page_cost": "1.1",
    "jit": "off",  # Our statements are short.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # The log holds only what is unusual.
    # And no value: details quote keys and rows, and parameters are what clients have sent.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def bring_up(
    folder: Path, account: Account, settings: Mapping[str, str], stop: Event | None = None
) -> str:
    """Return the DSN of the folder's server. Start it unless it runs; it recovers from any crash."""

    def prepare() -> None:
        forget(folder, socket_folder(folder))
        configure(folder, account, settings)
        if password_of(folder) is None:
            make_password(folder, account, stop)

    return launch(folder, account, prepare, stop)


def bring_back(folder: Path, account: Account, sockets: Path, stop: Event | None = None) -> str:
    """Start a server that has died, with its old configuration; return the DSN, which is the same as before."""

    def prepare() -> None:
        forget(folder, sockets)
        if sockets != folder:
            make_again(sockets, account)

    return launch(folder, account, prepare, stop)


def launch(folder: Path, account: Account, prepare: Callable[[], None], stop: Event | None) -> str:
    """Prepare and start the folder's server unless it runs; return its DSN once it answers.

    Errors: EmbeddedPostgresError; Stopped once `stop` is set, even if a server that we did not start is starting.
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
        # Any process means that a server is starting, recovering or ending: wait for it.
        if started is None and not processes(folder):
            prepare()
            started = start_server(folder, account)
        time.sleep(POLL_INTERVAL_S)
    return dsn


def end(started: subprocess.Popen[bytes] | None) -> None:
    """End a server that we are starting. Leave a server alone that another process has started."""
    if started is None or started.poll() is not None:
        return
    started.send_signal(signal.SIGINT)  # Its sessions end; what was committed is on disk.
    try:
        started.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def start_server(folder: Path, account: Account) -> subprocess.Popen[bytes]:
    """Start the folder's server without a shell, because a shell would interpret special characters in the path."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    log = os.open(folder / "server.log", flags, 0o600)
    try:
        if not account.is_ours:
            os.fchown(log, account.uid, account.gid)
        STARTED[:] = [
            each for each in STARTED if each.poll() is None
        ]  # `poll` reaps those that ended.
        STARTED.append(spawn(account, "postgres", "-D", str(folder), stdout=log))
        return STARTED[-1]
    finally:
        os.close(log)


def last_words(folder: Path) -> str:
    """Return the last line of the server's log, which usually says why it does not run."""
    try:
        lines = (folder / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def take_down(folder: Path) -> None:
    """Stop the folder's server if it runs. Its sessions end; what was committed is on disk."""
    sockets = socket_folder(folder)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    signalled = None
    while running := processes(folder):
        first = first_process(folder)
        if first in running and first != signalled:
            os.kill(first, signal.SIGINT)
            signalled = first
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL does not stop: see {folder}/server.log")
        time.sleep(POLL_INTERVAL_S)
    forget(folder, sockets)


def create(folder: Path, account: Account, stop: Event | None = None) -> None:
    """Make an empty server in the folder, completely or not at all."""
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
    # `configure` writes who may connect before the server starts. The password of a former folder is not this one's.
    (folder.parent / FILE).unlink(missing_ok=True)
    try:
        run(
            account,
            *("initdb", "-D", str(fresh), f"--username={SUPERUSER}", "--auth=reject", *locale),
            stop=stop,
        )
    except Stopped:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    fresh.rename(folder)


def configure(folder: Path, account: Account, settings: Mapping[str, str]) -> None:
    """Write postgresql.conf and pg_hba.conf again. What ALTER SYSTEM has set is in another file and stays."""
    chosen = {**found_by_initdb(folder), **settings}
    lines = [
        "# Written at every start of the service.",
        *(f"{name} = {value}" for name, value in chosen.items()),
        f"unix_socket_directories = '{folder_for_socket(folder, account)}'",
    ]
    write(folder / "postgresql.conf", lines, account)
    write(folder / "pg_hba.conf", RULES, account)


def write(file: Path, lines: Iterable[str], account: Account) -> None:
    """Write a file of the server's folder.

    It is written outside the folder and moved in: as root we must not follow a link made by the server's account.
    """
    written = file.parent.with_name(file.name)
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    give(written, account)
    written.replace(file)


def found_by_initdb(folder: Path) -> dict[str, str]:
    """Return the kind of shared memory that initdb found to work: some containers have no /dev/shm."""
    try:
        written = (folder / "postgresql.conf").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    return dict(SHARED_MEMORY.findall(written))


def forget(folder: Path, sockets: Path | None) -> None:
    """Remove the files of a server that did not stop cleanly. None of its processes may be left.

    The process id in these files may now belong to a zombie or to another program. PostgreSQL would then
    refuse to start.
    """
    (folder / "postmaster.pid").unlink(missing_ok=True)
    for place in {folder, sockets or folder}:
        for name in (SOCKET, f"{SOCKET}.lock"):
            (place / name).unlink(missing_ok=True)
    if sockets is not None and sockets != folder:
        with suppress(
            OSError
        ):  # It is gone already, or it holds other files, which are not ours to remove.
            sockets.rmdir()
