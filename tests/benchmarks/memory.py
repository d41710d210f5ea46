"""Row: the resident memory of the service, idle and after 100,000 requests."""

import time
from collections.abc import Iterator

import psutil

from tests.benchmarks.bench import CONNECTIONS, Bench
from tests.benchmarks.bodies import Target
from tests.benchmarks.orders import Order
from tests.benchmarks.report import Row
from tests.benchmarks.servers import our_service

MIB = 1024**2
IDLE_MOST_MIB = 120.0
GROWTH_MOST_MIB = 2.0  # What the allocator moves by itself.
STEP = 10_000  # Requests between two looks.
STEPS = 10
SETTLE_S = 3.0
STEP_S = 300.0  # At most.


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the row: caches fill in the first half of the requests, and the second must not grow."""
    (tenant,) = bench.database.tenants("Memory")
    with our_service(bench.database) as server:
        time.sleep(SETTLE_S)
        process = psutil.Process(server.pid)
        idle = resident_mib(process)
        seen = []
        for step in range(STEPS):
            send(bench, server.target(tenant), step)
            seen.append(resident_mib(process))
        time.sleep(SETTLE_S)
        last = resident_mib(process)
    growth = last - seen[STEPS // 2 - 1]
    yield Row(
        f"resident memory of the service, idle and after {STEP * STEPS:,} requests",
        f"≤ {IDLE_MOST_MIB:g} MiB idle, no growth",
        f"{idle:.0f} MiB idle; {seen[STEPS // 2 - 1]:.0f} MiB after {STEP * STEPS // 2:,} requests, "
        f"{last:.0f} MiB after {STEP * STEPS:,}",
        idle <= IDLE_MOST_MIB and growth <= GROWTH_MOST_MIB,
        {"idleMib": round(idle, 1), "mibAfterEach10000": [round(each, 1) for each in seen]},
    )


def send(bench: Bench, target: Target, step: int) -> None:
    """Send a step's requests: POST, then PATCH of what was made, in turn."""
    work = "patch" if step % 2 else "post"
    bench.tool.ask(Order(work, [target], STEP_S, CONNECTIONS, warm_up_s=0.0, requests_max=STEP))


def resident_mib(process: psutil.Process) -> float:
    """Return the resident memory of one process."""
    resident: int = process.memory_info().rss
    return resident / MIB
