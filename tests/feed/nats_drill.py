"""Publishes to a real NATS server while either side is killed, and compares the stream with the logs: `make nats`.

Options, as environment variables: NATS_SECONDS (40), NATS_RATE requests a second (150), NATS_KILLS of each side (6),
NATS_SERVER, the program (nats-server). Needs Debian's package nats-server, or another one.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import nats
import uvloop
from nats.js.errors import NotFoundError

from tests.drill.process import CHECKOUT, Process, free_port
from tests.drill.site import Site, opened
from tests.serving import Tenant

SECONDS = float(os.environ.get("NATS_SECONDS", "40"))
RATE = float(os.environ.get("NATS_RATE", "150"))
KILLS = int(os.environ.get("NATS_KILLS", "6"))
SERVER = os.environ.get("NATS_SERVER", "nats-server")
SETTLED_S = 120.0


@dataclass
class Child:
    """A process that is killed and started again."""

    arguments: list[str]
    environment: dict[str, str]
    log: Path
    popen: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.arguments, cwd=CHECKOUT, env=self.environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it by SIGKILL, and start it again."""
        assert self.popen is not None
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()
        self.kills += 1
        self.start()

    def stop(self) -> None:
        """End it."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.terminate()
            self.popen.wait(30)


async def write(base: str, token: str, until_s: float) -> tuple[int, int]:
    """Create users at the rate; return how many requests there were, and how many failed."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    requests = failed = 0

    async def ask(number: int) -> None:
        nonlocal failed
        body = {"userName": f"{time.time_ns()}-{number}@contoso.com"}
        try:
            async with session.post(f"{base}/Users", json=body) as response:
                failed += response.status != 201
        except (aiohttp.ClientError, OSError):
            failed += 1

    async with aiohttp.ClientSession(headers=headers) as session, asyncio.TaskGroup() as group:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() - began < until_s:
            requests += 1
            group.create_task(ask(requests))
            await asyncio.sleep(max(0.0, began + requests / RATE - loop.time()))
    return requests, failed


async def trouble(children: list[Child]) -> None:
    """Kill each in turn, evenly over the time."""
    pause_s = SECONDS / (2 * KILLS + 1)
    for number in range(2 * KILLS):
        await asyncio.sleep(pause_s)
        await asyncio.to_thread(children[number % 2].kill)


async def log_of(site: Site, tenant: Tenant) -> list[str]:
    """Return the ids of all events of an organization, in order."""
    async with site.owner() as connection:
        assert isinstance(connection, asyncpg.Connection)
        rows = await connection.fetch(
            "SELECT event_id FROM eventstore.events WHERE organization_id = $1 ORDER BY position",
            tenant.id,
        )
    return [str(row["event_id"]) for row in rows]


async def stream_of(url: str, tenant: Tenant) -> list[str]:
    """Return the ids of all messages of an organization, in the order of the stream."""
    client = await nats.connect(url)
    found: list[str] = []
    try:
        stream = client.jetstream()
        subject = f"scim-ledger.{tenant.id}"
        try:
            last = await stream.get_last_msg("scim-ledger", subject)
        except NotFoundError:
            return []
        subscription = await stream.subscribe(subject, ordered_consumer=True)
        while not found or len(found) < (last.seq or 0):
            message = await subscription.next_msg(10)
            found.append((message.headers or {})["Nats-Msg-Id"])
            if message.metadata.sequence.stream == last.seq:
                break
    finally:
        await client.close()
    return found


async def main() -> int:
    """Run; return 0 if the stream is the log."""
    if shutil.which(SERVER) is None:
        print(f"There is no {SERVER}: install Debian's package nats-server.")  # noqa: T201
        return 2
    async with opened() as site:
        [(tenant, _)] = await site.books(1)
        service = site.process(dsn=site.dsn)
        port = free_port()
        url = f"nats://127.0.0.1:{port}"
        server = Child(
            [SERVER, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(site.folder / "nats")],
            dict(os.environ),
            site.folder / "nats.log",
        )
        publisher = Child(
            [sys.executable, "-m", "service", "feed", "nats", url],
            dict(service.environment),
            site.folder / "publisher.log",
        )
        children = [publisher, server]
        try:
            await service.start()
            server.start()
            publisher.start()
            troubling = asyncio.create_task(trouble(children))
            requests, failed = await write(base_of(service), tenant.token, SECONDS)
            await troubling
            log = await log_of(site, tenant)
            began = time.monotonic()
            while (stream := await stream_of(url, tenant)) != log:
                if time.monotonic() - began > SETTLED_S:
                    break
                await asyncio.sleep(1)
        finally:
            for each in children:
                each.stop()
            await service.stop()
    is_same = stream == log
    print(  # noqa: T201
        "| requests | refused | publisher killed | nats-server killed | events in the log | in the stream | twice | "
        "the same, in order |\n|---|---|---|---|---|---|---|---|\n"
        f"| {requests:,} | {failed} | {publisher.kills} | {server.kills} | {len(log):,} | {len(stream):,} | "
        f"{len(stream) - len(set(stream))} | {'yes' if is_same else 'NO'} |"
    )
    return 0 if is_same else 1


def base_of(service: Process) -> str:
    """Return the URL of a service's SCIM endpoint."""
    return f"http://127.0.0.1:{service.port}/api/scim/v2"


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
