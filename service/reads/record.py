"""Make events of hours that are over: one for each caller and organization."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from eventstore.events import Provenance
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from schema.events.organization import Organization
from schema.events.proof import AuditRead
from schema.scim.errors import NotFound
from service.background.periodic import going_on
from service.callers.caller import Caller
from service.callers.stopped_logs import StoppedLogs
from service.reads.names import open_names
from service.reads.sought import NAMES
from service.write.commands import RecordProof
from service.write.lane import Lanes

statement = statements_in(__package__)

AT_ONCE: Final = 100  # Callers whose hours are recorded in one run.
SUBJECTS_MAX: Final = 1_000  # That an event names; of more it has the number.
TIMEOUT_S: Final = 10.0


async def record_ended(
    pool: asyncpg.Pool,
    sealer: Sealer,
    lanes: Lanes,
    stopped: StoppedLogs,
    *,
    now: datetime | None = None,
) -> int:
    """Append an event for each caller and hour that is over; return how many.

    The logs in `stopped` wait. A process that dies between the append and the end of the transaction leaves the rows, and
    the same hour is recorded again: rather twice than never. A log that refuses does not stop the others.
    Errors: asyncpg's, TimeoutError.
    """
    began = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
        ended = await connection.fetch(statement("find_ended_hours"), began, AT_ONCE)
    recorded = 0
    for each in ended:
        if each["organization_id"] not in stopped:
            with going_on("audit_reads_failed", "audit_reads_postponed"):
                recorded += await _record(pool, sealer, lanes, each)
    return recorded


async def _record(pool: asyncpg.Pool, sealer: Sealer, lanes: Lanes, ended: asyncpg.Record) -> bool:
    organization_id, actor, token = ended["organization_id"], ended["actor_id"], ended["token_id"]
    key = (organization_id, ended["hour"], actor, token, ended["source"])
    async with borrowed(pool, timeout_s=TIMEOUT_S) as connection, connection.transaction():
        rows = await connection.fetch(statement("take_hour"), *key)
        if not rows:
            return False  # Another process was faster.
        last = max(rows, key=lambda row: row["last_at"])
        provenance = Provenance(actor, token, last["request_id"], ended["source"])
        organization = Organization(organization_id, 0, datetime.now(UTC), "", {})
        sealed = [each for row in rows for each in row["sealed_names"]]
        names = open_names(sealer, organization_id, sealed)
        command = RecordProof(organization_id, summary(rows, names))
        try:
            await lanes.submit(command, Caller(organization, None, ended["source"]), provenance)
        except NotFound:
            return False  # The organization is gone, and so are the rows.
    return True


def summary(rows: Sequence[Any], names: Sequence[str] = ()) -> AuditRead:
    """Return the event of a caller's reads within an hour: rows as the table holds them."""
    paths: dict[str, int] = {}
    for row in rows:
        paths[row["path"]] = paths.get(row["path"], 0) + row["reads"]
    subjects = sorted({row["subject_id"] for row in rows if row["subject_id"] is not None})
    left_out = len(subjects) - SUBJECTS_MAX
    return AuditRead(
        first_at=min(row["first_at"] for row in rows),
        last_at=max(row["last_at"] for row in rows),
        reads=sum(paths.values()),
        paths=dict(sorted(paths.items())),
        to_position=max(row["position"] for row in rows) or None,
        subjects=tuple(subjects[:SUBJECTS_MAX]),
        subjects_left_out=left_out if left_out > 0 else None,
        names_sought=len(names) or None,
        values={NAMES: sorted(names)} if names else None,
    )
