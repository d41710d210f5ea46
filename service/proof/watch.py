"""Compares all logs with their checkpoints inside and outside: before the port opens, and every minute from then on.

Each process does so with the copy outside that its own settings name: who changes one copy is found by the processes with
another. It reads no event.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from eventstore.erase import count_erased, list_erased
from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import ConnectionCache, OnDemand, borrowed
from eventstore.proof.notes import read_note
from eventstore.proof.outside_lines import BrokenCopy, Closed, Erased, OutsideLog
from eventstore.proof.verdicts import Finding
from eventstore.sealing.sealer import Sealer
from eventstore.slices import in_slices
from eventstore.trees.check import check_sizes
from eventstore.trees.keys import Signer, load_all_signers
from eventstore.trees.logs import LogState, LogWithTail, find_endings, load_logs
from service.proof.outside import ByLog, OutsideCopy, find_missing, place_of, vanished
from service.proof.outside_writer import OutsideWriter, write_if_possible
from service.proof.verdicts import Verdicts
from service.write.log_heights import LogHeights

SOURCE, HEIGHT = "sizes", "height"
TIMEOUT_S: Final = 60.0

# Declares that the tail of a log of this incarnation is lost; returns the next incarnation, None if that may not be.
Declare = Callable[[UUID, int], Awaitable[LogState | None]]

log = structlog.get_logger()


class Watch:
    """Looks at all logs."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        copy: OutsideCopy,
        verdicts: Verdicts,
        heights: LogHeights,
        *,
        writer: OutsideWriter,
        sealer: Sealer,
        declare: Declare | None = None,
    ) -> None:
        self._pool = pool
        self._copy = copy
        self._verdicts = verdicts
        self._heights = heights
        self._writer = writer
        self._sealer = sealer
        self._declare = declare
        self._incarnations: dict[UUID, int] = {}
        # What agreed at the last look: signatures need not be checked again.
        self._agreed: dict[UUID, tuple[object, ...]] = {}
        self._ids: list[UUID] = []
        self._tails: dict[UUID, int] = {}
        self._ended: dict[UUID, Closed] = {}
        self._is_first = True

    async def look(self) -> None:
        """Compare, and note what was found. Errors: asyncpg's, TimeoutError."""
        heights = {each: self._heights.of(each) for each in self._ids}
        outside = await self._load_outside()
        async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
            logs = await load_logs(connection)
            signers = await load_all_signers(connection)
            missing = await find_missing(connection, self._sealer, logs, outside)
        connections = ConnectionCache(self._pool)
        # Few logs need one: those with a restore, or with somebody who was erased.
        on_demand: Any = OnDemand(connections, TIMEOUT_S)
        try:
            async for each in in_slices([*logs, *vanished(missing)]):
                held = outside.get(each.organization_id)
                by = signers.get(each.organization_id, [])
                await self._compare(on_demand, each, by, held)
                self._compare_height(each, heights.get(each.organization_id, 0))
        finally:
            await connections.close()
        for each in logs:
            await self._declare_lost(each)
        if outside:
            async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
                await self._record_erased(connection, outside)
                endings = await self._endings(connection, logs)
            await self._record_closed(logs, endings, outside)
        self._ids = [each.organization_id for each in logs]
        self._verdicts.logs = len(logs)
        self._is_first = False

    async def _record_erased(
        self, connection: Connection, outside: Mapping[UUID, OutsideLog]
    ) -> None:
        """Write who was erased to the copy outside, where it could not be written at once."""
        if isinstance(self._copy, ByLog):
            return  # It keeps notes only.
        for organization_id, count in (await count_erased(connection)).items():
            held = outside.get(organization_id)
            known = {each.subject_id for each in held.erased} if held else set()
            if held is None or count <= len(known):
                continue
            for each in await list_erased(connection, organization_id, limit=count):
                if each.id not in known:
                    erased = Erased(each.at, each.id, each.position)
                    await self._copy.save_erased(organization_id, erased)

    async def _endings(
        self, connection: Connection, logs: Sequence[LogWithTail]
    ) -> Mapping[UUID, Closed]:
        """Return the logs that ended or left. Of those that have not grown, this process knows it."""
        tails = {each.organization_id: each.tail for each in logs}
        grown = [key for key, tail in tails.items() if self._tails.get(key) != tail]
        self._ended |= await find_endings(connection, grown)
        self._tails = tails
        return self._ended

    async def _record_closed(
        self,
        logs: Sequence[LogWithTail],
        endings: Mapping[UUID, Closed],
        outside: Mapping[UUID, OutsideLog],
    ) -> None:
        """Write to the copy outside of this host which logs ended or left, after their last checkpoint."""
        if isinstance(self._copy, ByLog):
            return  # It keeps notes only, and is never asked for logs that are not here.
        for each in logs:
            state, held = each.state, outside.get(each.organization_id)
            closed = endings.get(each.organization_id)
            if not closed or not held or held.closed or not state or not state.note:
                continue
            if state.size == closed.size and not self._verdicts.of(each.organization_id):
                await write_if_possible(self._pool, self._copy, state, closed=closed)

    async def _load_outside(self) -> Mapping[UUID, OutsideLog]:
        """Return what the copy outside holds. It is read before the logs, so that it is not newer than they are."""
        if self._copy.is_gone:
            log.error("outside_copy_gone", place=self._copy.place)
            return {}
        try:
            if not isinstance(self._copy, ByLog):
                return await self._copy.load()
            if not self._ids:
                async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
                    self._ids = [each.organization_id for each in await load_logs(connection)]
            return await self._copy.load(self._ids)
        except (BrokenCopy, OSError) as error:
            log.warning("outside_copy_not_read", place=self._copy.place, error=str(error))
            return {}

    async def _compare(
        self,
        connection: Connection,
        each: LogWithTail,
        signers: list[Signer],
        outside: OutsideLog | None,
    ) -> None:
        state, organization_id = each.state, each.organization_id
        latest = outside.latest if outside else None
        seen = (state and state.note, latest, len(signers), len(outside.erased) if outside else 0)
        is_grown = state is not None and each.tail >= state.size
        if not (is_grown and self._agreed.get(organization_id) == seen):
            found = await check_sizes(connection, each, signers, outside)
            self._verdicts.put(organization_id, SOURCE, found)
            if found:
                self._agreed.pop(organization_id, None)
                return
            self._agreed[organization_id] = seen
        if state is None or state.note is None:
            return
        if latest is None or place_of(latest) < (state.incarnation, state.size):
            if latest is None and not self._is_first:
                log.info(
                    "outside_copy_begins",
                    organization_id=str(organization_id),
                    size=state.size,
                )
            self._writer.note(state)
        self._note_height(each, latest)

    def _note_height(self, each: LogWithTail, latest: str | None) -> None:
        state, organization_id = each.state, each.organization_id
        assert state is not None
        former = self._incarnations.get(organization_id, state.incarnation)
        self._incarnations[organization_id] = state.incarnation
        if state.incarnation > former:
            self._heights.reset(organization_id, state.size)
            return
        outside_size = read_note(latest).size if latest else 0
        is_current = latest is not None and read_note(latest).incarnation == state.incarnation
        height = max(state.size, outside_size if is_current else 0)
        self._heights.note(organization_id, height)

    def _compare_height(self, each: LogWithTail, height: int) -> None:
        """Note a log that is lower than this process has seen it."""
        # It was set back meanwhile if a restore was declared.
        height = min(height, self._heights.of(each.organization_id))
        state = each.state
        is_new = state is not None and state.incarnation > self._incarnations.get(
            each.organization_id, state.incarnation
        )
        is_low = each.tail < height and not is_new
        found = [Finding("restored", each.tail + 1, count=height - each.tail)] if is_low else []
        self._verdicts.put(each.organization_id, HEIGHT, found)

    async def _declare_lost(self, each: LogWithTail) -> None:
        """Declare that the tail of a log is lost, if that is all that is wrong, and a setting allows it."""
        state, organization_id = each.state, each.organization_id
        codes = {found.code for found in self._verdicts.of(organization_id)}
        if self._declare is None or state is None or codes != {"restored"}:
            return
        declared = await self._declare(organization_id, state.incarnation)
        if declared is None:
            return
        self._incarnations[organization_id] = declared.incarnation
        for source in (SOURCE, HEIGHT):
            self._verdicts.put(organization_id, source, ())
        self._writer.note(declared)
