"""The report: a line for each kind of round, then what was broken."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.drill.options import Options
from tests.drill.tally import Tally

HEADINGS = ("rounds", "requests", "acked", "503", "done", "not done", "slowest", "back", "took")
WIDTHS = (7, 9, 9, 8, 6, 9, 9, 8, 8)
NAME_WIDTH = 36


def head(options: Options) -> str:
    """Return what stands above the table."""
    now = datetime.now(UTC)
    machine = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    title = f"scim-ledger drill of {now:%Y-%m-%d %H:%M} UTC, DRILL_SEED={options.seed}, {machine}"
    return f"{title}\n\n{'fault'.ljust(NAME_WIDTH)}{cells(HEADINGS)}"


def line(tally: Tally) -> str:
    """Return the line of a kind of round."""
    if tally.skipped:
        return f"{tally.name:<{NAME_WIDTH}}  skipped: {tally.skipped}"
    figures = (
        f"{tally.rounds:,}",
        f"{tally.requests:,}",
        f"{tally.acknowledged:,}",
        f"{tally.busy:,}",
        f"{tally.done_unanswered:,}",
        f"{tally.undone:,}",
        f"{tally.slowest_s:.2f} s",
        f"{tally.recovery_s_max:.2f} s",
        f"{tally.seconds:.0f} s",
    )
    verdict = f"  BROKEN: {len(tally.broken)}" if tally.broken else "  whole"
    return tally.name.ljust(NAME_WIDTH) + cells(figures) + verdict


def foot(tallies: Sequence[Tally]) -> str:
    """Return what stands below the table: notes, and each promise that was not kept."""
    notes = [f"{each.name}: {note}" for each in tallies for note in each.notes]
    broken = [f"{each.name}: {promise}" for each in tallies for promise in each.broken]
    said = [f"Promises broken: {len(broken)}", *broken] if broken else ["Promises broken: none."]
    total = sum(each.seconds for each in tallies)
    return "\n".join(["", *notes, f"Took {total / 60:.1f} minutes.", *said])


def cells(values: Sequence[str]) -> str:
    """Return values in their columns."""
    return "".join(value.rjust(width) for value, width in zip(values, WIDTHS, strict=True))
