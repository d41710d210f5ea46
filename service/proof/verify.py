"""Compare whole logs with all their witnesses: what `audit verify` does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import structlog

from eventstore.postgres.connection import Connection
from eventstore.proof.outside_lines import BrokenCopy, Closed, OutsideLog
from eventstore.proof.verdicts import AuditExit, Finding, Verdict, by_gravity, exit_of
from eventstore.trees.check import Sources, check_all
from eventstore.trees.cosignatures import find_cosigned
from eventstore.trees.logs import LogWithTail, load_logs, note_checked
from projections.followers.follower import load_checkpoints
from projections.maintenance.session import Progress, Report
from projections.registry import PROJECTIONS
from service.config import Settings
from service.proof.answers import witnesses_of_all
from service.proof.copies import outside_copy
from service.proof.outside import ByLog, OutsideCopy, find_missing, vanished
from service.runtime import Runtime

TIMEOUT_S: Final = 60.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found."""

    verdicts: Sequence[Verdict]
    place: str  # Of the copy outside.
    copied: frozenset[UUID]  # The logs that it knows.
    problem: str  # Why the copy outside could not be read; empty if it could.
    # The logs of which the copy outside says that they ended or left; they may still be here.
    closed: Mapping[UUID, Closed] = field(default_factory=dict)

    @property
    def gone(self) -> Mapping[UUID, Closed]:
        """Return the closed logs that are not in the database any more."""
        here = {each.organization_id for each in self.verdicts}
        return {key: each for key, each in self.closed.items() if key not in here}

    @property
    def exit(self) -> AuditExit:
        """Return the exit code."""
        is_copied = all(each.organization_id in self.copied for each in self.verdicts)
        has_copy = not self.problem and (is_copied or not self.verdicts)
        return exit_of(self.verdicts, has_outside_copy=has_copy)


async def verify_logs(
    runtime: Runtime,
    settings: Settings,
    report: Report,
    organization_ids: Collection[UUID] | None = None,
) -> Verification:
    """Compare every event of some logs, or of all. Errors: asyncpg's."""
    copy = outside_copy(settings)
    outside, problem = await read_outside(runtime, copy, organization_ids)
    async with (
        runtime.pool.acquire(timeout=TIMEOUT_S) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        logs = list(await load_logs(connection))
        missing = await find_missing(connection, runtime.sealer, logs, outside)
        known = {each.organization_id for each in logs}
        known |= {each.organization_id for each in missing}
        logs += vanished(missing)
        chosen = [
            each
            for each in logs
            if organization_ids is None or each.organization_id in organization_ids
        ]
        verdicts = await _verdicts(connection, runtime, chosen, outside, report)
    async with runtime.pool.acquire(timeout=TIMEOUT_S) as connection:
        for each in verdicts:
            if not each.findings:
                await note_checked(connection, each.organization_id)
    closed = {key: each.closed for key, each in outside.items() if each.closed and key in known}
    return Verification(verdicts, copy.place, frozenset(outside), problem, closed)


async def read_outside(
    runtime: Runtime, copy: OutsideCopy, organization_ids: Collection[UUID] | None
) -> tuple[Mapping[UUID, OutsideLog], str]:
    """Return what the copy outside holds, and why it could not be read, if so. Read it before the logs."""
    if copy.is_gone:
        return {}, f"The copy outside is gone: {copy.place}."
    try:
        return await load_outside(runtime, copy, organization_ids), ""
    except (BrokenCopy, OSError) as error:
        return {}, f"The copy outside cannot be read: {error}"


async def load_outside(
    runtime: Runtime, copy: OutsideCopy, organization_ids: Collection[UUID] | None
) -> Mapping[UUID, OutsideLog]:
    """Return what the copy outside holds, with its history. Read it before the logs. Errors: BrokenCopy, OSError."""
    known = organization_ids
    if known is None and isinstance(copy, ByLog):
        async with runtime.pool.acquire(timeout=TIMEOUT_S) as connection:
            known = [each.organization_id for each in await load_logs(connection)]
    return await copy.load(known, with_history=True)


async def load_sources(runtime: Runtime, settings: Settings) -> Sources:
    """Return what logs are compared with, as far as it can be read."""
    outside, problem = await read_outside(runtime, outside_copy(settings), None)
    if problem:
        log.warning("outside_copy_not_read", place=outside_copy(settings).place, error=problem)
    async with runtime.pool.acquire(timeout=TIMEOUT_S) as connection:
        cosigners = await witnesses_of_all(connection)
    return Sources(outside, runtime.sealer.mark_key, cosigners)


async def _verdicts(  # noqa: PLR0917 - these logs, with these witnesses.
    connection: Connection,
    runtime: Runtime,
    logs: Sequence[LogWithTail],
    outside: Mapping[UUID, OutsideLog],
    report: Report,
) -> list[Verdict]:
    total, done, found = sum(each.tail for each in logs), 0, list[Verdict]()
    ahead = await _followers(connection)
    sources = Sources(outside, runtime.sealer.mark_key, await witnesses_of_all(connection))
    for each in logs:
        before = done

        def report_one(position: int, _of: int, before: int = before) -> None:
            report(Progress("verify", before + position, max(total, before + position)))

        verdict = await check_all(connection, each.organization_id, sources, report_one)
        done += each.tail
        further = [
            Finding("follower_ahead", position, detail=f"The projection is {name}.")
            for name, checkpoints in ahead.items()
            if (position := checkpoints.get(each.organization_id, 0)) > verdict.tail
        ]
        if further:
            verdict = replace(verdict, findings=by_gravity([*verdict.findings, *further]))
        cosigner = sources.cosigners.get(each.organization_id)
        if each.state and (cosigned := await find_cosigned(connection, each.state, cosigner)):
            verdict = replace(
                verdict, cosigned_size=cosigned.size, cosigned_at=cosigned.cosigned_at
            )
        found.append(verdict)
    return found


async def _followers(connection: Connection) -> dict[str, Mapping[UUID, int]]:
    """Return the checkpoints of the projections that follow."""
    return {
        each.name: await load_checkpoints(connection, each.name)
        for each in PROJECTIONS.values()
        if each.follower is not None
    }


async def verify_one(
    runtime: Runtime, settings: Settings, organization_id: UUID, report: Report
) -> Verdict:
    """Compare every event of one log."""
    found = await verify_logs(runtime, settings, report, [organization_id])
    if not found.verdicts:
        return Verdict(organization_id, (Finding("unproven"),))
    return found.verdicts[0]
