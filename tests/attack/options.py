"""The options of an attack, from the environment."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """Which shapes, and for how long."""

    seed: int  # ATTACK_SEED: the same choices again; timing stays the machine's.
    only: tuple[str, ...]  # ATTACK_ONLY=patch-lists,half-sent: the shapes to send; none named: all.
    seconds: float  # ATTACK_SECONDS: how long each shape is sent.
    minutes: float  # ATTACK_MINUTES: for everything; with less time, shapes are sent for less.
    users: int  # ATTACK_USERS: in the attacker's organization; nearly all are in one group.
    report_file: Path | None  # ATTACK_REPORT: where the report is written, too.


def read_options() -> Options:
    """Return what the environment says."""
    said = os.environ
    return Options(
        seed=int(said.get("ATTACK_SEED") or secrets.randbelow(1_000_000)),
        only=tuple(filter(None, said.get("ATTACK_ONLY", "").split(","))),
        seconds=float(said.get("ATTACK_SECONDS") or 5.0),
        minutes=float(said.get("ATTACK_MINUTES") or 5.0),
        users=int(said.get("ATTACK_USERS") or 101_000),
        report_file=Path(said["ATTACK_REPORT"]) if said.get("ATTACK_REPORT") else None,
    )
