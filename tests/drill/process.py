"""A process of the service, as an operator runs it: started, killed, suspended, stopped."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import aiohttp

CHECKOUT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.02


class DrillFailed(Exception):
    """The drill itself cannot go on; the message says why."""


@dataclass(slots=True)
class Process:
    """`python -m service serve` on a port of its own, which it keeps from start to start."""

    environment: Mapping[str, str]
    log: Path
    port: int
    popen: subprocess.Popen[bytes] | None = None

    async def start(self) -> float:
        """Return the seconds until it was ready."""
        began = monotonic()
        self.popen = self._popen()
        while await self.readiness() != 200:
            if self.popen.poll() is not None or monotonic() - began > READY_TIMEOUT_S:
                raise DrillFailed(f"The service does not start: see {self.log}")
            await asyncio.sleep(POLL_INTERVAL_S)
        return monotonic() - began

    def _popen(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "service", "serve"],
                cwd=CHECKOUT,
                env={**self.environment, "SCIM_LEDGER_PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def readiness(self) -> int | None:
        """Return what /readyz says, None where nobody answers."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
                session.get(f"http://127.0.0.1:{self.port}/readyz") as response,
            ):
                return response.status
        except (aiohttp.ClientError, OSError):
            return None

    async def kill(self) -> None:
        """End it by SIGKILL, in the middle of whatever it does."""
        self.send(signal.SIGKILL)
        await self._wait()

    async def stop(self) -> None:
        """End it as an operator does, if it runs."""
        if self.popen and self.popen.poll() is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
            await self._wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.popen
        self.popen.send_signal(number)

    async def _wait(self) -> None:
        assert self.popen
        await asyncio.to_thread(self.popen.wait, STOP_TIMEOUT_S)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def plain_environment() -> dict[str, str]:
    """Return this process's environment without settings of the service."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SCIM_LEDGER", "DATABASE_URL"))
    }
