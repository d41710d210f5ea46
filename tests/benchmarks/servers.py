"""Start the servers that are measured, each in its own process on a free port."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.scim.base_path import BASE_PATH
from tests.benchmarks.bodies import Target
from tests.benchmarks.database import Database, Tenant
from tests.benchmarks.installs import SOURCES, node_peers, python_peers
from tests.benchmarks.workers import CHECKOUT

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 40.0
POLL_INTERVAL_S = 0.05
PEER_TOKEN = "benchmark"


class ServerFailed(Exception):
    """A server did not start; its output says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def target(self, tenant: Tenant) -> Target:
        """Return our own service as an organization sees it."""
        roles = tuple(map(str, tenant.organization.roles.values()))
        return Target(self.port, BASE_PATH, tenant.token, roles)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def our_service(database: Database) -> Iterator[Server]:
    """Give our service, one process."""
    port = free_port()
    environment = database.environment | {"SCIM_LEDGER_PORT": str(port)}
    command = [sys.executable, "-m", "service", "serve"]
    with running(command, port, environment=environment) as server:
        yield server


@contextmanager
def service_without_proof(database: Database) -> Iterator[Server]:
    """Give our service, one process, without the proof of the log."""
    port = free_port()
    environment = database.environment | {"SCIM_LEDGER_PORT": str(port)}
    command = [sys.executable, "-m", "tests.benchmarks.unproven"]
    with running(command, port, environment=environment) as server:
        yield server


@contextmanager
def bare_aiohttp(size_bytes: int) -> Iterator[Target]:
    """Give a bare aiohttp handler whose answers have about this size."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.bare", str(port), str(size_bytes)]
    with running(command, port):
        yield Target(port, BASE_PATH, PEER_TOKEN)


@contextmanager
def scimmy_routers() -> Iterator[Target]:
    """Give scimmy-routers on express, in memory. Errors: NotInstalled."""
    folder, port = node_peers(), free_port()
    command = ["node", "scimmy.mjs", str(port), PEER_TOKEN]
    environment = {**os.environ, "NODE_ENV": "production"}
    with running(command, port, environment=environment, folder=folder):
        yield Target(port, "/scim", PEER_TOKEN)


@contextmanager
def scim2_server() -> Iterator[Target]:
    """Give scim2-server, in memory. Errors: NotInstalled."""
    python, port = python_peers(), free_port()
    with running([python, str(SOURCES / "scim2.py"), str(port)], port):
        yield Target(port, "/v2", PEER_TOKEN)


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path = CHECKOUT,
) -> Iterator[Server]:
    """Give the server of a command once it answers HTTP; it ends with the block. Errors: ServerFailed."""
    # What it logs is work that it does, as in production: to a file that nobody reads.
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=nowhere, stderr=nowhere
        )
        try:
            wait_until_it_answers(process, port)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)


def wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    """Return when something answers HTTP on the port, whatever it says."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(POLL_INTERVAL_S)
        else:
            return
    raise ServerFailed(f"{process.args!r} does not answer on port {port}.")
