"""Install the peers once, into a folder outside the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.workers import CHECKOUT

SOURCES = CHECKOUT / "tests" / "benchmarks" / "peers"
INSTALL_TIMEOUT_S = 600.0


class NotInstalled(Exception):
    """A peer cannot be installed here: its row is left out, and says why."""


def cache_folder() -> Path:
    """Return where the peers are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "scim-ledger" / "benchmark-peers"


def python_peers() -> str:
    """Return a Python that has the peers of PyPI. Errors: NotInstalled."""
    wanted = SOURCES / "requirements.txt"
    folder = cache_folder() / "python"
    python = folder / "bin" / "python"
    if is_current(folder, wanted):
        return str(python)
    run(sys.executable, "-m", "venv", "--clear", str(folder))
    run(str(python), "-m", "pip", "install", "--quiet", "--requirement", str(wanted))
    shutil.copy(wanted, folder)
    return str(python)


def node_peers() -> Path:
    """Return a folder with scimmy.mjs and what it imports. Errors: NotInstalled."""
    wanted, folder = SOURCES / "package.json", cache_folder() / "node"
    if not is_current(folder, wanted):
        if shutil.which("npm") is None:
            raise NotInstalled("npm is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(wanted, folder)
        try:
            run("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder))
        except NotInstalled:
            (folder / wanted.name).unlink()
            raise
    shutil.copy(SOURCES / "scimmy.mjs", folder)
    return folder


def is_current(folder: Path, wanted: Path) -> bool:
    """Return whether a folder was filled by this very list."""
    done = folder / wanted.name
    return done.exists() and done.read_bytes() == wanted.read_bytes()


def run(*command: str) -> None:
    """Run a command to its end. Errors: NotInstalled."""
    try:
        subprocess.run(command, check=True, timeout=INSTALL_TIMEOUT_S, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotInstalled(f"{Path(command[0]).name} failed: {error}") from error
