"""Checks every log once a day, one after the other, at most a twentieth of the time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.proof.verdicts import Finding, Verdict
from eventstore.trees.check import Sources, check_all
from eventstore.trees.logs import load_due, note_checked
from service.background.periodic import periodically
from service.config import Settings
from service.proof.copies import outside_copy
from service.proof.verdicts import Verdicts
from service.proof.verify import read_outside
from service.runtime import Runtime

statement = statements_in(__package__)

DUE_AFTER: Final = timedelta(days=1)
LOOK_EVERY_S: Final = 60.0
AT_ONCE: Final = 1_000  # Logs of one look.
SHARE: Final = 0.05  # Of the time that the check may take.
SOURCE: Final = "daily check"
TIMEOUT_S: Final = 60.0

CHECKED = Counter(
    "scim_ledger_proof_checked_events_total",
    "Events that the daily check compared with their proof.",
)
OLDEST = Gauge(
    "scim_ledger_proof_oldest_check_seconds",
    "How long ago the log was checked that waits longest for its daily check. 0: none waits.",
)

log = structlog.get_logger()


@asynccontextmanager
async def checking_logs(
    runtime: Runtime, settings: Settings, verdicts: Verdicts
) -> AsyncIterator[None]:
    """Check logs that are due for the duration of the block."""
    check = DailyCheck(runtime, settings, verdicts)
    async with periodically(
        check.look,
        every_s=LOOK_EVERY_S,
        name="daily check",
        failed="daily_check_failed",
        postponed="daily_check_postponed",
    ):
        yield


class DailyCheck:
    """Checks the logs of one process. Of several processes, each log is checked by one."""

    def __init__(
        self, runtime: Runtime, settings: Settings, verdicts: Verdicts, *, share: float = SHARE
    ) -> None:
        self._runtime, self._settings, self._verdicts = runtime, settings, verdicts
        self._share = share
        # When this process checked each log. One that is contradicted stays due, and is not checked again at once.
        self._tried: dict[UUID, datetime] = {}

    async def look(self, now: datetime | None = None) -> int:
        """Check the logs that are due; return how many there were. Errors: asyncpg's, TimeoutError."""
        now = now or datetime.now(UTC)
        due = await self._due(now)
        OLDEST.set((now - due[0][1]).total_seconds() if due else 0.0)
        checked = 0
        for organization_id, _ in due:
            checked += await self._check(organization_id, now)
        return checked

    async def _due(self, now: datetime) -> Sequence[tuple[UUID, datetime]]:
        async with borrowed(self._runtime.pool, timeout_s=TIMEOUT_S) as connection:
            due = await load_due(connection, now - DUE_AFTER, AT_ONCE)
        self._tried = {key: at for key, at in self._tried.items() if now - at < DUE_AFTER}
        return [
            (organization_id, at)
            for organization_id, at in due
            if organization_id not in self._tried
        ]

    async def _check(self, organization_id: UUID, now: datetime) -> bool:
        """Check a log, unless another process does; return whether it was checked."""
        began_s = asyncio.get_running_loop().time()
        copy = outside_copy(self._settings)
        outside, _ = await read_outside(self._runtime, copy, [organization_id])
        sources = Sources(outside, self._runtime.sealer.mark_key)
        async with (
            self._runtime.pool.acquire(timeout=TIMEOUT_S) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            if not await connection.fetchval(statement("try_lock_check"), organization_id):
                return False
            rest = partial(_rest, _Pace(self._share))
            verdict = await check_all(connection, organization_id, sources, _ignored, rest=rest)
        self._tried[organization_id] = now
        self._verdicts.put(organization_id, SOURCE, verdict.findings)
        CHECKED.inc(verdict.tail)
        if not verdict.findings:
            async with borrowed(self._runtime.pool, timeout_s=TIMEOUT_S) as connection:
                await note_checked(connection, organization_id)
        log.info("log_checked", **facts(verdict), seconds=round(_now_s() - began_s, 1))
        return True


def facts(verdict: Verdict) -> dict[str, object]:
    """Return what a log line says about a check."""
    findings: Sequence[Finding] = verdict.findings
    return {
        "organization_id": str(verdict.organization_id),
        "events": verdict.tail,
        "verdict": findings[0].code if findings else "ok",
    }


class _Pace:
    """Since when there was no rest, and the share of the time that work may take."""

    def __init__(self, share: float) -> None:
        self.share, self.since_s = share, _now_s()


async def _rest(pace: _Pace) -> None:
    """Rest after some work for so long that the work takes its share of the time."""
    worked_s = _now_s() - pace.since_s
    await asyncio.sleep(worked_s * (1 / pace.share - 1))
    pace.since_s = _now_s()


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _ignored(_position: int, _of: int) -> None:
    """Report nothing: nobody watches."""
