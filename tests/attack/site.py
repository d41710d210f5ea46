"""Where an attack takes place: a Postgres, a service whose event loop is watched, two organizations."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from projections.directory.load import load_organization
from service.runtime import open_runtime
from tests.benchmarks.events import Loaded, Size, load
from tests.benchmarks.proofs import wait_until_signed
from tests.drill.process import CHECKOUT, Process
from tests.drill.site import opened
from tests.serving import Tenant, make_tenant

SIGNED_TIMEOUT_S = 120.0


class WatchedProcess(Process):
    """A process of the service that reports on its event loop."""

    def _popen(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.attack.watched"],
                cwd=CHECKOUT,
                env={**self.environment, "SCIM_LEDGER_PORT": str(self.port)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def close_pipes(self) -> None:
        """Close what connects us with the process that has ended."""
        assert self.popen
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()

    async def report(self) -> "Report":
        """Return what the ticker has measured since the last report."""
        return await asyncio.to_thread(self._report)

    def _report(self) -> "Report":
        assert self.popen
        assert self.popen.stdin
        assert self.popen.stdout
        self.popen.stdin.write(b"?")
        self.popen.stdin.flush()
        while not (line := self.popen.stdout.readline()).startswith(b"{"):
            if not line:
                raise EOFError("The service has died.")
        return Report(**json.loads(line))


@dataclass(frozen=True, slots=True)
class Report:
    """What the service measured itself: see watched.py."""

    gap_s: float  # The longest time between two ticks of the event loop,
    late_s: float  # and the same by the clock alone.
    peak_bytes: int
    waited: float  # For which part of the time the event loop waited for a processor.
    # Of the other organization's requests, from their bytes to their answers.
    others_s: Sequence[float]


@dataclass(frozen=True, slots=True)
class Site:
    """A service under attack: the attacker's organization, with what was loaded into it, and the other one."""

    process: WatchedProcess
    attacker: Tenant
    loaded: Loaded
    other: Tenant


@asynccontextmanager
async def attacked(
    size: Size, parent: Path | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Site]:
    """Give a running service with two organizations. Its files go with the block."""
    async with opened(parent, settings) as site:
        async with open_runtime(site.settings, is_migrating=False) as runtime:
            other = await make_tenant(runtime, "Fabrikam")
            attacker = await make_tenant(runtime, "Contoso")
            async with runtime.pool.acquire() as connection:
                organization = await load_organization(connection, attacker.id, with_tokens=False)
        assert organization is not None
        loaded = await load(site.dsn, site.sealer, organization, size)
        plain = site.process()
        process = WatchedProcess(plain.environment, plain.log, plain.port)
        await process.start()
        try:
            async with asyncio.timeout(SIGNED_TIMEOUT_S):
                await wait_until_signed(site.dsn)
            yield Site(process, attacker, loaded, other)
        finally:
            await process.stop()
            process.close_pipes()
