"""Shows how far long work is, and what it finds: a bar with rate and time left on a terminal, else log lines."""

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
    """Events a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of a step that counts events."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} events/s" if speed and task.total else "")


class Board(Protocol):
    """Where long work shows how far it is, and says meanwhile what it finds."""

    def report(self, progress: Progress, /) -> None:
        """Show how far the work is."""

    def say(self, line: str, /) -> None:
        """Print a line to standard output. Errors: OutputClosed where nobody reads it, OutputFailed."""


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
    # Where lines go to the terminal too, who draws the bars prints them, so that neither spoils the other.
    is_shared = sys.stdout.isatty()
    console = Console(stderr=not is_shared)
    with Bars(*columns, console=console, redirect_stdout=False) as bars:
        yield Steps(bars, is_shared=is_shared)


class Steps:
    """The steps of some work as bars, one below the other, and lines above them if the place is shared."""

    def __init__(self, bars: Bars, *, is_shared: bool) -> None:
        self._bars = bars
        self._is_shared = is_shared
        self._step = ""

    def report(self, progress: Progress) -> None:
        """Show how far the step is; what was before it is done."""
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
    """The steps of some work as log lines: each one's begin and end, and every few seconds how far it is."""

    def __init__(self, work: str) -> None:
        self._work = work
        self._first = self._told = Progress("")
        self._began_s = self._told_s = 0.0

    def report(self, progress: Progress) -> None:
        """Write a line where one is due."""
        now_s = time.monotonic()
        if progress.step != self._first.step:
            self._first, self._began_s = progress, now_s
        elif not self._is_due(progress, now_s):
            return
        self._told, self._told_s = progress, now_s
        done = progress.done - self._first.done  # A rebuild that goes on has begun somewhere.
        fields = rate(progress, done, now_s - self._began_s) if progress.total else {}
        log.info(self._work, step=progress.step, **fields)

    def say(self, line: str) -> None:
        """Print a line."""
        say(line)

    def _is_due(self, progress: Progress, now_s: float) -> bool:
        is_end = progress.total and progress.done >= progress.total and progress != self._told
        return bool(is_end) or now_s - self._told_s >= LINE_INTERVAL_S


def rate(progress: Progress, done: int, seconds: float) -> dict[str, float]:
    """Return how far a step is, how fast it goes, and how long it still takes; 0 where nothing is done yet."""
    per_s = done / seconds if seconds else 0.0
    fields: dict[str, float] = {"events": progress.done, "of": progress.total}
    fields["per_s"] = round(per_s)
    if per_s:
        fields["left_s"] = round((progress.total - progress.done) / per_s, 1)
    return fields
