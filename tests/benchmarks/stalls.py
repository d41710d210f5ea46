"""Row: what clients notice of a rebuild: the longest answer at a steady 500 writes/s while the tables are swapped."""

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence

from tests.benchmarks.bench import CONNECTIONS, Bench
from tests.benchmarks.events import Size
from tests.benchmarks.orders import Order
from tests.benchmarks.rebuilds import COMMAND, Rebuild, rebuild
from tests.benchmarks.report import Row
from tests.benchmarks.servers import our_service
from tests.benchmarks.workers import CHECKOUT

USERS = 50_000  # About 130,000 events.
RATE = 500.0
BEFORE_S, DURING_S = 10.0, 45.0
LEAD_S = 3.0  # Of the writes, before the rebuild.
MOST_MS = 150.0
VERIFY: Sequence[str] = (*COMMAND[:-2], "verify", COMMAND[-1])


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the row. An answer that is none, or a connection that is lost, ends the measurement."""
    (tenant,) = bench.database.tenants("Stalls")
    (loaded,) = bench.database.load([tenant], [Size(USERS)])
    with our_service(bench.database) as server:
        target = server.target(tenant)
        bench.warm_up(target)
        before = bench.tool.ask(Order("post", [target], BEFORE_S, CONNECTIONS, rate=RATE))
        made: list[Rebuild] = []
        rebuilding = threading.Thread(target=lambda: made.append(_rebuild_soon(bench)))
        rebuilding.start()
        during = bench.tool.ask(Order("post", [target], DURING_S, CONNECTIONS, rate=RATE))
        rebuilding.join()
        differs = subprocess.call(
            VERIFY, cwd=CHECKOUT, env=bench.database.environment, stdout=subprocess.DEVNULL
        )
    (done,) = made
    is_whole = done.exit_code == 0 and differs == 0 and done.seconds < DURING_S - LEAD_S
    yield Row(
        f"rebuild of the directory from {loaded.events:,} events under {RATE:g} writes/s",
        f"no answer takes longer than {MOST_MS:g} ms, none fails, every row as the log says afterwards",
        f"longest {during.max_ms:.0f} ms (before: {before.max_ms:.0f} ms), p99 {during.p99_ms:.0f} ms "
        f"(before: {before.p99_ms:.0f} ms), {during.count:,} answers; rebuilt in {done.seconds:.1f} s, "
        f"exit codes {done.exit_code} and {differs}",
        is_whole and during.max_ms <= MOST_MS,
        {"maxMs": round(during.max_ms, 1), "maxMsBefore": round(before.max_ms, 1)},
    )


def _rebuild_soon(bench: Bench) -> Rebuild:
    time.sleep(LEAD_S)
    return rebuild(bench.database)
