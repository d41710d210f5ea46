"""The files and processes of one embedded PostgreSQL: is it up, make it, bring it up, take it down."""

import os
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil

from service.embedded_account import Account, EmbeddedPostgresError, give, run

START_TIMEOUT_S = 120  # Recovery after a crash replays up to max_wal_size.
STOP_TIMEOUT_S = 60
POLL_INTERVAL_S = 0.05
SOCKET = ".s.PGSQL.5432"  # The port names the socket file; nothing listens on TCP.
SOCKET_PATH_BYTES_MAX = 103  # sun_path holds 108 bytes on Linux, 104 on macOS, a NUL included.
PLAIN_PATH = re.compile(r"[\w./-]+", re.ASCII)  # Lists, URLs and quotes give the rest a meaning.

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
    # This way it ends with any of its processes, and whoever watches it starts it anew (service/embedded_watch.py).
    "restart_after_crash": "off",
    "checkpoint_timeout": "15min",
    "wal_compression": "off",  # The wheel has neither lz4 nor zstd; pglz costs more than it saves.
    "random_page_cost": "1.1",
    "jit": "off",  # Our statements are short.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # The log grows by surprises only.
}


def answering_dsn(folder: Path) -> str | None:
    """Return the superuser's DSN of the server that answers for this folder, None when none does."""
    sockets = socket_folder(folder)
    if sockets is None:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(sockets / SOCKET))
        except OSError:
            return None
    return f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='/')}&port=5432"


def socket_folder(folder: Path) -> Path | None:
    """Return where this folder's server listens, by its own word; None when it is not ready.

    Its word is a file that outlives a crash and travels with a copy, so it has to name this very folder.
    """
    try:
        lines = (folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    match lines:
        case [_, home, _, _, sockets, _, _, status, *_] if home == str(folder):
            return Path(sockets) if status.strip() == "ready" else None
        case _:
            return None


def bring_up(folder: Path, account: Account, settings: Mapping[str, str]) -> str:
    """Return the DSN of the folder's server, started unless it runs, recovered from any crash."""

    def prepare() -> None:
        forget(folder, socket_folder(folder))
        configure(folder, account, settings)

    return launch(folder, account, prepare)


def bring_back(folder: Path, account: Account, sockets: Path) -> str:
    """Return the DSN of a server that has died, started as it was configured: so it is the same DSN."""

    def prepare() -> None:
        forget(folder, sockets)
        if sockets != folder:
            sockets.mkdir(mode=0o700)
            give(sockets, account)

    return launch(folder, account, prepare)


def launch(folder: Path, account: Account, prepare: Callable[[], None]) -> str:
    """Return the DSN of the folder's server once it answers; prepared and started unless it runs."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while (dsn := answering_dsn(folder)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL does not answer: see {folder}/server.log")
        # One is starting, recovering or shutting down, or its children are about to notice its end.
        if processes(folder):
            time.sleep(POLL_INTERVAL_S)
            continue
        prepare()
        log = str(folder / "server.log")
        run(account, "pg_ctl", "start", f"-wt{START_TIMEOUT_S}", "-D", str(folder), "-l", log)
    return dsn


def is_alive(folder: Path) -> bool:
    """Tell whether the folder's first process lives, by its own word; asks little, for who asks often."""
    try:
        pid = int((folder / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False


def take_down(folder: Path, account: Account) -> None:
    """Stop the folder's server if it runs, ending its sessions; what was committed is on disk."""
    sockets = socket_folder(folder)
    if processes(folder):
        run(account, "pg_ctl", "stop", "-m", "fast", f"-wt{STOP_TIMEOUT_S}", "-D", str(folder))
    forget(folder, sockets)


def create(folder: Path, account: Account) -> None:
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
    run(account, "initdb", "-D", str(fresh), "--username=postgres", "--auth=trust", *locale)
    fresh.rename(folder)


def configure(folder: Path, account: Account, settings: Mapping[str, str]) -> None:
    """Write postgresql.conf anew; what ALTER SYSTEM sets is in another file, and stays."""
    lines = [
        "# Written at every start of the service.",
        *(f"{name} = {value}" for name, value in settings.items()),
        f"unix_socket_directories = '{folder_for_socket(folder, account)}'",
    ]
    # Written outside and moved in: as root we follow no link that the server's account has laid.
    written = folder.with_name("postgresql.conf")
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    give(written, account)
    written.replace(folder / "postgresql.conf")


def folder_for_socket(folder: Path, account: Account) -> Path:
    """Return the folder itself, or a new short one when its path cannot hold a socket."""
    path_bytes = len(os.fsencode(folder / SOCKET))
    if path_bytes <= SOCKET_PATH_BYTES_MAX and PLAIN_PATH.fullmatch(str(folder)):
        return folder
    short = Path(tempfile.mkdtemp(prefix="scim-ledger-"))
    give(short, account)
    return short


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


def processes(folder: Path) -> list[int]:
    """Return the ids of the folder's server processes: the folder is their working directory."""
    asked = ["cmdline", "cwd", "name", "ppid", "status"]
    servers = {
        process.pid: process.info
        for process in psutil.process_iter(asked)
        if (process.info["name"] or "").startswith("postgres")
        and process.info["status"] != psutil.STATUS_ZOMBIE
    }
    return [
        pid
        for pid, info in servers.items()
        if info["cwd"] == str(folder)
        or (
            info["cwd"] is None
            and may_be_of(folder, info["cmdline"], orphan=info["ppid"] not in servers)
        )
    ]


def may_be_of(folder: Path, command: list[str] | None, *, orphan: bool) -> bool:
    """Whether a process whose folder we may not ask for, as in some containers, may be of this one.

    The first process names its folder; its children name none, and soon follow it when it dies.
    """
    match command:
        case [title, *_] if title.startswith("postgres: "):
            return orphan
        case _:
            return str(folder) in (command or [])
