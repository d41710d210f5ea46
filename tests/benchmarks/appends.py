"""Row: appends to one organization's log, against saves of the library `eventsourcing`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.bench import Bench
from tests.benchmarks.installs import SOURCES, NotInstalled, python_peers
from tests.benchmarks.orders import Measurement
from tests.benchmarks.raw import RawOrder
from tests.benchmarks.report import Row, missing, required
from tests.benchmarks.rounds import rate_ratio, take_turns
from tests.benchmarks.workers import Worker, worker

BATCH = 64  # Events in a transaction: what the lane gathers under load, and a quarter of its most.
THREADS = (1, 4, 8)  # Of eventsourcing; the best of them counts.
LEAST = 15.0
OURS = "eventstore.append"
WORK = f"log append, one hot organization, {BATCH} events to a transaction"
TARGET = f"≥ {LEAST:g} x eventsourcing saves"


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the row."""
    with ExitStack() as running:
        dsn = bench.database.dsn
        bench.database.tenants("Appends")
        raw = running.enter_context(worker("-m", "tests.benchmarks.raw", dsn))
        try:
            saving = running.enter_context(
                worker(str(SOURCES / "saves.py"), *place(dsn), python=python_peers())
            )
        except NotInstalled as problem:
            yield missing(WORK, TARGET, str(problem))
            return
        seconds = bench.options.seconds
        append = partial(raw.ask, RawOrder("append", BATCH, seconds))
        made = take_turns(
            {OURS: append} | {name(n): saves(saving, n, seconds) for n in THREADS},
            bench.options.rounds,
        )
    best = max((made[name(threads)] for threads in THREADS), key=lambda each: each.rate)
    ratio = rate_ratio(made[OURS], best)
    measured = f"{ratio:.1f} x eventsourcing's best of {THREADS} threads ({best.rate:,.0f}/s)"
    yield required(WORK, TARGET, measured, made[OURS], is_met=ratio >= LEAST)


def place(dsn: str) -> tuple[str, str, str, str]:
    """Return the database's name, host, port and user as eventsourcing takes them."""
    parts = urlsplit(dsn)
    asked = parse_qs(parts.query)
    host = asked["host"][0] if "host" in asked else str(parts.hostname)
    port = asked["port"][0] if "port" in asked else str(parts.port or 5432)
    return parts.path.removeprefix("/"), host, port, str(parts.username)


def name(threads: int) -> str:
    """Return the name of eventsourcing with some threads."""
    return f"eventsourcing, {threads} threads"


def saves(saving: Worker, threads: int, seconds: float) -> Callable[[], Measurement]:
    """Return what measures saves."""
    return lambda: saving.ask({"work": "save", "threads": threads, "seconds": seconds})
