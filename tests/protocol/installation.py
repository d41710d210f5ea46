"""The command line as people use it: separate processes with their own data folder and port."""

import asyncio
import os
import signal
import socket
import sys
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import orjson

CHECKOUT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "service")
TIMEOUT_S = 60.0
LAST_LINE = "Stop: Ctrl-C."


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return what it printed, as JSON."""
        return orjson.loads(self.out)


@dataclass(frozen=True, slots=True)
class Installation:
    """A data folder and a port."""

    data_dir: Path
    port: int

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of its commands."""
        own = {
            "SCIM_LEDGER_DATA_DIR": str(self.data_dir),
            "SCIM_LEDGER_PORT": str(self.port),
            "SCIM_LEDGER_LOG_LEVEL": "WARNING",
            "COLUMNS": "200",
        }
        kept = {name: each for name, each in os.environ.items() if name != "DATABASE_URL"}
        return {**kept, **own, **more}

    async def run(self, *arguments: str, **environment: str) -> Result:
        """Run a command to its end."""
        process = await self.start(*arguments, **environment)
        async with asyncio.timeout(TIMEOUT_S):
            out, err = await process.communicate()
        return Result(process.returncode or 0, out.decode(), err.decode())

    async def serve(self, *arguments: str) -> "Serving":
        """Start the service; return once it has printed that it is ready."""
        process = await self.start("serve", *arguments)
        assert process.stdout is not None
        said = ""
        async with asyncio.timeout(TIMEOUT_S):
            while LAST_LINE not in said:
                line = await process.stdout.readline()
                assert line, said
                said += line.decode()
        return Serving(process, said, f"http://127.0.0.1:{self.port}/api/scim/v2")

    @property
    def checkout(self) -> Path:
        """Return the folder in which commands are called."""
        return CHECKOUT

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Return the whole command line of a command."""
        return (*COMMAND, *arguments)

    async def ready(self) -> None:
        """Return once the service answers."""
        async with asyncio.timeout(TIMEOUT_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                        if answer.status == HTTPStatus.OK:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    async def status(self, path: str, token: str) -> int:
        """Return the status of a read."""
        url = f"http://127.0.0.1:{self.port}/api/scim/v2{path}"
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            return answer.status

    async def token(self) -> str:
        """Return a new token: `serve` prints none if its output is not a terminal."""
        issued = await self.run("token", "issue", "--label", "tests", "--json")
        token: str = issued.json["token"]
        return token

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            *self.command(*arguments),
            cwd=self.checkout,
            env=self.environment(**environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


@dataclass(frozen=True, slots=True)
class Serving:
    """A service that has printed that it is ready; `said` is its output until then."""

    process: asyncio.subprocess.Process
    said: str
    base: str

    def value_of(self, name: str) -> str:
        """Return the value that the service printed after a name."""
        [line] = [line for line in self.said.splitlines() if line.strip().startswith(name)]
        return line.strip().removeprefix(name).strip()

    async def end(self, by: signal.Signals) -> Result:
        """End the service by a signal; return how it ended."""
        self.process.send_signal(by)
        async with asyncio.timeout(TIMEOUT_S):
            out, err = await self.process.communicate()
        code = self.process.returncode
        assert code is not None
        return Result(code, out.decode(), err.decode())

    async def send(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and body of the answer to a request; None if it has no body."""
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, self.base + path, json=body) as response,
        ):
            content = await response.read()
            return response.status, orjson.loads(content) if content else None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
