"""Runs the attack: each shape for some seconds; prints the table, and fails where a goal is missed."""

import asyncio
import logging
import sys
from time import perf_counter

import structlog
import uvloop

from tests.attack.options import Options, read_options
from tests.attack.report import Result, foot, head, line
from tests.attack.run import SHAPES, attack_with
from tests.attack.site import attacked
from tests.benchmarks.events import Size
from tests.tools import say

SPARE = 1_000  # Users in no group.
STOP_S = 10.0  # To stop everything in.


async def run(options: Options) -> tuple[list[Result], list[str], float]:
    """Send all shapes that are asked for; say each line as it comes. Return the names of those that found no time, too."""
    say(head(options))
    chosen = [each for each in SHAPES if not options.only or each.name in options.only]
    results, began = [], perf_counter()
    end_s = began + options.minutes * 60 - STOP_S
    size = Size(
        options.users,
        everyone=options.users - SPARE,
        empty_groups=10,
        spare=SPARE,
        has_lives=False,
    )
    async with attacked(size) as site:
        async for result in attack_with(
            site, chosen, seconds=options.seconds, seed=options.seed, end_s=end_s
        ):
            results.append(result)
            say(line(result))
    sent = {each.shape.name for each in results}
    left = [each.name for each in chosen if each.name not in sent]
    return results, left, perf_counter() - began


def main() -> int:
    """Return the exit code: 1 where a goal was missed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    options = read_options()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results, left, seconds = runner.run(run(options))
    last = foot(results, left, seconds)
    say(last)
    if options.report_file:
        report = [head(options), *map(line, results), last]
        options.report_file.write_text("\n".join(report) + "\n", encoding="utf-8")
    return int(bool(left) or any(each.broken() for each in results))


if __name__ == "__main__":
    sys.exit(main())
