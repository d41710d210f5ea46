"""Measures how soon a deprovisioning reaches its receiver, and whether any event is lost when either side is killed.

`make feed`. Two services share a Postgres. A client deactivates and deletes people, 25 requests a second. In the
second part the service that delivers is killed every few seconds, and the receiver is away in turn.
Options, as environment variables: FEED_SECONDS of each part (60), FEED_RATE requests a second (25).
"""

import asyncio
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import uvloop
from aiohttp import web

from service.cli.provenance import cli_provenance
from service.organizations.register import create_organization
from service.organizations.tokens import issue_token
from service.runtime import open_runtime
from service.scim.base_path import BASE_PATH
from service.webhooks.manage import NewWebhook, create_webhook
from service.webhooks.places import PlaceRules
from tests.drill.process import Process
from tests.drill.site import Site, opened
from tests.feed.receiver import Receiver

SECONDS = float(os.environ.get("FEED_SECONDS", "60"))
RATE = float(os.environ.get("FEED_RATE", "25"))
KILL_EVERY_S = 6.0
AWAY_S = 2.0
TYPES = ("UserDeactivated", "UserDeleted")
LATE_S = 120.0  # For what is left at the end.


@dataclass
class Part:
    """What was asked for in a part, and when."""

    name: str
    asked_at: dict[tuple[str, str], float] = field(default_factory=dict)
    requests: int = 0
    failed: int = 0
    kills: int = 0
    away: int = 0


async def client(base: str, token: str, part: Part, seconds: float) -> None:
    """Make people, deactivate and delete them, at the rate, whatever the answers."""
    until = time.monotonic() + seconds
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    tasks: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession(headers=headers) as session:
        number = 0
        while time.monotonic() < until:
            number += 1
            task = asyncio.create_task(_life(session, base, part, f"{part.name}-{number}"))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(3 / RATE)
        await asyncio.gather(*tasks)


async def _life(session: aiohttp.ClientSession, base: str, part: Part, name: str) -> None:
    made = await _ask(session, "POST", f"{base}/Users", part, {"userName": f"{name}@contoso.com"})
    if made is None:
        return
    url = f"{base}/Users/{made['id']}"
    operation = {"op": "replace", "path": "active", "value": False}
    patch = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [operation],
    }
    for event_type, method, body in (
        ("UserDeactivated", "PATCH", patch),
        ("UserDeleted", "DELETE", None),
    ):
        if await _ask(session, method, url, part, body) is not None:
            part.asked_at[made["id"], event_type] = time.time()


async def _ask(session: aiohttp.ClientSession, method: str, url: str, part: Part, body: Any) -> Any:
    """Return the answer; {} without one, None for a request that failed."""
    part.requests += 1
    try:
        async with session.request(method, url, json=body) as response:
            if response.status >= 400:
                part.failed += 1
                return None
            return await response.json(content_type=None) if response.status < 204 else {}
    except (aiohttp.ClientError, OSError):
        part.failed += 1
        return None


class Door:
    """The receiver's socket, which can be closed and opened again on the same port."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._runner: web.ServerRunner | None = None

    async def open(self) -> None:
        """Listen."""
        self._runner = web.ServerRunner(web.Server(self._receiver.take))
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._receiver.port).start()
        self._receiver.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Be away."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


async def trouble(site: Site, processes: list[Process], door: Door, part: Part) -> None:
    """Kill the service that delivers and shut the receiver's door, in turn, until cancelled."""
    while True:
        await asyncio.sleep(KILL_EVERY_S)
        await processes[1].kill()
        part.kills += 1
        await processes[1].start()
        await asyncio.sleep(KILL_EVERY_S / 2)
        await door.close()
        part.away += 1
        await asyncio.sleep(AWAY_S)
        await door.open()


async def main() -> int:
    """Run both parts; return how many promises are broken."""
    async with opened() as site:
        async with open_runtime(site.settings, is_migrating=False) as runtime:
            created = await create_organization(runtime, "Feed", provenance=cli_provenance())
            issued = await issue_token(
                runtime, created.organization, "feed", provenance=cli_provenance()
            )
        settings = {"dsn": site.dsn, "SCIM_LEDGER_WEBHOOKS_MAY_BE_PRIVATE": "true"}
        # The one that starts first leads: it is the one that is killed. The client asks the other.
        asked, leader = site.process(**settings), site.process(**settings)
        receiver = Receiver()
        door = Door(receiver)
        await door.open()
        processes = [asked, leader]
        try:
            await leader.start()
            await asyncio.sleep(2)
            await asked.start()
            async with open_runtime(site.settings, is_migrating=False) as runtime:
                made = await create_webhook(
                    runtime,
                    created.organization,
                    NewWebhook("drill", receiver.url, types=TYPES),
                    rules=PlaceRules(may_be_private=True),
                    provenance=cli_provenance(),
                )
            receiver.secrets = [made.secret or ""]
            base = f"http://127.0.0.1:{asked.port}{BASE_PATH}"
            quiet, rough = Part("quiet"), Part("killed")
            await client(base, issued.token, quiet, SECONDS)
            troubling = asyncio.create_task(trouble(site, processes, door, rough))
            await client(base, issued.token, rough, SECONDS)
            troubling.cancel()
            await asyncio.wait([troubling])
            await door.close()
            await door.open()
            wanted = quiet.asked_at.keys() | rough.asked_at.keys()
            await receiver.until(lambda: wanted <= seen(receiver).keys(), LATE_S)
        finally:
            for each in processes:
                await each.stop()
            await door.close()
    return report(receiver, [quiet, rough])


def seen(receiver: Receiver) -> dict[tuple[str, str], float]:
    """Return when each event arrived first."""
    found: dict[tuple[str, str], float] = {}
    for event, at in zip(receiver.arrived, receiver.arrived_at_s, strict=True):
        found.setdefault((event["data"]["resourceId"], event["type"]), at)
    return found


def report(receiver: Receiver, parts: list[Part]) -> int:
    """Print what was measured; return how many promises are broken."""
    first = seen(receiver)
    positions = [each["data"]["position"] for each in receiver.arrived]
    firsts = list(dict.fromkeys(positions))
    again = sum(count - 1 for count in Counter(positions).values())
    print(  # noqa: T201
        "| part | requests | refused | kills | away | events | lost | p50 s | p99 s | longest s |\n"
        "|---|---|---|---|---|---|---|---|---|---|"
    )
    broken = 0
    for part in parts:
        lost = part.asked_at.keys() - first.keys()
        delays = sorted(
            max(0.0, first[key] - at) for key, at in part.asked_at.items() if key in first
        )
        p50, p99 = (delays[int(len(delays) * each)] for each in (0.5, 0.99))
        print(  # noqa: T201
            f"| {part.name} | {part.requests:,} | {part.failed} | {part.kills} | {part.away} | "
            f"{len(part.asked_at):,} | {len(lost)} | {p50:.3f} | {p99:.3f} | {delays[-1]:.3f} |"
        )
        broken += len(lost)
        broken += part.name == "quiet" and p99 > 5
    is_ordered = firsts == sorted(firsts)
    print(  # noqa: T201
        f"\n{len(positions):,} messages, {again} of them a second time; "
        f"{'in the order of the log' if is_ordered else 'OUT OF ORDER'}; each signature was right."
    )
    return broken + (not is_ordered)


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
