"""Shows how far long work is: a bar with rate and time left on a terminal, else a log line now and then."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

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

from projections.rebuild_site import Progress, Report

LINE_INTERVAL_S = 5.0

log = structlog.get_logger()


class RateColumn(ProgressColumn):
    """Events a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of a step that counts events."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} events/s" if speed and task.total else "")


@contextmanager
def shown(work: str) -> Iterator[Report]:
    """Give what reports progress for the duration of the block."""
    if not sys.stderr.isatty():
        yield Lines(work).report
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        yield Steps(bars).report


class Steps:
    """The steps of some work as bars, one below the other."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
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

    def _end(self) -> None:
        if self._step:
            last = self._bars.tasks[-1]
            self._bars.update(last.id, total=last.total or 1, completed=last.total or 1)


class Lines:
    """The steps of some work as log lines: each one's begin, and every few seconds how far it is."""

    def __init__(self, work: str) -> None:
        self._work = work
        self._step = ""
        self._began_s = self._told_s = 0.0

    def report(self, progress: Progress) -> None:
        """Write a line where one is due."""
        now_s = time.monotonic()
        is_new = progress.step != self._step
        if is_new:
            self._step, self._began_s = progress.step, now_s
        elif now_s - self._told_s < LINE_INTERVAL_S:
            return
        self._told_s = now_s
        fields = rate(progress, now_s - self._began_s) if progress.total else {}
        log.info(self._work, step=progress.step, **fields)


def rate(progress: Progress, seconds: float) -> dict[str, float]:
    """Return how far a step is, how fast it goes, and how long it still takes."""
    fields: dict[str, float] = {"events": progress.done, "of": progress.total}
    if progress.done and seconds:
        per_s = progress.done / seconds
        fields["per_s"] = round(per_s)
        fields["left_s"] = round((progress.total - progress.done) / per_s, 1)
    return fields
