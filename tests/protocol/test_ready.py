"""/readyz is 200 only where a write would succeed: it tries one, which leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from projections.followers.lag import lag
from projections.maintenance.status import load_statuses
from projections.rebuild.rebuild import rebuild
from service.background.followers import report
from service.cli.printing import projections as show
from service.limits.once_a_second import FRESH_S
from tests.database.rebuilding import differences, rebuild_context, silent
from tests.serving import Scim, Served, make_tenant, started

SOON_S = 20.0
CHECKPOINTS = "SELECT count(*) FILTER (WHERE position > 0) FROM followers.checkpoints"
BEYOND = "scim_ledger_follower_checkpoints_beyond_log"
END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Yield a service on its own database."""
    async with started(database_url) as running:
        yield running


async def readyz(served: Served) -> tuple[int, Any]:
    """Return the answer of /readyz."""
    async with served.session.get(f"http://127.0.0.1:{served.port}/readyz") as response:
        return response.status, await response.json()


async def set_default(served: Served, setting: str) -> None:
    """Change a default of new sessions, and end the sessions of the service: it then opens new ones."""
    database = await served.owner.fetchval("SELECT current_database()")
    await served.owner.execute(f"ALTER DATABASE {database} {setting}")
    await served.owner.execute(END_SESSIONS)


async def test_a_database_that_takes_no_writes_makes_the_service_not_ready_until_it_does(
    own: Served,
) -> None:
    tenant = await make_tenant(own.runtime, "Contoso")
    await set_default(own, "SET default_transaction_read_only = on")
    said = await settled(own, 503)
    written = await Scim(own, tenant.token).ask("POST", "/Users", {"userName": "ada"})
    assert "default_transaction_read_only" in said["reason"]
    assert written.status == 503

    await set_default(own, "RESET default_transaction_read_only")
    assert await settled(own, 200) == {"status": "ready"}
    assert (await Scim(own, tenant.token).post("/Users", {"userName": "ada"})).status == 201


async def settled(served: Served, status: int) -> Any:
    """Return the answer of /readyz once it has the status, for a reason other than a lost session."""
    async with asyncio.timeout(SOON_S):
        while True:
            found, said = await readyz(served)
            if found == status and "Error" not in said.get(
                "reason", ""
            ):  # A lost session is reported first.
                return said
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("revoked", "named"),
    [
        ("SELECT ON eventstore.events", "eventstore.events"),
        ("UPDATE ON directory.users", "directory.users"),
        ("USAGE ON SCHEMA followers", "followers"),
    ],
)
async def test_a_right_that_is_missing_is_named_with_what_to_do(
    revoked: str, named: str, own: Served
) -> None:
    await own.owner.execute(f"REVOKE {revoked} FROM scim_ledger_service")
    status, said = await readyz(own)

    assert (status, said["status"]) == (503, "not ready")
    assert named in said["reason"]
    assert "scim-ledger migrate" in said["reason"]


async def test_a_try_leaves_no_row_and_no_dead_one(own: Served) -> None:
    counted = (
        "SELECT sum(pg_relation_size(oid)) FROM pg_class"
        " WHERE relnamespace IN ('eventstore'::regnamespace, 'directory'::regnamespace)"
    )
    before = await own.owner.fetchval(counted)
    assert (await readyz(own))[0] == 200

    assert await own.owner.fetchval(counted) == before
    assert await own.owner.fetchval("SELECT count(*) FROM eventstore.events") == 0


async def test_a_table_that_somebody_locks_makes_the_service_not_ready(own: Served) -> None:
    async with own.owner.transaction():
        await own.owner.execute("LOCK TABLE eventstore.events IN ACCESS EXCLUSIVE MODE")
        status, said = await readyz(own)

    assert (status, said["reason"]) == (503, "TimeoutError")


def test_what_is_remembered_is_forgotten_within_a_second() -> None:
    assert FRESH_S <= 1.0


async def test_a_checkpoint_beyond_the_log_is_an_alarm_until_it_is_mended(own: Served) -> None:
    tenant = await make_tenant(own.runtime, "Contoso")
    await settled(own, 200)
    async with asyncio.timeout(SOON_S):
        while not await own.owner.fetchval(CHECKPOINTS):  # noqa: ASYNC110 - the follower goes on.
            await asyncio.sleep(0.01)
    await own.owner.execute(
        "UPDATE followers.checkpoints SET position = 1000 WHERE projection = 'history'"
    )

    said = await settled(own, 503)

    assert "The checkpoint of history is beyond the end of 1 log" in said["reason"]
    [status] = [
        each for each in await load_statuses(own.owner) if each.projection.name == "history"
    ]
    [document] = show.document(status)["logs"]
    assert document["beyondEvents"] == 1000 - document["tail"] > 0
    assert "ALARM" in show.lines(status, {tenant.id: "Contoso"})
    report("history", await lag(own.owner, "history"), 0)
    assert REGISTRY.get_sample_value(BEYOND, {"projection": "history"}) == 1
    # A rebuild makes the rows and the checkpoint from the log.
    dsn = own.runtime.dsn
    await rebuild(rebuild_context(dsn, "history"), silent)
    assert await settled(own, 200) == {"status": "ready"}
    assert await differences(rebuild_context(dsn, "history")) == []
