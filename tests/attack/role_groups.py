"""`python -m tests.attack.role_groups`: roles of 100,000 people change at once, and a ticker watches the event loop.

Each step is one request and one transaction. ATTACK_USERS says how many people there are: 100,000 by default. The ticker
is that of `make attack`, and so are the goals.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import aiohttp
import orjson
import structlog
import uvloop

from service.callers.scopes import DEFAULT
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token
from service.runtime import open_runtime
from service.scim.base_path import BASE_PATH
from tests.attack.report import GAP_S_MAX, PEAK_BYTES_MAX
from tests.attack.site import Report, Site, attacked
from tests.benchmarks.events import Size
from tests.tools import say

ADMIN = "/api/admin/v1"
OFF = {"enabled": False, "maxUsers": 10, "maxPercent": 20, "windowMinutes": 60}
TIMEOUT = aiohttp.ClientTimeout(total=600)


class Step(NamedTuple):
    """A request, and what it is about."""

    name: str
    method: str
    path: str
    body: Any = None
    status: int = 200


class Taken(NamedTuple):
    """What a step took."""

    step: Step
    seconds: float
    report: Report

    def broken(self) -> list[str]:
        """Return which goals it missed."""
        said = []
        if self.report.gap_s > GAP_S_MAX:
            said.append(f"{self.step.name}: a gap of {self.report.gap_s * 1000:.0f} ms")
        if self.report.peak_bytes > PEAK_BYTES_MAX:
            said.append(f"{self.step.name}: {self.report.peak_bytes / 2**20:.0f} MiB of memory")
        return said

    def line(self) -> str:
        """Return it as a line."""
        return (
            f"{self.step.name:<44}{self.step.status:>6}{self.seconds:>9.1f} s"
            f"{self.report.gap_s * 1000:>8.0f} ms{self.report.peak_bytes / 2**20:>8.0f} MiB"
        )


def steps(site: Site) -> Sequence[Step]:
    """Return what happens, in this order."""
    group = f"{BASE_PATH}/Groups/{site.loaded.everyone_id}"
    ids = site.loaded.user_ids[: len(site.loaded.user_ids) - len(site.loaded.spare_ids)]
    everyone = {"displayName": "Everyone", "members": [{"value": each} for each in ids]}
    nobody = {"displayName": "Everyone", "members": []}
    editors = role_list("Editor")
    return (
        Step("preview of the list", "PUT", f"{ADMIN}/role-groups?dryRun=true", editors),
        Step("save of the list", "PUT", f"{ADMIN}/role-groups", editors),
        Step("save of another role", "PUT", f"{ADMIN}/role-groups", role_list("Validator")),
        Step("PUT of the group without members", "PUT", group, nobody),
        Step("PUT of the group with all members", "PUT", group, everyone),
        Step("another name of the group", "PATCH", group, renamed("Nobody"), 204),
        Step("its former name", "PATCH", group, renamed("Everyone"), 204),
        Step("the guard on", "PUT", f"{ADMIN}/guard", OFF | {"enabled": True}),
        Step("DELETE of the group, held", "DELETE", group, None, 429),
        Step("the same again, held", "DELETE", group, None, 429),
        Step("the holds", "GET", f"{ADMIN}/guard/holds"),
        Step("the guard off", "PUT", f"{ADMIN}/guard", OFF),
        Step("DELETE of the group", "DELETE", group, None, 204),
    )


def role_list(role: str) -> dict[str, Any]:
    """Return a list of role groups that gives everybody a role."""
    return {"items": [{"displayName": "Everyone", "role": role}], "explicitWins": False}


def renamed(name: str) -> dict[str, Any]:
    """Return a PATCH of a group's name."""
    return {"Operations": [{"op": "replace", "path": "displayName", "value": name}]}


async def run(size: Size) -> list[Taken]:
    """Do all steps; say each as it is done."""
    taken = []
    async with attacked(size) as site:
        folder = Path(site.process.environment["SCIM_LEDGER_DATA_DIR"])
        async with open_runtime(Settings(data_dir=folder), is_migrating=False) as runtime:
            organization = await find_organization(runtime, str(site.attacker.id))
            issued = await issue_token(
                runtime,
                organization,
                "role groups",
                scopes=(*DEFAULT, "admin"),
                provenance=cli_provenance(),
            )
        headers = {"Authorization": f"Bearer {issued.token}"}
        origin = f"http://127.0.0.1:{site.process.port}"
        async with aiohttp.ClientSession(origin, headers=headers, timeout=TIMEOUT) as session:
            for step in steps(site):
                taken.append(await take(site, session, step))
                say(taken[-1].line())
    return taken


async def take(site: Site, session: aiohttp.ClientSession, step: Step) -> Taken:
    """Send the request of a step, and measure."""
    await asyncio.sleep(1.0)  # What followers still do is not of this step.
    data = None if step.body is None else orjson.dumps(step.body)
    await site.process.report()
    began = perf_counter()
    async with session.request(
        step.method, step.path, data=data, headers={"Content-Type": "application/json"}
    ) as answer:
        body = await answer.read()
        seconds = perf_counter() - began
        assert answer.status == step.status, (step.name, answer.status, body[:500])
    return Taken(step, seconds, await site.process.report())


def main() -> int:
    """Return the exit code: 1 where a goal was missed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    users = int(os.environ.get("ATTACK_USERS", "100000"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        taken = runner.run(run(Size(users + 100, everyone=users, spare=100)))
    broken = [said for each in taken for said in each.broken()]
    say("\n".join(["Goals missed:", *broken]) if broken else "Goals missed: none.")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
