"""A running service signs within a second, writes the copy outside, and reports what contradicts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from eventstore.trees.logs import load_log
from service.callers.stopped_logs import StoppedLogs
from service.checking.daily import DailyCheck
from service.proof.verdicts import Verdicts
from tests.proof.running import Proven, prove
from tests.serving import settings, started


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


async def test_each_log_is_checked_once_a_day(proven: Proven) -> None:
    runtime, owner = proven.served.runtime, proven.served.owner
    verdicts, checks = Verdicts(StoppedLogs()), settings(runtime.dsn)
    daily = DailyCheck(runtime, checks, verdicts, share=1.0)
    await proven.signed()

    assert await daily.look() == 0  # It was made today.
    tomorrow = datetime.now(UTC) + timedelta(days=1, hours=1)
    assert await daily.look(tomorrow) == 1
    at = await owner.fetchval("SELECT checked_at FROM proof.logs")
    assert datetime.now(UTC) - at < timedelta(minutes=1)
    assert await daily.look(tomorrow) == 0
    assert verdicts.of(proven.tenant.id) == ()


async def test_the_daily_check_finds_an_edit_in_the_middle_and_does_not_repeat_itself(
    proven: Proven,
) -> None:
    runtime, owner = proven.served.runtime, proven.served.owner
    verdicts = Verdicts(StoppedLogs())
    daily = DailyCheck(runtime, settings(runtime.dsn), verdicts, share=1.0)
    later = datetime.now(UTC) + timedelta(days=3)
    edit = "UPDATE eventstore.events SET actor_id = $1 WHERE position = 2"
    actor = await owner.fetchval("SELECT actor_id FROM eventstore.events WHERE position = 2")
    await owner.execute("ALTER TABLE eventstore.events DISABLE TRIGGER ALL")
    await owner.execute(edit, "cli:0(eve)")
    try:
        assert await daily.look(later) == 1
        assert verdicts.of(proven.tenant.id)[0].code == "altered"
        assert await daily.look(later) == 0
    finally:
        await owner.execute(edit, actor)
    assert await daily.look(later + timedelta(days=1)) == 1
    assert verdicts.of(proven.tenant.id) == ()


async def test_two_processes_do_not_check_one_log_together(proven: Proven) -> None:
    runtime, later = proven.served.runtime, datetime.now(UTC) + timedelta(days=5)
    daily = DailyCheck(runtime, settings(runtime.dsn), Verdicts(StoppedLogs()), share=1.0)
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('daily check ' || $1::text, 0))"
    async with proven.served.owner.transaction():
        await proven.served.owner.execute(lock, str(proven.tenant.id))
        assert await daily.look(later) == 0
    assert await daily.look(later) == 1
