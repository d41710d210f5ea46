"""Rows: the rebuild of the directory from 1,000,000 events, by one process and by one per processor.

It is the command that an operator runs, from its start to its end: load, indexes, catch-up,
verification against the log, and the swap.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.bench import Bench
from tests.benchmarks.database import Database
from tests.benchmarks.events import Size
from tests.benchmarks.report import Row, missing
from tests.benchmarks.workers import CHECKOUT

ORGANIZATIONS = 4
USERS = 98_000  # Of each organization: about 2.6 events to a user.
LEAST_PER_S = 100_000
MEMORY_MOST_MIB = 1024.0
SPEED_UP = 1.6
MIB = 1024**2
LOOK_INTERVAL_S = 0.1
COMMAND = (sys.executable, "-m", "service", "projections", "rebuild", "directory")
WORK = "rebuild of the directory"
TARGET = f"≥ {LEAST_PER_S:,} events/s over the whole rebuild, below {MEMORY_MOST_MIB:g} MiB"
PARALLEL_TARGET = f"≥ {SPEED_UP} x one process"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How long the command took, and the most memory that its processes had together."""

    seconds: float
    peak_mib: float
    exit_code: int


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows."""
    tenants = bench.database.tenants(*(f"Rebuild {n}" for n in range(ORGANIZATIONS)))
    loaded = bench.database.load(tenants, [Size(USERS)] * ORGANIZATIONS)
    events = sum(each.events for each in loaded)
    one = rebuild(bench.database, "--workers", "1")
    if one.exit_code:
        reason = f"`projections rebuild` ended with {one.exit_code}"
        yield missing(WORK, TARGET, reason)
        yield missing(WORK, PARALLEL_TARGET, reason)
        return
    many = rebuild(bench.database)
    rate = events / many.seconds
    yield Row(
        f"{WORK} from {events:,} events",
        TARGET,
        f"{rate:,.0f} events/s ({many.seconds:.1f} s), {many.peak_mib:,.0f} MiB in all processes",
        rate >= LEAST_PER_S and many.peak_mib < MEMORY_MOST_MIB,
        {"events": events, "seconds": round(many.seconds, 2), "peakMib": round(many.peak_mib)},
    )
    speed_up = one.seconds / many.seconds
    yield Row(
        f"the same, {ORGANIZATIONS} organizations in parallel processes",
        PARALLEL_TARGET,
        f"{speed_up:.2f} x one process ({events / one.seconds:,.0f} events/s)",
        speed_up >= SPEED_UP,
        {"seconds": round(many.seconds, 2), "oneProcessSeconds": round(one.seconds, 2)},
    )


def rebuild(database: Database, *options: str) -> Rebuild:
    """Run the command to its end."""
    log = database.folder / "rebuild.log"
    begin = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            (*COMMAND, *options),
            cwd=CHECKOUT,
            env=database.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        peak = Peak(process.pid)
        exit_code = process.wait()
    seconds = time.perf_counter() - begin
    if exit_code:
        sys.stderr.write(tail(log))
    return Rebuild(seconds, peak.stop(), exit_code)


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-5:]) + "\n"


class Peak:
    """Looks at the memory of a process and its children, in a thread, and keeps the most."""

    def __init__(self, pid: int) -> None:
        self._process, self._most = psutil.Process(pid), 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stopped.wait(LOOK_INTERVAL_S):
            self._most = max(self._most, self._resident_mib())

    def _resident_mib(self) -> float:
        total = 0.0
        try:
            for each in (self._process, *self._process.children(recursive=True)):
                if not each.name().startswith("postgres"):
                    total += each.memory_info().rss / MIB
        except psutil.Error:  # One has just ended.
            return 0.0
        return total

    def stop(self) -> float:
        """Return the most memory that was seen, in MiB."""
        self._stopped.set()
        self._thread.join()
        return self._most
