"""A former release in a folder of its own: its files, and an environment with what its lock file names."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.protocol.installation import Installation

ROOT = Path(__file__).parents[2]
INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")


@dataclass(frozen=True, slots=True)
class Release:
    """A revision that is installed in a folder."""

    revision: str
    folder: Path

    @property
    def source(self) -> Path:
        """Return the folder of its files."""
        return self.folder / "source"

    @property
    def python(self) -> str:
        """Return its interpreter."""
        return str(self.folder / "venv" / "bin" / "python")

    def last_migration(self) -> int:
        """Return the number of its last migration."""
        return max(int(each.name[:4]) for each in self.source.glob("schema/migrations/*.sql"))

    def install(self) -> None:
        """Check the revision out, without touching the repository, and install it."""
        self.source.mkdir(parents=True)
        archive = subprocess.run(
            ("git", "archive", self.revision), cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        subprocess.run(("tar", "-x", "-C", self.source), check=True, input=archive.stdout)
        subprocess.run((sys.executable, "-m", "venv", self.folder / "venv"), check=True)
        locked = ("--require-hashes", "-r", str(self.source / "requirements.lock"))
        own = ("--no-build-isolation", "-e", str(self.source))
        for each in (locked, own):
            subprocess.run((self.python, *INSTALL, *each), check=True)


@dataclass(frozen=True, slots=True)
class OnDatabase(Installation):
    """The command line on a given database: of a former release, or of the present one."""

    database_url: str
    master_key: str
    release: Release | None = None  # None: the present code.

    @property
    def checkout(self) -> Path:
        """Return the folder in which commands are called."""
        return self.release.source if self.release else ROOT

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Return the whole command line of a command."""
        python = self.release.python if self.release else sys.executable
        return (python, "-m", "service", *arguments)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of its commands."""
        given = {"DATABASE_URL": self.database_url, "SCIM_LEDGER_MASTER_KEY": self.master_key}
        return Installation.environment(self, **given, **more)
