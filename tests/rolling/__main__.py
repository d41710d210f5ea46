"""Restarts services under load, and fails if one answer is not 2xx.

ROLLING_SECONDS says for how long each part runs (300), ROLLING_RATE how many requests come in a second (25), and
ROLLING_ONLY which part: `services` behind HAProxy, or `workers` of one service. DATABASE_URL is not used: each part
has a PostgreSQL of its own.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from time import monotonic

import aiohttp
import psutil

from tests.protocol.installation import Installation, Serving, free_port
from tests.rolling import balancer
from tests.rolling.load import Load
from tests.tools import new_folder, say

DRAIN_S = "4"  # Two checks of the balancer, and some more.
TOKENS = 4
REST_S = 3.0  # Between two restarts.


@dataclass(frozen=True, slots=True)
class Part:
    """One way to restart, and what came of it."""

    name: str
    restarts: int
    took_s: float
    load: Load


async def of_services(folder: Path, seconds: float, rate: float) -> Part:
    """Restart two services behind a balancer in turn."""
    port = free_port()
    each = [Draining(folder / "data", free_port()) for _ in range(2)]
    serving = [await one.serve() for one in each]
    restarts = 0

    async def restart() -> None:
        nonlocal restarts
        place = restarts % 2
        assert (await serving[place].end(signal.SIGTERM)).code == 0
        serving[place] = await each[place].serve()
        restarts += 1
        await asyncio.sleep(REST_S)

    try:
        async with balancer.balancing(port, [one.port for one in each], folder):
            await answering(port)
            tokens = [await each[0].token() for _ in range(TOKENS)]
            load = Load(f"http://127.0.0.1:{port}/api/scim/v2", tokens, rate)
            took = await under(load, seconds, restart)
    finally:
        for one in serving:
            await one.end(signal.SIGTERM)
    return Part("two services behind HAProxy, restarted in turn", restarts, took, load)


async def of_workers(folder: Path, seconds: float, rate: float) -> Part:
    """Replace the workers of one service, again and again."""
    installation = Draining(folder / "data", free_port())
    serving = await installation.serve("--workers", "2")
    tokens, restarts = [await installation.token()], 0

    async def restart() -> None:
        nonlocal restarts
        former = set(workers(serving))
        serving.process.send_signal(signal.SIGUSR2)
        while former & set(workers(serving)) or len(workers(serving)) != len(former):  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # Processes set no events.
        restarts += len(former)
        await asyncio.sleep(REST_S)

    try:
        load = Load(serving.base, tokens, rate)
        took = await under(load, seconds, restart)
    finally:
        await serving.end(signal.SIGTERM)
    return Part("one service with two workers, replaced one by one", restarts, took, load)


class Draining(Installation):
    """A service that drains before it stops."""

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of its commands."""
        return super().environment(SCIM_LEDGER_DRAIN_SECONDS=DRAIN_S, **more)


def workers(serving: Serving) -> list[int]:
    """Return the process numbers of the workers."""
    children = psutil.Process(serving.process.pid).children()
    return [each.pid for each in children if "--as-worker" in " ".join(each.cmdline())]


async def under(load: Load, seconds: float, restart: Callable[[], Awaitable[None]]) -> float:
    """Restart again and again under load, for at least so long; return how long it took."""
    began, stop = monotonic(), asyncio.Event()
    loading = asyncio.create_task(load.run(stop))
    while monotonic() - began < seconds and not loading.done():
        await restart()
    stop.set()
    await loading
    return monotonic() - began


async def answering(port: int) -> None:
    """Return once the balancer passes requests on."""
    async with aiohttp.ClientSession() as session:
        while True:
            with suppress(aiohttp.ClientError):
                url = f"http://127.0.0.1:{port}/api/scim/v2/ServiceProviderConfig"
                async with session.get(url) as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            await asyncio.sleep(0.2)


PARTS = {"services": of_services, "workers": of_workers}


async def run() -> int:
    """Run the parts; return the exit code."""
    seconds = float(os.environ.get("ROLLING_SECONDS") or 300)
    rate = float(os.environ.get("ROLLING_RATE") or 25)
    only = os.environ.get("ROLLING_ONLY")
    code = 0
    say(f"{rate:g} requests a second for {seconds:g} s each")
    say("part                                             restarts requests   2xx  failed  slowest")
    for name, part in PARTS.items():
        if only not in {None, "", name}:
            continue
        if name == "services" and not balancer.is_here():
            say("two services behind HAProxy: skipped, because haproxy is not installed")
            continue
        folder = new_folder("rolling")
        try:
            done = await part(folder, seconds, rate)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        code |= bool(done.load.failed)
        say(line(done))
    return code


def line(part: Part) -> str:
    """Return a line of the report."""
    answers, failed = part.load.answers, part.load.failed
    sent = sum(answers.values())
    text = (
        f"{part.name:<48} {part.restarts:>8} {sent:>8} {sent - sum(failed.values()):>5}"
        f" {sum(failed.values()):>7} {part.load.slowest_s:>6.2f} s"
    )
    return f"{text}  {failed}" if failed else text


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
