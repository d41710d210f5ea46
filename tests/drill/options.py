"""The options of a drill, from the environment."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Which rounds, how many, and where."""

    seed: int  # DRILL_SEED: the same choices again; timing stays the machine's.
    only: tuple[str, ...]  # DRILL_ONLY=lock-held,disk-full: the kinds to run; none named: all.
    share: float  # DRILL_SHARE: of the rounds of each kind, at least one.
    report_file: Path | None  # DRILL_REPORT: where the report is written, too.
    folder: Path | None  # DRILL_DIR: where Postgres's files go; a temporary folder if not named.

    def rounds(self, count: int) -> int:
        """Return how many of so many rounds to run."""
        return max(1, round(count * self.share))


def read_options() -> Options:
    """Return what the environment says."""
    said = os.environ
    return Options(
        seed=int(said.get("DRILL_SEED") or secrets.randbelow(1_000_000)),
        only=tuple(filter(None, said.get("DRILL_ONLY", "").split(","))),
        share=float(said.get("DRILL_SHARE") or 1.0),
        report_file=Path(said["DRILL_REPORT"]) if said.get("DRILL_REPORT") else None,
        folder=Path(said["DRILL_DIR"]) if said.get("DRILL_DIR") else None,
    )
