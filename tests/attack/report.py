"""The table of an attack: a line for each shape, and what is not as it must be."""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.attack.bystander import Times, percentile, summed
from tests.attack.options import Options
from tests.attack.shapes.shape import Shape
from tests.attack.site import Report

GAP_S_MAX = 0.050
P99_S_MAX = 0.250
PEAK_BYTES_MAX = 512 * 2**20
UNAVAILABLE = "503"
HEADINGS = ("gap", "p50", "p99", "before", "inside", "waited", "memory")
NAME_WIDTH, WIDTH = 26, 9


LEGEND = """\
gap     the longest gap of the event loop          p50 p99  of another organization's requests meanwhile
before  its p99 in the second before, unattacked   inside   its p99 within the service, from bytes read to answer
waited  of its time, the loop waited for a processor"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a shape has done."""

    shape: Shape
    answers: Counter[str]
    before: Times  # Of the other organization, in the second before.
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
    load = os.getloadavg()[0]
    machine = (
        f"{os.cpu_count()} processors, load {load:.1f}, {platform.system()} {platform.machine()}"
    )
    title = f"scim-ledger attack of {now:%Y-%m-%d %H:%M} UTC, ATTACK_SEED={options.seed}, {machine}"
    return f"{title}\n\n{LEGEND}\n\n{'shape'.ljust(NAME_WIDTH)}{_cells(HEADINGS)}  answers"


def line(result: Result) -> str:
    """Return the line of a shape."""
    figures = (
        f"{result.report.gap_s * 1000:.0f} ms",
        f"{result.other.percentile(0.5) * 1000:.0f} ms",
        f"{result.other.percentile(0.99) * 1000:.0f} ms",
        f"{result.before.percentile(0.99) * 1000:.0f} ms",
        f"{percentile(result.report.others_s, 0.99) * 1000:.0f} ms",
        f"{result.report.waited:.0%}",
        f"{result.report.peak_bytes / 2**20:.0f} MiB",
    )
    answers = ", ".join(f"{count:,} x {status}" for status, count in result.answers.most_common())
    return f"{result.shape.name.ljust(NAME_WIDTH)}{_cells(figures)}  {answers or 'none'}"


def foot(results: Sequence[Result], left: Sequence[str], seconds: float) -> str:
    """Return what stands below the table."""
    broken = [f"{each.shape.name}: {said}" for each in results for said in each.broken()]
    alone = summed([each.before for each in results])
    figures = ", ".join(f"{alone.percentile(each) * 1000:.0f} ms" for each in (0.5, 0.99))
    said = [f"Goals missed: {len(broken)}", *broken] if broken else ["Goals missed: none."]
    took = f"Took {seconds / 60:.1f} minutes; load now {os.getloadavg()[0]:.1f}."
    alone_line = (
        f"The other organization without an attack, over all seconds before: p50, p99 {figures}."
    )
    if left:
        said.append(f"Not sent, because the time was over: {', '.join(left)}.")
    return "\n".join(["", took, alone_line, *said])


def _cells(values: Sequence[str]) -> str:
    return "".join(value.rjust(WIDTH) for value in values)
