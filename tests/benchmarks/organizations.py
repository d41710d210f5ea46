"""Rows: POST of users by 32 connections over many organizations at once, against one organization."""

from collections.abc import Iterator
from contextlib import ExitStack

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row, required
from tests.benchmarks.rounds import rate_ratio, take_turns
from tests.benchmarks.servers import our_service

ONE, MANY = "1 organization", 50
FEWER = (4, 10)
LEAST = 0.75  # Of the rate of one organization.


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows of 4, 10 and 50 organizations, all taking turns with one."""
    with ExitStack() as running:
        tenants = bench.database.tenants(*[f"Org {each}" for each in range(MANY)])
        server = running.enter_context(our_service(bench.database))
        targets = [server.target(each) for each in tenants]
        for count in (1, MANY):
            bench.post(*targets[:count])()
        counts = {f"{count} organizations": count for count in (*FEWER, MANY)}
        systems = {name: bench.post(*targets[:count]) for name, count in counts.items()}
        made = take_turns({ONE: bench.post(targets[0]), **systems}, bench.options.rounds)
        one = made[ONE]
        yield Row(work_of(ONE), "", one.show(), figures=one.figures())
        for name, count in counts.items():
            ratio = rate_ratio(made[name], one)
            measured = f"{ratio:.2f} x {ONE}"
            if count == MANY:
                target = f"≥ {LEAST:g} x {ONE}"
                yield required(work_of(name), target, measured, made[name], is_met=ratio >= LEAST)
            else:
                shown = f"{measured}: {made[name].show()}"
                yield Row(work_of(name), "", shown, figures=made[name].figures())


def work_of(name: str) -> str:
    """Return what a row measures."""
    return f"POST /Users, 32 connections over {name}"
