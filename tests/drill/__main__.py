"""Runs the drill: each kind of round on a new Postgres; prints the report, and fails where a promise is broken."""

import asyncio
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

import structlog
import uvloop

from tests.drill.options import Options, read_options
from tests.drill.report import foot, head, line
from tests.drill.rounds import (
    clock_off,
    commit_cut,
    disk_full,
    host_frozen,
    lock_held,
    postgres_killed,
    postgres_restarted,
    rebuild_killed,
    service_killed,
    silence,
    snapshot_pinned,
    two_services,
)
from tests.drill.site import Site, opened
from tests.drill.tally import Tally
from tests.tools import say


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of round, by the name that DRILL_ONLY knows it under, and how many there are."""

    name: str
    run: Callable[[Site, Random, int], Awaitable[Tally]]
    rounds: int


KINDS = (
    Kind("service-killed", service_killed.run, 200),
    Kind("postgres-killed", postgres_killed.run, 50),
    Kind("rebuild-killed", rebuild_killed.run, 20),
    Kind("commit-cut", commit_cut.run, 40),
    Kind("postgres-restarted", postgres_restarted.run, 6),
    Kind("pool-exhausted", lock_held.run_exhausted, 2),
    Kind("lock-held", lock_held.run, 2),
    Kind("holder-stopped", two_services.run_frozen, 2),
    Kind("two-services", two_services.run, 10),
    Kind("postgres-stopped", silence.run, 2),
    Kind("network-silent", silence.run_network, 2),
    Kind("host-frozen", host_frozen.run, 2),
    Kind("disk-full", disk_full.run, 4),
    Kind("clock-off", clock_off.run, 2),
    Kind("snapshot-pinned", snapshot_pinned.run, 1),
)


async def drill(options: Options) -> list[Tally]:
    """Run all kinds that are asked for; say each line as it comes."""
    say(head(options))
    tallies = []
    for kind in KINDS:
        if not options.only or kind.name in options.only:
            tallies.append(await run_kind(kind, options))
            say(line(tallies[-1]))
    say(foot(tallies))
    return tallies


async def run_kind(kind: Kind, options: Options) -> Tally:
    """Run the rounds of a kind; one that does not come to its end has broken a promise."""
    rng = Random(f"{options.seed} {kind.name}")  # noqa: S311 - choices, no secrets.
    try:
        async with opened(options.folder) as site:
            return await kind.run(site, rng, options.rounds(kind.rounds))
    except Exception:  # noqa: BLE001 - the other kinds are worth their report.
        return Tally(kind.name, broken=[traceback.format_exc()])


def main() -> int:
    """Return the exit code: 1 where a promise was broken."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    options = read_options()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tallies = runner.run(drill(options))
    if options.report_file:
        report = [head(options), *map(line, tallies), foot(tallies)]
        options.report_file.write_text("\n".join(report) + "\n", encoding="utf-8")
    return int(any(each.broken for each in tallies))


if __name__ == "__main__":
    sys.exit(main())
