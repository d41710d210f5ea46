"""Send shapes, one after another, and take the figures of each."""

import asyncio
import inspect
import math
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random
from time import perf_counter

import aiohttp
import psutil

from tests.attack.bystander import Bystander
from tests.attack.crew import Order, attack
from tests.attack.report import Result
from tests.attack.shapes import bodies, bulks, connections, patches, reads
from tests.attack.shapes.shape import Hostile, Shape
from tests.attack.site import Site, WatchedProcess

SHAPES: Sequence[Shape] = (
    *connections.SHAPES,
    *patches.SHAPES,
    *bulks.SHAPES,
    *bodies.SHAPES,
    *reads.SHAPES,
)
REST_S = 1.0  # Before each shape: the other organization alone, to compare with.
QUIET_S_MAX = 4.0  # For what a shape has begun to end: it should not count for the next.
# The service is quiet if it used the processors for less within one look.
LOOK_S, QUIET_CPU_S = 0.25, 0.1
SECONDS_MIN = 1.5  # Of a shape, if the time for all is short.


async def attack_with(
    site: Site, shapes: Sequence[Shape], *, seconds: float, seed: int, end_s: float = math.inf
) -> AsyncIterator[Result]:
    """Yield the result of each shape, sent for so many seconds, or less: at `end_s` (perf_counter) no other begins."""
    bystander = Bystander(site.process.port, site.other, Random(seed))  # noqa: S311 - no secrets.
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as crew:
        async with aiohttp.ClientSession() as session:
            await bystander.work(1.0)  # Its first requests open connections.
            for index, shape in enumerate(shapes):
                if perf_counter() > end_s:
                    break
                rng = Random(f"{seed} {shape.name}")  # noqa: S311 - choices, no secrets.
                hostile = Hostile(site, rng, session)
                left = (end_s - perf_counter()) / (len(shapes) - index) - REST_S - QUIET_S_MAX / 2
                duration = min(seconds, max(SECONDS_MIN, left))
                yield await _one(shape, hostile, crew, bystander, duration)
    await bystander.close()


async def _one(
    shape: Shape,
    hostile: Hostile,
    crew: ProcessPoolExecutor,
    bystander: Bystander,
    seconds: float,
) -> Result:
    requests = shape.prepare(hostile)
    if inspect.isawaitable(requests):
        requests = await requests
    process = hostile.site.process
    order = Order(process.port, requests, shape.connections, seconds, shape.manner)
    await _quiet(process)
    before = await bystander.work(min(REST_S, seconds))
    await process.report()  # What was before does not count.
    sending = asyncio.get_running_loop().run_in_executor(crew, attack, order)
    times = await bystander.work(seconds)
    answers: Counter[str] = await sending
    return Result(shape, answers, before, times, await process.report())


async def _quiet(process: WatchedProcess) -> None:
    """Wait until the service does nothing, but not for ever."""
    assert process.popen
    service, end_s = psutil.Process(process.popen.pid), perf_counter() + QUIET_S_MAX
    while perf_counter() < end_s:
        begun = service.cpu_times()
        await asyncio.sleep(LOOK_S)
        ended = service.cpu_times()
        if ended.user + ended.system - begun.user - begun.system < QUIET_CPU_S:
            return
