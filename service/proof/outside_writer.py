"""Writes the copy outside, after the transaction that signed: of each log the newest checkpoint and those that are kept.

If a place is slow, several checkpoints of a log become one write. A crash in between leaves the copy older than the
database, which contradicts nothing.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Gauge

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import borrowed
from eventstore.proof.notes import MalformedNote, TrustedKey, note_verdict, read_note
from eventstore.proof.outside_lines import BrokenCopy, Closed, OutsideLog
from eventstore.proof.verdicts import Finding
from eventstore.trees.extend import Contradicted, extend_to_end, keep_newest
from eventstore.trees.keys import Signer, load_log_keys, load_signers
from eventstore.trees.logs import LogState, find_endings, find_kept, load_kept
from eventstore.trees.witnesses import trusted_keys
from service.proof.outside import ForkedCopy, OutsideCopy, Update, Webhook
from service.proof.verdicts import Verdicts
from service.runtime import Runtime

LATE_S: Final = 60.0
RETRY_S: Final = 1.0
COMPLAINT_EVERY_S: Final = 60.0
TIMEOUT_S: Final = 10.0
FLUSH_S: Final = 5.0  # At the end of the service.

log = structlog.get_logger()

AGE: Final = Gauge(
    "scim_ledger_outside_copy_age_seconds",
    "Age of the oldest checkpoint that the copy outside does not hold yet. 0: it holds all.",
    multiprocess_mode="livemostrecent",
)


class OutsideWriter:
    """Writes for one process."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        copy: OutsideCopy,
        verdicts: Verdicts,
        webhook: Webhook | None = None,
    ) -> None:
        self._pool = pool
        self._copy = copy
        self._verdicts = verdicts
        self._webhook = webhook
        self._waiting: dict[UUID, LogState] = {}
        self._kept: dict[UUID, tuple[int, int]] = {}  # The last kept checkpoint that was written.
        self._woken = asyncio.Event()
        self._complained_at_s = float("-inf")
        self._is_stopping = False

    def note(self, state: LogState) -> None:
        """Note that a log has a newer checkpoint. It is written as soon as the others before it are."""
        self._waiting.setdefault(state.organization_id, state)
        former = self._waiting[state.organization_id]
        if (state.incarnation, state.size) >= (former.incarnation, former.size):
            self._waiting[state.organization_id] = state
        self._woken.set()

    @property
    def age_s(self) -> float:
        """Return the age of the oldest checkpoint that is not written yet, 0 if there is none."""
        return max(map(age_s, self._waiting.values()), default=0.0)

    @property
    def is_late(self) -> bool:
        """Return whether the copy outside cannot be written for a minute."""
        return self.age_s > LATE_S

    async def run(self) -> None:
        """Write until `stop`."""
        while not self._is_stopping or self._waiting:
            self._woken.clear()
            AGE.set(self.age_s)
            for state in list(self._waiting.values()):
                if not await self._try(state):
                    if self._is_stopping:
                        return
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), RETRY_S)
                    break
            if not self._waiting and not self._is_stopping:
                AGE.set(0.0)
                await self._woken.wait()

    def stop(self) -> None:
        """Make `run` return once it has written what waits."""
        self._is_stopping = True
        self._woken.set()

    async def _try(self, state: LogState) -> bool:
        """Write a checkpoint; return whether the next one may be written."""
        try:
            await self._write(state)
        except ForkedCopy as error:
            self._verdicts.put(state.organization_id, "outside", [Finding("forked", error.size)])
        except Exception as error:  # noqa: BLE001 - the service goes on without the copy.
            self._complain(error)
            return False
        if self._waiting.get(state.organization_id) == state:
            del self._waiting[state.organization_id]
        return True

    def _complain(self, error: Exception) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._complained_at_s < COMPLAINT_EVERY_S:
            return
        self._complained_at_s = now_s
        if classify(error) is Outage.NONE and not isinstance(error, ValueError):
            log.error("outside_copy_failed", place=self._copy.place, exc_info=error)
        else:
            _report_not_written(self._copy, error, self.age_s)

    async def _write(self, state: LogState) -> None:
        organization_id = state.organization_id
        kept_before = self._kept.get(organization_id, (0, -1))
        update = await write_state(self._pool, self._copy, state, kept_after=kept_before)
        if update.kept:
            self._kept[organization_id] = (state.incarnation, state.kept_size)
            if self._webhook is not None:
                await self._webhook.send(update)


async def write_state(
    pool: asyncpg.Pool,
    copy: OutsideCopy,
    state: LogState,
    *,
    kept_after: tuple[int, int] = (0, -1),
    closed: Closed | None = None,
) -> Update:
    """Write the newest checkpoint of a log to the copy outside, and those kept after one; return what was written.

    `closed` says that it is the last one. Errors: ForkedCopy, OSError, asyncpg's.
    """
    organization_id = state.organization_id
    assert state.note is not None
    assert state.signed_at is not None
    held = (await copy.load([organization_id])).get(organization_id)
    has_new = (state.incarnation, state.kept_size) > kept_after
    async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
        signers = await load_signers(connection, organization_id)
        keys = await further_keys(connection, state, signers, held)
        kept = await load_kept(connection, organization_id, after=kept_after) if has_new else []
    update = Update(
        organization_id,
        state.note,
        state.signed_at,
        [each for each in kept if read_note(each[0]).size <= state.size],
        keys,
        state.marks_from,
        closed,
    )
    await copy.save(update)
    return update


async def close_if_ended(runtime: Runtime, copy: OutsideCopy, organization_id: UUID) -> None:
    """Write to the copy outside that a log has ended, or left, after its last checkpoint. Errors: asyncpg's.

    It changes nothing if the log goes on, or if it cannot be signed: a running service writes it later.
    """
    async with borrowed(runtime.pool, timeout_s=TIMEOUT_S) as connection:
        closed = (await find_endings(connection, [organization_id])).get(organization_id)
        if closed is None:
            return
        keys = await load_log_keys(connection, runtime.sealer)
        now, mark_key = datetime.now(UTC), runtime.sealer.mark_key
        try:
            state = await extend_to_end(connection, organization_id, keys, now, mark_key=mark_key)
        except Contradicted as error:
            log.warning("log_not_closed", organization_id=str(organization_id), error=str(error))
            return
        if state is None or state.note is None or state.size != closed.size:
            return
        await keep_newest(connection, state)
    await write_if_possible(runtime.pool, copy, state, closed=closed)


async def write_if_possible(
    pool: asyncpg.Pool, copy: OutsideCopy, state: LogState, *, closed: Closed | None = None
) -> None:
    """Write the copy outside. What cannot be written now is logged, and the services try again. Errors: asyncpg's."""
    try:
        await write_state(pool, copy, state, closed=closed)
    except (OSError, ForkedCopy, BrokenCopy, MalformedNote) as error:
        _report_not_written(copy, error, age_s(state))


def age_s(state: LogState) -> float:
    """Return the age of the newest checkpoint of a log, 0 if there is none."""
    return max(
        0.0, (datetime.now(UTC) - state.signed_at).total_seconds() if state.signed_at else 0.0
    )


def _report_not_written(copy: OutsideCopy, error: Exception, age: float) -> None:
    log.error("outside_copy_not_written", place=copy.place, error=str(error), age_s=round(age))


async def further_keys(
    connection: Connection, state: LogState, signers: list[Signer], held: OutsideLog | None
) -> list[TrustedKey]:
    """Return the keys that the copy outside shall hold: a new key only if a trusted one signed together with it."""
    if held is None or not held.keys:
        return [each.trusted(state.organization_id) for each in signers]
    keys = trusted_keys(state.organization_id, state.incarnation, signers, held)
    for signer in signers:
        new = signer.trusted(state.organization_id)
        if any(each.vkey == new.vkey for each in keys):
            # What the database says can only narrow what a key may sign.
            keys = [
                each._replace(to_size=new.to_size)
                if each.vkey == new.vkey and each.to_size is None
                else each
                for each in keys
            ]
            continue
        note = await find_kept(connection, state.organization_id, signer.from_size)
        is_by_both = note is not None and all(
            note_verdict(note, [state.origin], each) == "valid"
            for each in ([*keys], [TrustedKey(new.vkey)])
        )
        if is_by_both:
            keys.append(new)
    return keys
