"""The table: the goal of each row, what was measured, and whether the goal was met."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from tests.benchmarks.rounds import Rounds


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    work: str
    target: str  # Empty: measured for orientation.
    measured: str
    is_met: bool | None = None  # None: there is no target, or it could not be measured.
    figures: dict[str, object] = field(default_factory=dict)


def required(work: str, target: str, measured: str, rounds: Rounds, *, is_met: bool) -> Row:
    """Return a line with a target; `rounds` are those of the system that it speaks of."""
    return Row(work, target, f"{measured}; {rounds.show()}", is_met, rounds.figures())


def missing(work: str, target: str, reason: str) -> Row:
    """Return a line that could not be measured."""
    return Row(work, target, reason)


def verdict(row: Row) -> str:
    """Return the last cell of a line."""
    if row.is_met is None:
        return "not measured" if row.target else ""
    return "met" if row.is_met else "NOT MET"


def print_table(machine: dict[str, object], rows: Sequence[Row], console: Console) -> None:
    """Print the whole report."""
    table = Table(show_lines=True)
    for heading in ("work", "must reach", "measured", ""):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(row.work, row.target, row.measured, verdict(row))
    console.print("\n".join(f"{name}: {value}" for name, value in machine.items()))
    console.print(table)


def write_json(machine: dict[str, object], rows: Sequence[Row], file: Path) -> None:
    """Write the whole report."""
    document = {"machine": machine, "rows": [asdict(row) for row in rows]}
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
