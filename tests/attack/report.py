"""The table of an attack: a line for each shape, and what is not as it must be."""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.attack.bystander import Times
from tests.attack.options import Options
from tests.attack.shapes.shape import Shape
from tests.attack.site import Report

GAP_S_MAX = 0.050
P99_S_MAX = 0.250
PEAK_BYTES_MAX = 512 * 2**20
UNAVAILABLE = "503"
HEADINGS = ("longest gap", "other's p50", "other's p99", "peak of memory")
NAME_WIDTH, WIDTH = 27, 16


@dataclass(frozen=True, slots=True)
class Result:
    """What a shape has done."""

    shape: Shape
    answers: Counter[str]
    other: Times
    report: Report

    def broken(self) -> list[str]:
        """Return what is not as it must be."""
        said = []
        if self.report.gap_s > GAP_S_MAX:
            said.append(f"a gap of {self.report.gap_s * 1000:.0f} ms in the event loop")
        if self.other.percentile(0.99) > P99_S_MAX:
            said.append(
                f"another organization's p99 is {self.other.percentile(0.99) * 1000:.0f} ms"
            )
        if self.report.peak_bytes > PEAK_BYTES_MAX:
            said.append(f"{self.report.peak_bytes / 2**20:.0f} MiB of memory")
        failed = [each for each in self.answers if each.startswith("5") and each != UNAVAILABLE]
        said += [f"answers with {each}" for each in failed]
        refused = [each for each in self.other.statuses if not each.startswith("2")]
        said += [f"another organization got {each}" for each in refused]
        return said


def head(options: Options) -> str:
    """Return what stands above the table."""
    now = datetime.now(UTC)
    machine = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    title = f"scim-ledger attack of {now:%Y-%m-%d %H:%M} UTC, ATTACK_SEED={options.seed}, {machine}"
    return f"{title}\n\n{'shape'.ljust(NAME_WIDTH)}{_cells(HEADINGS)}  answers"


def line(result: Result) -> str:
    """Return the line of a shape."""
    figures = (
        f"{result.report.gap_s * 1000:.0f} ms",
        f"{result.other.percentile(0.5) * 1000:.0f} ms",
        f"{result.other.percentile(0.99) * 1000:.0f} ms",
        f"{result.report.peak_bytes / 2**20:.0f} MiB",
    )
    answers = ", ".join(f"{count:,} x {status}" for status, count in result.answers.most_common())
    return f"{result.shape.name.ljust(NAME_WIDTH)}{_cells(figures)}  {answers or 'none'}"


def foot(results: Sequence[Result], seconds: float) -> str:
    """Return what stands below the table."""
    broken = [f"{each.shape.name}: {said}" for each in results for said in each.broken()]
    said = [f"Goals missed: {len(broken)}", *broken] if broken else ["Goals missed: none."]
    return "\n".join(["", f"Took {seconds / 60:.1f} minutes.", *said])


def _cells(values: Sequence[str]) -> str:
    return "".join(value.rjust(WIDTH) for value in values)
