"""Asks the witnesses of all logs once a minute, and keeps what they cosign.

Of several processes one asks for each log. A witness that refuses to extend what it knows is a contradiction: `forked`,
or `restored` if it knows more than the log holds.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import aiohttp
import structlog
from prometheus_client import Gauge

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.proof.notes import Vkey, cosigned_note, read_vkey
from eventstore.proof.verdicts import Finding
from eventstore.trees.cosignatures import Cosigned, find_cosigned, keep_cosigned
from eventstore.trees.extend import Contradicted
from eventstore.trees.logs import LogState, find_tail, load_log
from eventstore.trees.prove import prove_consistency
from projections.directory.organizations import WitnessSetting, load_witnesses
from service.background.periodic import periodically
from service.proof.verdicts import Verdicts
from service.runtime import Runtime
from service.witnessing.protocol import (
    Lines,
    NotCosigned,
    OtherSize,
    Refused,
    submission,
    submit,
)

statement = statements_in(__package__)

LOOK_EVERY_S: Final = 15.0
AT_MOST_EVERY: Final = timedelta(minutes=1)  # Between two cosignatures of a log.
TRIES_MAX: Final = 3  # Of one look: the size that a witness knows may change between two of them.
TIMEOUT_S: Final = 60.0
SOURCE: Final = "witness"

log = structlog.get_logger()

AGE: Final = Gauge(
    "scim_ledger_proof_witnessed_age_seconds",
    "How long ago the witness that is furthest behind cosigned, while a newer checkpoint waits. 0: none waits.",
    multiprocess_mode="livemax",
)


@asynccontextmanager
async def asking_witnesses(runtime: Runtime, verdicts: Verdicts) -> AsyncIterator[None]:
    """Ask witnesses for the duration of the block."""
    async with periodically(
        WitnessLook(runtime, verdicts).look,
        every_s=LOOK_EVERY_S,
        name="witnesses",
        failed="witness_look_failed",
        postponed="witness_look_postponed",
    ):
        yield


@dataclass(slots=True)
class Witnessed:
    """What this process knows of a log that has a witness."""

    seen_at: datetime  # When this process first saw the witness.
    asked_at: datetime | None = None  # When it asked last, whatever the answer was.
    age_s: float = 0.0  # Of what waits for the witness; 0 if another process measures it.
    is_refused: bool = False  # The witness contradicts the log.


class WitnessLook:
    """Asks for one process."""

    def __init__(
        self, runtime: Runtime, verdicts: Verdicts, *, at_most_every: timedelta = AT_MOST_EVERY
    ) -> None:
        self._runtime, self._verdicts = runtime, verdicts
        self._at_most_every = at_most_every
        self._logs: dict[UUID, Witnessed] = {}

    async def look(self) -> None:
        """Ask the witnesses whose logs have grown. Errors: asyncpg's, TimeoutError."""
        async with borrowed(self._runtime.pool, timeout_s=TIMEOUT_S) as connection:
            witnesses = await load_witnesses(connection)
        self._forget(set(witnesses))
        if not witnesses:
            AGE.set(float("nan"))
            return
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            for organization_id, witness in witnesses.items():
                if self._may_ask(organization_id):
                    await self._look_at(session, organization_id, witness)
        AGE.set(max((each.age_s for each in self._logs.values()), default=0.0))

    def _forget(self, known: set[UUID]) -> None:
        """Forget the logs that have no witness any more: what it said no longer counts."""
        for each in self._logs.keys() - known:
            self._agrees(each)
            del self._logs[each]

    def _may_ask(self, organization_id: UUID) -> bool:
        """Return whether a log may be shown to its witness: not while anything else contradicts it."""
        witnessed = self._logs.get(organization_id)
        if witnessed is None:
            return not self._verdicts.is_contradicted(organization_id)
        asked_at = witnessed.asked_at
        is_early = asked_at is not None and datetime.now(UTC) - asked_at < self._at_most_every
        is_sound = witnessed.is_refused or not self._verdicts.is_contradicted(organization_id)
        return is_sound and not is_early

    async def _look_at(
        self, session: aiohttp.ClientSession, organization_id: UUID, setting: WitnessSetting
    ) -> None:
        witness = read_vkey(setting.vkey)
        witnessed = self._logs.setdefault(organization_id, Witnessed(datetime.now(UTC)))
        async with (
            self._runtime.pool.acquire(timeout=TIMEOUT_S) as connection,
            connection.transaction(),
        ):
            if not await connection.fetchval(statement("try_lock_witness"), organization_id):
                witnessed.age_s = 0.0
                return
            state = await load_log(connection, organization_id)
            if state is None or state.note is None:
                return
            held = await find_cosigned(connection, state, witness)
            if not self._is_due(state, held):
                self._measure(state, held)
                return
            witnessed.asked_at = datetime.now(UTC)
            try:
                held = await self._ask(session, connection, state, setting.url, witness, held)
            except NotCosigned as error:
                log.warning(
                    "witness_failed",
                    organization_id=str(organization_id),
                    witness=witness.name,
                    error=str(error),
                )
            except Contradicted as error:
                self._verdicts.put(organization_id, SOURCE, [error.finding])
                witnessed.is_refused = True
            self._measure(state, held)

    def _is_due(self, state: LogState, held: Cosigned | None) -> bool:
        if held is None:
            return True
        is_early = datetime.now(UTC) - held.stored_at < self._at_most_every
        return held.size < state.size and not is_early

    async def _ask(  # noqa: PLR0917 - this log, its witness, and what is known of both.
        self,
        session: aiohttp.ClientSession,
        connection: Connection,
        state: LogState,
        url: str,
        witness: Vkey,
        held: Cosigned | None,
    ) -> Cosigned:
        """Ask until the witness cosigns; return the newest cosigned checkpoint. Errors: NotCosigned, Contradicted."""
        assert state.note is not None
        old = held.size if held else 0
        for _ in range(TRIES_MAX):
            hashes = await _growth(connection, state, old)
            answer = await submit(session, url, submission(old, hashes, state.note))
            if isinstance(answer, Lines):
                try:
                    note, at = cosigned_note(state.note, answer.text, witness)
                except ValueError as error:
                    raise NotCosigned(f"It answers without a cosignature. {error}") from error
                await keep_cosigned(connection, state, witness, note=note, cosigned_at=at)
                self._agrees(state.organization_id)
                return Cosigned(note, state.size, at, datetime.now(UTC))
            old = await _size_to_begin_at(connection, state, old, answer)
        raise NotCosigned("The size that it names changes with each answer.")

    def _measure(self, state: LogState, held: Cosigned | None) -> None:
        """Note how far the witness of a log is behind."""
        witnessed = self._logs[state.organization_id]
        size = held.size if held else 0
        since = held.stored_at if held else witnessed.seen_at
        is_behind = size < state.size
        witnessed.age_s = (datetime.now(UTC) - since).total_seconds() if is_behind else 0.0

    def _agrees(self, organization_id: UUID) -> None:
        """Note that a witness no longer contradicts its log."""
        witnessed = self._logs[organization_id]
        if witnessed.is_refused:
            witnessed.is_refused = False
            self._verdicts.put(organization_id, SOURCE, ())


async def _growth(connection: Connection, state: LogState, old: int) -> list[str]:
    """Return the proof that the log extends what the witness knows, in base64. Errors: Contradicted."""
    if old in {0, state.size}:
        return []
    proof = await prove_consistency(connection, state, old)
    hashes: list[str] = proof["hashes"]
    return hashes


async def _size_to_begin_at(
    connection: Connection, state: LogState, old: int, answer: OtherSize | Refused
) -> int:
    """Return the size that the witness knows, to ask once more. Errors: Contradicted, NotCosigned."""
    if isinstance(answer, Refused) or answer.size == old == state.size:
        detail = "The witness knows another history."
        raise Contradicted(Finding("forked", old, detail=detail))
    if answer.size > state.size:
        tail = await find_tail(connection, state.organization_id)
        if answer.size > tail:
            count = answer.size - tail
            detail = "The witness has cosigned what is missing."
            raise Contradicted(Finding("restored", tail + 1, count=count, detail=detail))
        raise NotCosigned("Another process has asked it about a larger checkpoint.")
    return answer.size
