"""The lock file names every dependency with version and hash, and no address to download it from."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==\S+(?: ; .+)? \\$", re.MULTILINE)


def lock() -> str:
    """Return the text of the lock file."""
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_holds_no_address() -> None:
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|^-", lock(), re.MULTILINE)


def test_the_lock_holds_pinned_versions_and_hashes_only() -> None:
    lines = [line for line in lock().splitlines() if not line.startswith("#")]
    strange = [
        line
        for line in lines
        if not PINNED.fullmatch(line)
        and not re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line)
    ]
    assert strange == []


def test_the_lock_holds_every_dependency_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower() for requirement in asked}
    assert names - set(PINNED.findall(lock())) == set()


def test_the_lock_holds_the_dependencies_of_the_dependencies() -> None:
    # The lock is installed without a resolver. Otherwise pip would look up a name with an extra, find a
    # newer release than the pinned one, and refuse it because it has no hash (pip#9644).
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check"], check=False, capture_output=True, text=True
    )
    assert checked.stdout == "No broken requirements found.\n"
