"""Breaks the leader of a Patroni cluster in four ways under load, and prints what was lost and for how long nobody could write.

FAILOVER_RATE says how many requests come in a second (25). It needs etcd and Patroni on the PATH.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import asyncpg

from tests.failover.cluster import Cluster, Node, missing, running
from tests.protocol.installation import Installation, free_port
from tests.rolling.load import Load
from tests.tools import new_folder, say

BEFORE_S, AFTER_S = 5.0, 8.0  # Of load, before the fault and after the first write behind it.
BACK_TIMEOUT_S = 90.0
GAPS = """
SELECT count(*) FROM (
    SELECT position - lag(position, 1, 0::bigint) OVER (PARTITION BY organization_id ORDER BY position) AS step
    FROM eventstore.events
) AS steps WHERE step <> 1
"""

Fault = Callable[[Cluster, Node], Awaitable[None]]


async def switch_over(cluster: Cluster, leader: Node) -> None:
    """Let another node lead, as an operator does."""
    await cluster.switch_over(leader)


async def kill_postgres(_cluster: Cluster, leader: Node) -> None:
    """Kill the leader's Postgres; Patroni starts it again."""
    leader.postgres()[0].kill()


async def kill_host(_cluster: Cluster, leader: Node) -> None:
    """Kill all of the leader's machine: it refuses connections."""
    leader.send(signal.SIGKILL)


async def freeze_host(_cluster: Cluster, leader: Node) -> None:
    """Freeze the leader's machine: it neither answers nor refuses."""
    leader.send(signal.SIGSTOP)


FAULTS: tuple[tuple[str, Fault, bool], ...] = (  # And whether the leader is listed first.
    ("switchover", switch_over, False),
    ("Postgres of the leader killed", kill_postgres, False),
    ("host of the leader gone", kill_host, False),
    ("host of the leader frozen, listed first", freeze_host, True),
)


async def one(cluster: Cluster, fault: Fault, folder: Path, *, is_first: bool) -> str:
    """Run a service and a load through one fault; return the rest of its line."""
    leader = await cluster.whole()
    listed = leader if is_first else next(each for each in cluster.nodes if each is not leader)
    installation = Installation(folder / "service", free_port())
    environment = {"DATABASE_URL": cluster.url(listed), "SCIM_LEDGER_LOG_LEVEL": "ERROR"}
    os.environ.update(environment)
    serving = await Through(installation.data_dir, installation.port).serve()
    try:
        token = await Through(installation.data_dir, installation.port).token()
        load, stop = (
            Load(serving.base, [token], float(os.environ.get("FAILOVER_RATE") or 25)),
            asyncio.Event(),
        )
        loading = asyncio.create_task(load.run(stop))
        await asyncio.sleep(BEFORE_S)
        began = monotonic()
        await fault(cluster, leader)
        await until_written(load, began)
        await asyncio.sleep(AFTER_S)
        stop.set()
        await loading
    finally:
        await serving.end(signal.SIGTERM)
    now = await cluster_leader(cluster)
    lost, gaps = await judge(now, load.made)
    text = f"{leader.name} → {now.name}  {load.longest_s(began - BEFORE_S):>6.1f} s {len(load.made):>7} {lost:>5} {gaps:>5}"
    leader.send(signal.SIGCONT)
    if leader.process is not None and leader.process.returncode is not None:
        await cluster.start(leader)
    return text


class Through(Installation):
    """One whose database is in the environment."""

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of its commands."""
        return super().environment(DATABASE_URL=os.environ["DATABASE_URL"], **more)


async def until_written(load: Load, since: float) -> None:
    """Return once writes succeed again, a moment after the fault."""
    async with asyncio.timeout(BACK_TIMEOUT_S):
        await asyncio.sleep(1.0)
        while not load.written or monotonic() - load.written[-1] > 1.0:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert since < load.written[-1]


async def cluster_leader(cluster: Cluster) -> Node:
    """Return the leader; a frozen one does not answer."""
    while (leader := await cluster.leader()) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    return leader


async def judge(leader: Node, made: list[str]) -> tuple[int, int]:
    """Return how many acknowledged users the leader does not have, and how many gaps its logs have."""
    connection = await asyncpg.connect(
        f"postgresql://postgres:failover@127.0.0.1:{leader.port}/postgres?sslmode=disable"
    )
    try:
        found = await connection.fetchval(
            "SELECT count(*) FROM directory.users WHERE id = ANY($1::uuid[])", made
        )
        return len(made) - found, await connection.fetchval(GAPS)
    finally:
        await connection.close()


async def run() -> int:
    """Run all faults; return the exit code."""
    if absent := missing():
        say(f"skipped: {', '.join(absent)} not installed")
        return 0
    folder, code = new_folder("failover"), 0
    say("fault                                     from → to  no write  created  lost  gaps")
    try:
        async with running(folder) as cluster:
            for name, fault, is_first in FAULTS:
                rest = await one(cluster, fault, folder, is_first=is_first)
                say(f"{name:<41} {rest}")
                code |= rest.split()[-2:] != ["0", "0"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
