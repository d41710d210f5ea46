"""Where an embedded PostgreSQL listens, and under which address it is reached."""

import os
import re
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from service.database.embedded.account import Account, EmbeddedPostgresError, give, may_enter

SOCKET = ".s.PGSQL.5432"  # The port names the socket file; nothing listens on TCP.
SOCKET_PATH_BYTES_MAX = 103  # sun_path holds 108 bytes on Linux, 104 on macOS, a NUL included.
PLAIN_PATH = re.compile(r"[\w./-]+", re.ASCII)  # Lists, URLs and quotes give the rest a meaning.
SHORT_FOLDERS = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 - mkdtemp is safe there.


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
    return dsn_at(sockets)


def dsn_at(sockets: Path) -> str:
    """Return the superuser's DSN of a server that listens in a folder.

    It names all that libpq and asyncpg would else look up in PG* variables and in the files of HOME.
    Any password does, as none is asked for.
    """
    host = quote(os.fsencode(sockets), safe="/")
    return f"postgresql://postgres:unused@/postgres?host={host}&port=5432&sslmode=disable"


def socket_folder(folder: Path) -> Path | None:
    """Return where this folder's server listens, by its own word; None when it is not ready.

    Its word is a file that outlives a crash and travels with a copy, so it has to name this very folder.
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
    """Make the folder of a socket that had to be elsewhere; one that somebody else made is not ours."""
    try:
        sockets.mkdir(mode=0o700)
    except FileExistsError:
        found = sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
            raise
    give(sockets, account)


def folder_for_socket(folder: Path, account: Account) -> Path:
    """Return the folder itself, or a new short one when its path cannot hold a socket."""
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
    """Tell whether a path is short and plain enough for a socket in it."""
    path_bytes = len(os.fsencode(folder / SOCKET))
    return path_bytes <= SOCKET_PATH_BYTES_MAX and bool(PLAIN_PATH.fullmatch(str(folder)))


def temporary_folder() -> Path:
    """Return the folder for temporary files that this process was given; /tmp where it is unusable."""
    try:
        return Path(tempfile.gettempdir()).resolve()
    except OSError:
        return SHORT_FOLDERS[0]
