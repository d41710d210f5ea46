"""Runs the tests on each PostgreSQL from 15 to 18, and prints a table with the closing lines of pytest.

POSTGRES_VERSIONS names others than "15 16 17 18"; arguments are given to pytest in place of the selection.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.postgres.servers import environment_of, find

ROOT = Path(__file__).parents[2]
VERSIONS = "15 16 17 18"
# All that speaks to the database by itself, and of the protocol what reads and writes through every kind of statement.
SELECTION = (
    "tests/database",
    "tests/recovery",
    *(
        f"tests/protocol/test_{each}.py"
        for each in ("users", "groups", "search", "sorting", "paging", "cursors")
    ),
    *(
        f"tests/protocol/test_{each}.py"
        for each in ("as_of", "history", "bulk", "concurrency", "two_logins")
    ),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One version, tried."""

    version: int
    source: str
    is_good: bool
    closing: str


def try_version(version: int, arguments: list[str]) -> Round:
    """Run the tests on a version. Their output goes on as it comes."""
    found = find(version)
    if found is None:
        return Round(version, "none", True, "not run: neither an image nor programs of it are here")
    say(f"\n== PostgreSQL {version} ({found.source}) ==")
    with environment_of(found) as variables:
        command = [sys.executable, "-m", "pytest", "-q", *options(), *(arguments or SELECTION)]
        running = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
        )
        closing = ""
        assert running.stdout is not None
        for line in running.stdout:
            say(line.rstrip("\n"))
            closing = line.strip() or closing
    return Round(version, found.source, running.wait() == 0, closing.strip("= "))


def options() -> list[str]:
    """Return how pytest runs."""
    workers = os.environ.get("PYTEST_WORKERS", "2")
    return ["-n", workers, "--dist", "worksteal", "-m", "not browser"]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Try each version. Exit with 1 if a test failed on one of them."""
    versions = [int(each) for each in os.environ.get("POSTGRES_VERSIONS", VERSIONS).split()]
    rounds = [try_version(each, sys.argv[1:]) for each in versions]
    say(f"\n{'PostgreSQL':<12}{'from':<9}pytest")
    for each in rounds:
        say(f"{each.version:<12}{each.source:<9}{each.closing}")
    sys.exit(not all(each.is_good for each in rounds))


if __name__ == "__main__":
    main()
