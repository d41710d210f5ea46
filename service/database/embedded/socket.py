"""Where an embedded PostgreSQL listens, and its DSN."""

import os
import re
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from service.database.embedded.account import Account, EmbeddedPostgresError, give, may_enter
from service.database.embedded.superuser import SUPERUSER, password_of

SOCKET = ".s.PGSQL.5432"  # The port names the socket file; nothing listens on TCP.
SOCKET_PATH_BYTES_MAX = 103  # sun_path holds 108 bytes on Linux, 104 on macOS, a NUL included.
PLAIN_PATH = re.compile(
    r"[\w./-]+", re.ASCII
)  # Other characters mean something in lists, URLs or quotes.
SHORT_FOLDERS = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 - mkdtemp is safe there.


def answering_dsn(folder: Path) -> str | None:
    """Return the superuser's DSN of the server that answers for this folder; None if none does."""
    sockets = socket_folder(folder)
    if sockets is None:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(sockets / SOCKET))
        except OSError:
            return None
    return dsn_at(sockets, password_of(folder) or "")


def dsn_at(sockets: Path, password: str) -> str:
    """Return the superuser's DSN of a server that listens in a folder.

    It names everything that libpq and asyncpg would otherwise take from PG* variables and files in HOME.
    """
    host = quote(os.fsencode(sockets), safe="/")
    login = f"{SUPERUSER}:{password}"
    return f"postgresql://{login}@/postgres?host={host}&port=5432&sslmode=disable"


def socket_folder(folder: Path) -> Path | None:
    """Return where this folder's server listens, from postmaster.pid; None if it is not ready.

    That file survives a crash and is copied with the folder, so it counts only if it names this very folder.
    """
    try:
        lines = os.fsdecode((folder / "postmaster.pid").read_bytes()).split("\n")
    except FileNotFoundError:
        return None
    match lines:
        case [_, home, _, _, sockets, _, _, status, *_] if home == str(folder):
            return Path(sockets) if status.strip() == "ready" else None
        case _:
            return None


def make_again(sockets: Path, account: Account) -> None:
    """Make the socket's folder outside the data folder again. Errors: FileExistsError if somebody else made it."""
    try:
        sockets.mkdir(mode=0o700)
    except FileExistsError:
        found = sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
            raise
    give(sockets, account)


def folder_for_socket(folder: Path, account: Account) -> Path:
    """Return the folder itself, or a new one with a short path if this path cannot hold a socket."""
    if can_hold_socket(folder):
        return folder
    for base in dict.fromkeys([temporary_folder(), *SHORT_FOLDERS]):
        with suppress(OSError):
            if not can_hold_socket(base / "scim-ledger-12345678") or not may_enter(account, base):
                continue
            short = Path(tempfile.mkdtemp(prefix="scim-ledger-", dir=base))
            give(short, account)
            return short
    raise EmbeddedPostgresError(
        f"There is no folder for PostgreSQL's socket: {folder} is too long or has special characters. "
        "Set SCIM_LEDGER_DATA_DIR to a shorter path, or TMPDIR to a short folder of this account"
    )


def can_hold_socket(folder: Path) -> bool:
    """Return whether a path is short and plain enough for a socket."""
    path_bytes = len(os.fsencode(folder / SOCKET))
    return path_bytes <= SOCKET_PATH_BYTES_MAX and bool(PLAIN_PATH.fullmatch(str(folder)))


def temporary_folder() -> Path:
    """Return this process's folder for temporary files; /tmp if that one is unusable."""
    try:
        return Path(tempfile.gettempdir()).resolve()
    except OSError:
        return SHORT_FOLDERS[0]
