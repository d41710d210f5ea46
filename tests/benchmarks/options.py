"""The options of a run, from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how much to measure. More seconds and rounds make ratios steadier."""

    only: tuple[str, ...]  # BENCH_ONLY=writes,reads: the rows to run; none named: all.
    seconds: float  # BENCH_SECONDS: of one round of one system.
    rounds: int  # BENCH_ROUNDS: of each system.
    is_full: bool  # BENCH_SIZE=full: 1,000,000 users for reads and queries, 1,000,000 events for the console.
    json_file: Path | None  # BENCH_JSON: where the table is written as JSON.
    folder: Path | None  # BENCH_DIR: where Postgres's files go; a temporary folder if not named.

    def wants(self, name: str) -> bool:
        """Return whether a row is to be run."""
        return not self.only or name in self.only


def read_options() -> Options:
    """Return the options of this run."""
    given = os.environ.get
    json_file, folder = given("BENCH_JSON"), given("BENCH_DIR")
    return Options(
        only=tuple(name.strip() for name in given("BENCH_ONLY", "").split(",") if name.strip()),
        seconds=float(given("BENCH_SECONDS", "3")),
        rounds=int(given("BENCH_ROUNDS", "5")),
        is_full=given("BENCH_SIZE") == "full",
        json_file=Path(json_file) if json_file else None,
        folder=Path(folder) if folder else None,
    )
