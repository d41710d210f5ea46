"""What workers have counted stays counted when they die."""

import subprocess
import sys
from pathlib import Path

from service.metrics.exposed import OfWorkers
from service.workers import totals
from tests.protocol.installation import CHECKOUT

COUNT = """
import os, sys
from prometheus_client import Counter, Gauge, Histogram
counter = Counter("requests", "Requests.", ["status"]); counter.labels("200").inc(int(sys.argv[1]))
Gauge("open", "Open.", multiprocess_mode="livesum").set(int(sys.argv[1]))
Histogram("took", "Took.", buckets=(1, 2)).observe(1.5)
print(os.getpid())
"""


def count(folder: Path, number: int) -> int:
    """Count in a process; return its number."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(number)],
        env={totals.VARIABLE: str(folder)},
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    return int(done.stdout)


def values(folder: Path) -> dict[str, float]:
    """Return the sums by name and bucket."""
    return {
        f"{each.name}{each.labels.get('le', '')}": each.value
        for metric in OfWorkers(folder).collect()
        for each in metric.samples
        if not each.name.startswith("process_")
    }


def test_the_counters_of_the_dead_stay_and_their_gauges_go(tmp_path: Path) -> None:
    pids = [count(tmp_path, number) for number in (3, 4, 5)]
    before = values(tmp_path)
    for pid in pids[:2]:
        totals.forget(tmp_path, pid)
    after = values(tmp_path)

    assert (before["requests_total"], after["requests_total"]) == (12, 12)
    assert (before["open"], after["open"]) == (12, 5)
    assert (after["took_bucket1.0"], after["took_bucket2.0"], after["took_count"]) == (0, 3, 3)
    assert totals.living(tmp_path) == [pids[2]]
