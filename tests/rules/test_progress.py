"""Progress as lines of a log: the begin of a step, its rate, its end; and no line twice."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import structlog
from rich.console import Console
from rich.progress import Progress as Bars
from structlog.testing import capture_logs

from projections.maintenance.session import Progress
from service.cli.printing.progress import Lines, Steps, rate


@pytest.fixture(autouse=True)
def every_level() -> Iterator[None]:
    """Let lines of every level through, whatever an earlier test has set."""
    former = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**former)


def lines_of(reports: Iterable[Progress]) -> list[tuple[Any, ...]]:
    """Return the step, the events and the total of each line."""
    with capture_logs() as lines:
        shown = Lines("rebuild")
        for each in reports:
            shown.report(each)
    return [(each["step"], each.get("events"), each.get("of")) for each in lines]


def test_a_step_is_logged_when_it_begins_and_when_it_ends() -> None:
    load = [Progress("load", done, 9) for done in (0, 4, 9, 9)]
    assert lines_of([*load, Progress("index")]) == [
        ("load", 0, 9),
        ("load", 9, 9),
        ("index", None, None),
    ]


def test_a_step_that_is_done_when_it_begins_is_logged_once() -> None:
    assert lines_of([Progress("load", 9, 9), Progress("load", 9, 9)]) == [("load", 9, 9)]


def test_the_rate_is_of_what_was_done_since_the_step_began() -> None:
    assert rate(Progress("load", 700, 900), 200, 2.0) == {
        "events": 700,
        "of": 900,
        "per_s": 100,
        "left_s": 2.0,
    }


def test_a_rate_of_nothing_leaves_the_time_open() -> None:
    assert rate(Progress("load", 0, 900), 0, 0.0) == {"events": 0, "of": 900, "per_s": 0}


def test_a_bar_is_labeled_as_its_step_was_reported_last() -> None:
    bars = Bars(console=Console(quiet=True))
    steps = Steps(bars, is_shared=False)
    for each in (Progress("load", 0, 9), Progress("load", 9, 9), Progress("index")):
        steps.report(each)
    load, _ = bars.tasks
    assert (load.completed, load.fields["counted"]) == (9, "9 of 9")
