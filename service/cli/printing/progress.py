"""Shows the progress and the findings of long work: bars with rate and time left on a terminal, else log lines."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import structlog
from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from projections.maintenance.session import Progress
from service.cli.process.output import say
from service.terminal import is_screen, printable_lines

LINE_INTERVAL_S = 5.0

log = structlog.get_logger()


class RateColumn(ProgressColumn):
    """Events per second."""

    def render(self, task: Task) -> Text:
        """Return the rate of a step that counts events, else nothing."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} events/s" if speed and task.total else "")


class Board(Protocol):
    """Where long work shows its progress, and prints what it finds on the way."""

    def report(self, progress: Progress, /) -> None:
        """Show how far the work has got."""

    def say(self, line: str, /) -> None:
        """Print a line to standard output. Errors: OutputClosed if its reader has gone, OutputFailed."""


@contextmanager
def shown(work: str) -> Iterator[Board]:
    """Give a board for the duration of the block."""
    if not is_screen(sys.stderr):
        yield Lines(work)
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # If the lines go to the same terminal as the bars, rich prints both; otherwise they would overwrite each other.
    is_shared = sys.stdout.isatty()
    console = Console(stderr=not is_shared)
    with Bars(*columns, console=console, redirect_stdout=False) as bars:
        yield Steps(bars, is_shared=is_shared)


class Steps:
    """Shows each step of the work as a bar. Lines are printed above the bars if both go to the same terminal."""

    def __init__(self, bars: Bars, *, is_shared: bool) -> None:
        self._bars = bars
        self._is_shared = is_shared
        self._step = ""

    def report(self, progress: Progress) -> None:
        """Show how far the step has got. A new step means that the one before is done."""
        counted = f"{progress.done:,} of {progress.total:,}" if progress.total else ""
        if progress.step != self._step:
            self._end()
            self._step = progress.step
            self._bars.add_task(self._step, total=progress.total or None, counted=counted)
        self._bars.update(
            self._bars.task_ids[-1],
            completed=progress.done,
            total=progress.total or None,
            counted=counted,
        )

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        if self._is_shared:
            self._bars.console.out(printable_lines(line), highlight=False)
        else:
            say(line)

    def _end(self) -> None:
        if self._step:
            last = self._bars.tasks[-1]
            self._bars.update(last.id, total=last.total or 1, completed=last.total or 1)


class Lines:
    """Shows the work as log lines: when a step begins and ends, and every few seconds how far it has got."""

    def __init__(self, work: str) -> None:
        self._work = work
        self._first = self._last = Progress("")
        self._began_s = self._last_s = 0.0

    def report(self, progress: Progress) -> None:
        """Write a line if one is due."""
        now_s = time.monotonic()
        if progress.step != self._first.step:
            self._first, self._began_s = progress, now_s
        elif not self._is_due(progress, now_s):
            return
        self._last, self._last_s = progress, now_s
        done = progress.done - self._first.done  # A resumed rebuild does not start at 0.
        fields = rate(progress, done, now_s - self._began_s) if progress.total else {}
        log.info(self._work, step=progress.step, **fields)

    def say(self, line: str) -> None:
        """Print a line."""
        say(line)

    def _is_due(self, progress: Progress, now_s: float) -> bool:
        is_end = progress.total and progress.done >= progress.total and progress != self._last
        return bool(is_end) or now_s - self._last_s >= LINE_INTERVAL_S


def rate(progress: Progress, done: int, seconds: float) -> dict[str, float]:
    """Return how far a step has got, its rate, and the seconds left once there is a rate."""
    per_s = done / seconds if seconds else 0.0
    fields: dict[str, float] = {"events": progress.done, "of": progress.total}
    fields["per_s"] = round(per_s)
    if per_s:
        fields["left_s"] = round((progress.total - progress.done) / per_s, 1)
    return fields
