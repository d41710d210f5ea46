"""Send shapes, one after another, and take the figures of each."""

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

import aiohttp

from tests.attack.bystander import Bystander
from tests.attack.crew import Order, attack
from tests.attack.report import Result
from tests.attack.shapes import bodies, bulks, connections, patches, reads
from tests.attack.shapes.shape import Hostile, Shape
from tests.attack.site import Site

SHAPES: Sequence[Shape] = (
    *connections.SHAPES,
    *patches.SHAPES,
    *bulks.SHAPES,
    *bodies.SHAPES,
    *reads.SHAPES,
)
REST_S = 0.5  # Between two shapes: what one has begun should not count for the next.


async def attack_with(
    site: Site, shapes: Sequence[Shape], *, seconds: float, seed: int
) -> AsyncIterator[Result]:
    """Yield the result of each shape."""
    bystander = Bystander(site.process.port, site.other, Random(seed))  # noqa: S311 - no secrets.
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as crew:
        async with aiohttp.ClientSession() as session:
            await bystander.work(1.0)  # Its first requests open connections.
            for shape in shapes:
                rng = Random(f"{seed} {shape.name}")  # noqa: S311 - choices, no secrets.
                hostile = Hostile(site, rng, session)
                yield await _one(shape, hostile, crew, bystander, seconds)
                await asyncio.sleep(REST_S)
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
    await process.report()  # What was before does not count.
    sending = asyncio.get_running_loop().run_in_executor(crew, attack, order)
    times = await bystander.work(seconds)
    answers: Counter[str] = await sending
    return Result(shape, answers, times, await process.report())
