"""Row: POST to four organizations by a service process each, against one process for all."""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.benchmarks.bench import CONNECTIONS, Bench
from tests.benchmarks.report import Row, required
from tests.benchmarks.rounds import rate_ratio, take_turns
from tests.benchmarks.servers import our_service

ORGANIZATIONS = 4
LEAST = 1.6
ONE, MANY = "one process", f"{ORGANIZATIONS} processes"


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the row."""
    tenants = bench.database.tenants(*(f"Process {n}" for n in range(ORGANIZATIONS)))
    with ExitStack() as running:
        servers = [running.enter_context(our_service(bench.database)) for _ in tenants]
        one = [servers[0].target(tenant) for tenant in tenants]
        many = [server.target(each) for server, each in zip(servers, tenants, strict=True)]
        for target in many:
            bench.warm_up(target)
        made = take_turns({ONE: bench.post(*one), MANY: bench.post(*many)}, bench.options.rounds)
    ratio = rate_ratio(made[MANY], made[ONE])
    yield required(
        f"POST to {ORGANIZATIONS} organizations by {MANY}, {CONNECTIONS} connections in all",
        f"≥ {LEAST} x one process for all",
        f"{ratio:.2f} x {ONE} ({made[ONE].rate:,.0f}/s)",
        made[MANY],
        is_met=ratio >= LEAST,
    )
