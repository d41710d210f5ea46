"""A running service signs within a second, writes the copy outside, and reports what contradicts."""

from collections.abc import AsyncIterator

import pytest

from eventstore.trees.logs import load_log
from tests.proof.running import Proven, prove
from tests.serving import started


@pytest.fixture(scope="module")
async def proven(module_database_url: str) -> AsyncIterator[Proven]:
    """Give a service of this module's own, and an organization in it."""
    async with started(module_database_url) as served:
        yield await prove(served, "Contoso", users=1)


async def test_new_events_are_signed_and_copied(proven: Proven) -> None:
    answer = await proven.scim.post("/Users", {"userName": "ada"})
    assert answer.status == 201
    tail = await proven.signed()

    state, held = await load_log(proven.served.owner, proven.tenant.id), await proven.outside()
    assert state is not None
    assert (state.size, state.note) == (tail, held.latest)
    assert (len(held.keys), held.marks_from) == (1, 1)
    assert len(held.history) >= 1


async def test_a_service_whose_logs_agree_is_ready(proven: Proven) -> None:
    base = f"http://127.0.0.1:{proven.served.port}"
    async with proven.served.session.get(f"{base}/readyz") as ready:
        assert await ready.json() == {"status": "ready"}
    async with proven.served.session.get(f"{base}/metrics") as metrics:
        assert "scim_ledger_outside_copy_age_seconds" in await metrics.text()
