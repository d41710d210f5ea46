"""Extends the trees of all logs and signs checkpoints, within a second of new events and off the append path.

Of several processes one leads for each group of logs. If two led for a moment, the tree of a log would still grow in one
way only: its row advances only from the size that was read.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Gauge

from eventstore.events import Provenance
from eventstore.follow import CHANNEL
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import classify
from eventstore.proof.examination import BEGUN, Row
from eventstore.proof.notes import encoded
from eventstore.proof.outside_lines import OutsideLog
from eventstore.trees.check import check_tail
from eventstore.trees.extend import Contradicted, Overtaken, Tree, extend, load_tree
from eventstore.trees.keys import LogKey, load_log_keys
from eventstore.trees.logs import load_logs, read_rows, set_marks_from
from projections.followers.lease import Lease
from schema.events.proof import ProofBegun
from service.database.leasing import connected, leasing
from service.ids import new_id
from service.proof.outside import OutsideCopy
from service.proof.outside_writer import OutsideWriter
from service.proof.record import record
from service.proof.verdicts import Verdicts
from service.runtime import Runtime

NAME: Final = "proof"
ROWS_MAX: Final = 1_000  # In one transaction: requests wait for a few milliseconds at most.
EVERY_S: Final = 1.0  # Between two checkpoints of a log.
RENEW_S: Final = 1.0
SWEEP_S: Final = 5.0  # A lost notification delays its events by this much.
TAIL_EVERY_S: Final = 60.0  # Between two looks at the tail of a log that grows.
RETRY_S: Final = 1.0
REST_S_MAX: Final = 0.5
COMMAND_TIMEOUT_S: Final = 30.0
PROGRESS_EVERY_S: Final = 5.0

log = structlog.get_logger()

UNSIGNED_EVENTS: Final = Gauge(
    "scim_ledger_proof_unsigned_events",
    "Events that no checkpoint covers yet, over all organizations.",
    multiprocess_mode="livemostrecent",
)
UNSIGNED_SECONDS: Final = Gauge(
    "scim_ledger_proof_unsigned_seconds",
    "For how long the log that waits longest has had events that no checkpoint covers.",
    multiprocess_mode="livemostrecent",
)


@dataclass(slots=True)
class Due:
    """A log that has events to sign."""

    since_s: float
    after_s: float = 0.0  # Not before: one checkpoint a second.


@dataclass(slots=True)
class Held:
    """A tree that this process extends."""

    tree: Tree
    signed_at_s: float = float("-inf")
    tail_checked_at_s: float = float("-inf")
    progress_at_s: float = 0.0


@dataclass(slots=True)
class CheckpointSigner:
    """Signs for one process, until it is stopped."""

    runtime: Runtime
    copy: OutsideCopy
    verdicts: Verdicts
    writer: OutsideWriter
    every_s: float = EVERY_S
    due: dict[UUID, Due] = field(default_factory=dict)
    held: dict[UUID, Held] = field(default_factory=dict)
    keys: dict[int, LogKey] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    renew_at_s: float = 0.0
    sweep_at_s: float = 0.0

    async def run(self) -> None:
        """Sign until `stop`; survive lost connections, and wait while another process leads."""
        while not self.stopping.is_set():
            try:
                async with self._connected() as (connection, lease):
                    await self._work(connection, lease)
            except Exception as error:
                if classify(error).passes:
                    log.warning("proof_interrupted", error=repr(error))
                else:
                    log.exception("proof_failed")
            self.held.clear()
            UNSIGNED_EVENTS.set(float("nan"))
            UNSIGNED_SECONDS.set(float("nan"))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), RETRY_S)

    def stop(self) -> None:
        """Make `run` return after its current step."""
        self.stopping.set()
        self.woken.set()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[Connection, Lease]]:
        """Give two new connections: one listens and writes, the other holds the lease."""
        login = self.runtime.login
        async with (
            leasing(login, NAME) as lease,
            connected(login, NAME, command_timeout_s=COMMAND_TIMEOUT_S) as writing,
        ):
            self.keys = await load_log_keys(writing, self.runtime.sealer)
            self.renew_at_s = self.sweep_at_s = 0.0
            await writing.add_listener(CHANNEL, self._on_notify)
            yield writing, lease

    def _on_notify(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        self._note(UUID(str(message)))
        self.woken.set()

    def _note(self, organization_id: UUID) -> None:
        if organization_id not in self.due:
            held = self.held.get(organization_id)
            after_s = held.signed_at_s + self.every_s if held else 0.0
            self.due[organization_id] = Due(_now(), after_s)

    async def _work(self, connection: Connection, lease: Lease) -> None:
        while not self.stopping.is_set():
            await self._renew_and_sweep(connection, lease)
            began_s, is_behind = _now(), False
            for organization_id in [key for key, due in self.due.items() if due.after_s <= began_s]:
                if self.stopping.is_set():
                    return
                await self._renew_and_sweep(connection, lease)
                waited = self.due.pop(organization_id)
                if lease.covers(NAME, organization_id):
                    is_behind |= await self._step_or_note(connection, organization_id, waited)
            if is_behind:
                # Requests get at least half of the time.
                await _wait(self.stopping, min(_now() - began_s, REST_S_MAX))
                continue
            next_s = min(
                [self.renew_at_s, self.sweep_at_s, *(each.after_s for each in self.due.values())]
            )
            self.woken.clear()
            await _wait(self.woken, next_s - _now())

    async def _renew_and_sweep(self, connection: Connection, lease: Lease) -> None:
        if _now() >= self.renew_at_s:
            self.renew_at_s = _now() + RENEW_S
            if await lease.renew():
                self.sweep_at_s = 0.0
        if _now() >= self.sweep_at_s:
            self.sweep_at_s = _now() + SWEEP_S
            await self._sweep(connection, lease)

    async def _sweep(self, connection: Connection, lease: Lease) -> None:
        """Compare the sizes of all trees with their logs."""
        unsigned = 0
        for each in await load_logs(connection):
            state = each.state
            if state is None:
                continue
            behind = each.tail - state.size
            unsigned += max(0, behind)
            is_unsigned = state.note is None and each.tail > 0
            if (behind > 0 or is_unsigned) and lease.covers(NAME, each.organization_id):
                self._note(each.organization_id)
        UNSIGNED_EVENTS.set(unsigned)
        now_s = _now()
        waits = [now_s - each.since_s for each in self.due.values() if each.after_s <= now_s]
        UNSIGNED_SECONDS.set(max(waits, default=0.0) if unsigned else 0.0)

    async def _step_or_note(
        self, connection: Connection, organization_id: UUID, waited: Due
    ) -> bool:
        """Sign one step of a log; return whether more events wait. A contradiction stops the signing of this log."""
        if self.verdicts.is_contradicted(organization_id):
            return False
        try:
            return await self._step(connection, organization_id)
        except Overtaken:
            self.held.pop(organization_id, None)
            self.due[organization_id] = Due(waited.since_s)
        except Contradicted as error:
            self.held.pop(organization_id, None)
            self.verdicts.put(organization_id, "signer", [error.finding])
        return False

    async def _step(self, connection: Connection, organization_id: UUID) -> bool:
        held = await self._take(connection, organization_id)
        if held is None:
            return False
        tree = held.tree
        rows = await read_rows(connection, organization_id, after=tree.edge.size, limit=ROWS_MAX)
        if tree.state.is_found:
            return await self._hash_found(connection, held, rows)
        if not rows and (tree.state.note is not None or tree.edge.size == 0):
            return False
        await self._sign(connection, held, rows)
        if len(rows) == ROWS_MAX:
            self.due[organization_id] = Due(_now())
            return True
        return False

    async def _take(self, connection: Connection, organization_id: UUID) -> Held | None:
        """Return the tree of a log, whose tail is compared when it is taken over and every minute."""
        held = self.held.get(organization_id)
        if held is not None and _now() - held.tail_checked_at_s < TAIL_EVERY_S:
            return held
        outside = await self._outside(organization_id)
        found = await check_tail(connection, organization_id, outside)
        self.verdicts.put(organization_id, "tail", found)
        if found:
            self.held.pop(organization_id, None)
            return None
        if held is None:
            tree = await load_tree(connection, organization_id)
            if tree is None:
                return None
            held = self.held[organization_id] = Held(tree)
        held.tail_checked_at_s = _now()
        return held

    async def _outside(self, organization_id: UUID) -> OutsideLog | None:
        try:
            return (await self.copy.load([organization_id])).get(organization_id)
        except Exception:  # noqa: BLE001 - the watch reports a copy that cannot be read.
            return None

    async def _sign(self, connection: Connection, held: Held, rows: Sequence[Row]) -> None:
        if any(row.event.type == "LogKeyChanged" for row in rows):
            self.keys = await load_log_keys(connection, self.runtime.sealer)
        tree = held.tree = await extend(
            connection,
            held.tree,
            rows,
            self.keys,
            datetime.now(UTC),
            mark_key=self.runtime.sealer.mark_key,
        )
        held.signed_at_s = _now()
        self.runtime.heights.note(tree.organization_id, tree.state.size)
        self.writer.note(tree.state)

    async def _hash_found(self, connection: Connection, held: Held, rows: Sequence[Row]) -> bool:
        """Hash a log that was there before its tree, without a signature; then record that, and sign from there on."""
        tree = held.tree
        begun = next((at for at, row in enumerate(rows) if row.event.type == BEGUN), None)
        if begun is not None:
            hashed = rows[:begun]
            tree = await self._extend_unsigned(connection, tree, hashed)
            await set_marks_from(connection, tree.organization_id, tree.edge.size + 1)
            self.held.pop(tree.organization_id)
            self.due[tree.organization_id] = Due(_now())
            return True
        if rows:
            held.tree = await self._extend_unsigned(connection, tree, rows)
            self.due[tree.organization_id] = Due(_now())
            self._report_progress(held)
            return True
        root = encoded(tree.edge.root())
        event = ProofBegun(size=tree.edge.size, root_hash=root)
        system = Provenance("system", None, new_id(), "system")
        await record(self.runtime, tree.organization_id, event, system)
        self.due[tree.organization_id] = Due(_now())
        return True

    async def _extend_unsigned(
        self, connection: Connection, tree: Tree, rows: Sequence[Row]
    ) -> Tree:
        if not rows:
            return tree
        return await extend(connection, tree, rows, self.keys, datetime.now(UTC), is_signed=False)

    def _report_progress(self, held: Held) -> None:
        if _now() - held.progress_at_s >= PROGRESS_EVERY_S:
            held.progress_at_s = _now()
            log.info(
                "proof_hashes_log",
                organization_id=str(held.tree.organization_id),
                events=held.tree.edge.size,
            )


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, timeout_s)):
            await event.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
