"""Declares that the tail of a log is lost, if the loss is short enough and nothing else is wrong.

The event, the revocation of all tokens and the first checkpoint of the next incarnation are one transaction: a process
that dies leaves nothing half declared, and of two processes the second one finds another incarnation.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from eventstore.append import Tail, lock_log
from eventstore.events import Provenance
from eventstore.follow import notify
from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.proof.notes import encoded, read_note
from eventstore.proof.outside_lines import BrokenCopy, OutsideLog
from eventstore.read import read_tail
from eventstore.trees.extend import Contradicted, Overtaken, load_tree
from eventstore.trees.keys import load_log_keys, newest
from eventstore.trees.logs import LogState, find_replayed_at, load_log
from eventstore.trees.restart import go_on
from projections.directory.load import load_organization
from projections.maintenance.session import Progress
from schema.events.proof import LogPoint, LogRestored
from schema.scim.errors import ScimError
from service.config import Settings
from service.ids import new_id
from service.proof.copies import outside_copy
from service.proof.record import record_within
from service.proof.repair import newest_note, note_text, root_at
from service.proof.verify import load_outside, verify_one
from service.runtime import Runtime
from service.write.commands import Command, RevokeClient, RevokeToken

REASON: Final = "standby without its tail"
TIMEOUT_S: Final = 60.0

log = structlog.get_logger()


class Height(NamedTuple):
    """How high this process has seen a log, and by when."""

    size: int
    at: datetime | None


class Loss(NamedTuple):
    """What a log had beyond its end: up to which size, and by when at the latest. `at` is None if that is not known."""

    point: LogPoint
    at: datetime | None


class LostTails:
    """Declares for one process."""

    def __init__(self, runtime: Runtime, settings: Settings) -> None:
        self._runtime, self._settings = runtime, settings
        self._longest = timedelta(seconds=settings.accept_lost_tail_s)
        # The logs, by incarnation and tail, of which something else is wrong: every event was read once.
        self._contradicted: dict[UUID, tuple[int, int]] = {}

    async def declare(self, organization_id: UUID, incarnation: int) -> LogState | None:
        """Declare the loss of a log's tail; return its next incarnation, None if it may not be declared.

        `incarnation` is the one that was found too short. Errors: asyncpg's, TimeoutError.
        """
        if not self._longest:
            return None
        try:
            state = await self._declare(organization_id, incarnation)
        except (BrokenCopy, Contradicted, OSError, Overtaken, ScimError) as error:
            log.warning(
                "lost_tail_not_declared", organization_id=str(organization_id), error=str(error)
            )
            return None
        if state is not None:
            self._runtime.heights.reset(organization_id, state.size)
        return state

    async def _declare(self, organization_id: UUID, incarnation: int) -> LogState | None:
        runtime, copy = self._runtime, outside_copy(self._settings)
        if copy.is_gone:
            return None
        heights = runtime.heights
        height = Height(heights.of(organization_id), heights.noted_at(organization_id))
        held = (await load_outside(runtime, copy, [organization_id])).get(organization_id)
        async with borrowed(runtime.pool, timeout_s=TIMEOUT_S) as connection:
            tail = await read_tail(connection, organization_id)
            former = await load_log(connection, organization_id)
            loss = await self._short_loss(connection, former, held, height, tail)
        found = (incarnation, tail.position)
        if loss is None or self._contradicted.get(organization_id) == found:
            return None
        verdict = await verify_one(runtime, self._settings, organization_id, _ignored)
        if any(each.code != "restored" for each in verdict.findings):
            self._contradicted[organization_id] = found
            return None
        async with borrowed(runtime.pool, timeout_s=TIMEOUT_S) as connection:
            async with connection.transaction():
                tail = await lock_log(connection, organization_id)
                former = await load_log(connection, organization_id)
                if former is None or (former.incarnation, tail.position) != found:
                    return None  # Another process has declared it, or has written.
                state = await self._write(connection, former, tail, loss)
            await notify(connection, {organization_id})
        log.warning(
            "lost_tail_declared",
            organization_id=str(organization_id),
            kept=tail.position,
            lost=loss.size,
            incarnation=state.incarnation,
        )
        return state

    async def _short_loss(  # noqa: PLR0917 - of this log, by what is known of it.
        self,
        connection: Connection,
        state: LogState | None,
        held: OutsideLog | None,
        height: Height,
        tail: Tail,
    ) -> LogPoint | None:
        """Return what a log has lost, if that is no longer than the setting allows.

        The loss begins where the standby ended that was promoted; if the server no longer knows that, at the last event,
        which may be much earlier. An event after the promotion contradicts what was lost: that is a fork.
        """
        if state is None or state.note is None or tail.recorded_at is None:
            return None
        loss = lost_part(state, held, height, tail.position)
        begin = await find_replayed_at(connection) or tail.recorded_at
        if loss is None or loss.at is None or tail.recorded_at > begin:
            return None
        return loss.point if tail.recorded_at <= loss.at <= begin + self._longest else None

    async def _write(
        self, connection: Connection, former: LogState, tail: Tail, lost: LogPoint
    ) -> LogState:
        """Append the event, revoke all tokens and OAuth clients, and sign the next incarnation."""
        organization_id, sealer = former.organization_id, self._runtime.sealer
        tree = await load_tree(connection, organization_id)
        assert tree is not None
        root = await root_at(connection, organization_id, tail.position)
        event = LogRestored(
            kept=LogPoint(size=tail.position, root_hash=encoded(root)),
            lost=lost,
            reason=REASON,
            tokens="revoke",
        )
        revoked = await _revocations(connection, organization_id)
        system = Provenance("system", None, new_id(), "system")
        await record_within(connection, sealer, organization_id, event, system, revoked)
        return await go_on(
            connection,
            tree,
            newest(await load_log_keys(connection, sealer)),
            position=tail.position + 1,
            now=datetime.now(UTC),
            mark_key=sealer.mark_key,
        )


def lost_part(state: LogState, held: OutsideLog | None, height: Height, tail: int) -> Loss | None:
    """Return what a log had beyond its tail, by the copy outside or by what this process saw; None if nothing."""
    note = newest_note(state, held)
    if note.size <= tail:
        if height.size <= tail:
            return None
        return Loss(LogPoint(size=height.size, root_hash=""), height.at)
    point = LogPoint(size=note.size, root_hash=encoded(note.root), note=note_text(state, held))
    # Both say by when the log had so many events, the copy outside a little later.
    latest_at = held.latest_at if held and held.latest and read_note(held.latest) == note else None
    instants = [each for each in (latest_at, height.at) if each]
    if height.size > note.size:
        return Loss(point, height.at)
    if height.size == note.size and instants:
        return Loss(point, min(instants))
    return Loss(point, latest_at)


async def _revocations(connection: Connection, organization_id: UUID) -> list[Command]:
    """Return the commands that revoke all tokens and OAuth clients: their revocations may be among what was lost."""
    loaded = await load_organization(connection, organization_id, with_tokens=True)
    if loaded is None:
        return []
    tokens, clients = loaded.tokens.values(), loaded.clients.values()
    return [
        *(RevokeToken(organization_id, each.id) for each in tokens if each.revoked_at is None),
        *(RevokeClient(organization_id, each.id) for each in clients if each.revoked_at is None),
    ]


def _ignored(_progress: Progress) -> None:
    """Report nothing."""
