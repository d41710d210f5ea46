"""A running service signs within a second, writes the copy outside, and reports what contradicts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import OutsideLog
from eventstore.trees.logs import load_log
from service.proof.folder_copy import FolderCopy
from service.proof.parts import MARK
from tests.serving import Scim, Served, Tenant, make_tenant, settings, started

SIGNED_S = 8.0  # A second, on a machine that does other things too.


@pytest.fixture(scope="module")
async def own(module_database_url: str) -> AsyncIterator[Served]:
    """Give a service of this module's own."""
    async with started(module_database_url) as running:
        yield running


@pytest.fixture(scope="module")
async def tenant(own: Served) -> Tenant:
    """Give an organization."""
    return await make_tenant(own.runtime, "Contoso")


def folder_of(served: Served) -> Path:
    """Return the folder of the copy outside."""
    return settings(served.runtime.dsn).data_dir / "checkpoints"


async def outside(served: Served, tenant: Tenant) -> OutsideLog | None:
    """Return what the copy outside holds about an organization."""
    folder = folder_of(served)
    copy = FolderCopy(folder, folder.with_name(MARK))
    return (await copy.load([tenant.id], with_history=True)).get(tenant.id)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(SIGNED_S):
        while not await is_so():  # noqa: ASYNC110 - files give no notice.
            await asyncio.sleep(0.05)


async def test_new_events_are_signed_and_copied(own: Served, tenant: Tenant) -> None:
    answer = await Scim(own, tenant.token).post("/Users", {"userName": "ada"})
    assert answer.status == 201
    tail = await own.owner.fetchval(
        "SELECT max(position) FROM eventstore.events WHERE organization_id = $1", tenant.id
    )

    async def is_copied() -> bool:
        held = await outside(own, tenant)
        return held is not None and bool(held.latest) and read_note(held.latest or "").size == tail

    await until(is_copied)
    state, held = await load_log(own.owner, tenant.id), await outside(own, tenant)
    assert state is not None
    assert held is not None
    assert (state.size, state.note) == (tail, held.latest)
    assert (len(held.keys), held.marks_from) == (1, 1)
    assert len(held.history) >= 1
    async with own.session.get(f"http://127.0.0.1:{own.port}/readyz") as ready:
        assert await ready.json() == {"status": "ready"}
    async with own.session.get(f"http://127.0.0.1:{own.port}/metrics") as metrics:
        text = await metrics.text()
    assert "scim_ledger_outside_copy_age_seconds 0.0" in text
