"""`scim-ledger projections verify` in a second terminal: its output and its exit code."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator

import pytest

from tests.following import until_followed
from tests.protocol.screen import open_terminal, read_terminal, seen
from tests.protocol.terminal import Said, run, start
from tests.serving import Served, Tenant, make_tenant, started

pytestmark = [pytest.mark.slow, pytest.mark.process]
SOON_S = 10.0


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Yield a service on its own database, whose tables may be changed."""
    async with started(database_url) as running:
        yield running


@pytest.fixture
async def tenant(own: Served) -> Tenant:
    """Return an organization of that service."""
    return await make_tenant(own.runtime, "Contoso")


async def verify(served: Served, *arguments: str) -> Said:
    """Run `scim-ledger projections verify`."""
    return await run(served, "projections", "verify", *arguments)


async def until_waiting(served: Served) -> None:
    """Return once a session waits for a table."""
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " WHERE datname = current_database() AND locktype = 'relation' AND NOT granted"
    )
    async with asyncio.timeout(SOON_S):
        # Postgres, which sets no Event, brings the awaited change.
        while not await served.owner.fetchval(query):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def interrupted(served: Served) -> tuple[Process, str, str]:
    """Interrupt a verification that waits for a table; return the process and its output."""
    async with served.owner.transaction():
        await served.owner.execute("LOCK TABLE directory.memberships IN ACCESS EXCLUSIVE MODE")
        process = await start(served, "projections", "verify", "directory")
        await until_waiting(served)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    return process, out.decode(), err.decode()


async def test_a_verification_that_is_interrupted_says_that_not_all_was_compared(
    own: Served, tenant: Tenant
) -> None:
    process, out, err = await interrupted(own)
    assert (process.returncode, out) == (1, "")
    assert err == "scim-ledger: Interrupted: not all rows were compared.\n"


async def test_an_output_that_is_closed_early_is_no_success(own: Served, tenant: Tenant) -> None:
    await own.owner.execute(
        "INSERT INTO directory.former_users"
        " SELECT $1, gen_random_uuid(), n::text, NULL FROM generate_series(1, 5) AS n",
        tenant.id,
    )
    reader, writer = os.pipe()
    process = await start(own, "projections", "verify", "directory", stdout=writer)
    os.close(writer)
    os.close(reader)  # As `head` does when it has read enough.
    _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode().splitlines()[-1] == (
        "scim-ledger: Output was closed early; not all rows were compared. "
        "1 row of directory differs from the log."
    )


async def test_streams_that_are_parked_are_counted_and_no_success(
    own: Served, tenant: Tenant
) -> None:
    await until_followed(own, tenant)
    await own.owner.execute(
        "INSERT INTO followers.parked_streams VALUES"
        " ('history', $1, $1, 5, 5, $1, 'TokenIssued', 'ValueError in add, line 7')",
        tenant.id,
    )
    said = await verify(own, "history", "-o", "Contoso")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[-1] == (
        "scim-ledger: 1 stream of history is parked and was compared only up to the event that "
        "failed: scim-ledger projections status lists what is parked."
    )


async def test_streams_that_are_parked_elsewhere_are_not_counted(
    own: Served, tenant: Tenant
) -> None:
    await until_followed(own, tenant)
    await own.owner.execute(
        "INSERT INTO followers.parked_streams VALUES"
        " ('history', $1, $1, 5, 5, $1, 'TokenIssued', 'ValueError in add, line 7')",
        tenant.account_id,
    )
    said = await verify(own, "history", "-o", "Contoso")
    assert (said.code, said.out) == (0, "Every row of history matches the log.\n")


GHOSTS = (
    "INSERT INTO directory.former_users"
    " SELECT $1, gen_random_uuid(), n::text, NULL FROM generate_series(1, 30) AS n"
)


async def test_on_a_terminal_lines_and_bar_stand_beside_each_other(
    own: Served, tenant: Tenant
) -> None:
    await own.owner.execute(GHOSTS, tenant.id)
    reader, writer = open_terminal()
    process = await start(own, "projections", "verify", "directory", stdout=writer, stderr=writer)
    os.close(writer)
    shown = seen(await asyncio.to_thread(read_terminal, reader))
    assert await process.wait() == 1
    assert sum(line.startswith("extra: former_users ") for line in shown) == 30
    assert sum(line.startswith("    stream ") for line in shown) == 30
    assert sum(line.startswith("verify ") and "4 of 4" in line for line in shown) == 1


async def test_lines_that_go_elsewhere_are_whole_and_the_bar_stays_on_the_terminal(
    own: Served, tenant: Tenant
) -> None:
    await own.owner.execute(GHOSTS, tenant.id)
    reader, writer = open_terminal()
    process = await start(own, "projections", "verify", "directory", stderr=writer)
    os.close(writer)
    out, _ = await process.communicate()
    shown = seen(await asyncio.to_thread(read_terminal, reader))
    lines = out.decode().splitlines()
    assert len(lines) == 60
    assert all(line.startswith(("extra: former_users ", "    stream ")) for line in lines)
    assert not any("extra" in line for line in shown)
    assert sum(line.startswith("verify ") and "4 of 4" in line for line in shown) == 1
