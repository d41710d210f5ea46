"""What an operator does about a contradiction: declare a restore, make a tree anew, begin a proof."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

import asyncpg

from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.proof.examination import RESTORED
from eventstore.proof.leaf import leaf_hash
from eventstore.proof.notes import Note, encoded, read_note
from eventstore.proof.outside_lines import OutsideLog
from eventstore.proof.tiles import Edge
from eventstore.proof.verdicts import Verdict
from eventstore.trees.extend import Overtaken, extend, extend_to_end, load_tree
from eventstore.trees.keys import LogKey, load_log_keys, newest
from eventstore.trees.logs import (
    LogState,
    begin_log,
    find_instant,
    load_log,
    read_rows,
    set_marks_from,
)
from eventstore.trees.restart import begin_incarnation, rebuild_tree
from projections.directory.load import load_organization
from projections.maintenance.session import Progress, Report
from schema.events.organization import Organization
from schema.events.proof import LogPoint, LogRestored, ProofBegun
from schema.scim.errors import InvalidValue
from service.config import Settings
from service.database.pool import CONNECT_TIMEOUT_S
from service.organizations.clients import revoke_client
from service.organizations.tokens import revoke_token
from service.proof.copies import outside_copy
from service.proof.outside_writer import write_if_possible
from service.proof.record import record
from service.proof.verify import load_outside, verify_one
from service.runtime import Runtime

ACCEPTED: Final = frozenset({"restored", "truncated", "forked"})
TREE_ONLY: Final = frozenset({"tree_damaged", "checkpoint_missing"})
REASON_CHARACTERS_MAX: Final = 500

Tokens = Literal["keep", "revoke"]


@dataclass(frozen=True, slots=True)
class Lost:
    """What a declared restore gave up."""

    kept: int  # Size.
    lost: int  # Size.
    kept_until: datetime | None  # The instant of the last event that is kept.
    lost_until: (
        datetime | None
    )  # When the last checkpoint of the lost part was signed, if that is known.
    incarnation: int
    tokens_revoked: int
    clients_revoked: int

    @property
    def events(self) -> int:
        """Return how many events are lost."""
        return max(0, self.lost - self.kept)


async def accept_restore(
    runtime: Runtime,
    settings: Settings,
    organization: Organization,
    *,
    reason: str,
    tokens: Tokens,
    provenance: Provenance,
    report: Report,
) -> Lost:
    """Declare that the end of a log was lost, and begin its next incarnation.

    Errors: InvalidValue if there is nothing to declare, or if what is left is contradicted otherwise.
    """
    reason = checked_reason(reason)
    verdict = await verify_one(runtime, settings, organization.id, report)
    refuse_others(verdict, ACCEPTED, "There is nothing to accept")
    held = (await load_outside(runtime, outside_copy(settings), [organization.id])).get(
        organization.id
    )
    async with owner(runtime) as connection:
        former = await load_log(connection, organization.id)
        assert former is not None
        lost = newest_note(former, held)
        first = verdict.findings[0]
        kept = (first.after or 0) if first.code == "forked" else verdict.tail
        root = await root_at(connection, organization.id, kept)
        until = await find_instant(connection, organization.id, kept)
        keys = await load_log_keys(connection, runtime.sealer)
    event = LogRestored(
        kept=LogPoint(size=kept, root_hash=encoded(root)),
        lost=LogPoint(size=lost.size, root_hash=encoded(lost.root), note=note_text(former, held)),
        reason=reason,
        tokens=tokens,
    )
    await record(runtime, organization.id, event, provenance)
    state = await _next_incarnation(
        runtime, organization.id, keys, after=verdict.tail, report=report
    )
    # Whatever the copy outside does, nobody keeps a token: this command cannot be run again.
    revoked = await _revoke_all(runtime, organization, provenance) if tokens == "revoke" else (0, 0)
    await write_if_possible(runtime.pool, outside_copy(settings), state)
    return Lost(kept, lost.size, until, former.signed_at, state.incarnation, *revoked)


def checked_reason(reason: str) -> str:
    """Return a reason that is one printable line. Errors: InvalidValue."""
    text = reason.strip()
    if not text or len(text) > REASON_CHARACTERS_MAX or not text.isprintable():
        raise InvalidValue(
            f"--reason takes one line of 1 to {REASON_CHARACTERS_MAX} characters: why was this done?"
        )
    return text


def refuse_others(verdict: Verdict, accepted: frozenset[str], nothing: str) -> None:
    """Raise InvalidValue unless all findings are among the accepted codes, and there is one."""
    others = [each for each in verdict.findings if each.code not in accepted]
    if others:
        raise InvalidValue(
            f"Something else is wrong, and must be repaired first. {others[0].sentence()}"
        )
    if not verdict.findings:
        raise InvalidValue(f"{nothing}: the log agrees with its checkpoints.")


def newest_note(state: LogState, held: OutsideLog | None) -> Note:
    """Return the largest checkpoint of the present incarnation, inside or outside."""
    notes = [read_note(each) for each in (*(held.notes if held else ()), state.note) if each]
    return max(
        (each for each in notes if each.incarnation == state.incarnation),
        key=lambda each: each.size,
    )


def note_text(state: LogState, held: OutsideLog | None) -> str | None:
    """Return the text of the largest checkpoint."""
    texts = [each for each in (*(held.notes if held else ()), state.note) if each]
    wanted = newest_note(state, held)
    return next((each for each in texts if read_note(each) == wanted), None)


async def root_at(connection: Connection, organization_id: UUID, size: int) -> bytes:
    """Return the root at a size, from the events."""
    edge = Edge()
    while edge.size < size and (
        rows := await read_rows(
            connection, organization_id, after=edge.size, limit=min(4_096, size - edge.size)
        )
    ):
        edge.extend([leaf_hash(each.event) for each in rows])
        edge.full.clear()
    return edge.root()


async def _next_incarnation(
    runtime: Runtime,
    organization_id: UUID,
    keys: Mapping[int, LogKey],
    *,
    after: int,
    report: Report,
) -> LogState:
    """Make the tree anew up to the declaration, which is the first one after a position, and sign it."""
    async with owner(runtime) as connection:
        rows = await read_rows(connection, organization_id, after=after)
        position = next(each.event.position for each in rows if each.event.type == RESTORED)
        while True:
            former = await load_log(connection, organization_id)
            assert former is not None
            try:
                return await begin_incarnation(
                    connection,
                    former,
                    newest(keys),
                    position=position,
                    now=datetime.now(UTC),
                    report=lambda at, of: report(Progress("hash", at, of)),
                )
            except Overtaken:  # A service has signed meanwhile.
                continue


async def _revoke_all(
    runtime: Runtime, organization: Organization, provenance: Provenance
) -> tuple[int, int]:
    """Revoke all tokens and all OAuth clients of an organization; return how many of each."""
    async with runtime.pool.acquire() as connection:
        loaded = await load_organization(connection, organization.id, with_tokens=True)
    assert loaded is not None
    tokens = clients = 0
    for token in loaded.tokens.values():
        if token.revoked_at is None:
            tokens += await revoke_token(runtime, organization, token.id, provenance=provenance)
    for client in loaded.clients.values():
        if client.revoked_at is None:
            clients += await revoke_client(runtime, organization, client.id, provenance=provenance)
    return tokens, clients


async def rebuild(
    runtime: Runtime, settings: Settings, organization: Organization, report: Report
) -> int:
    """Make the tree of a log anew, or its checkpoint; return the size. The log must give what was signed.

    Errors: InvalidValue if the log itself is contradicted; NotReached.
    """
    verdict = await verify_one(runtime, settings, organization.id, report)
    refuse_others(verdict, TREE_ONLY, "There is nothing to rebuild")

    def report_hashes(at: int, of: int) -> None:
        report(Progress("hash", at, of))

    async with owner(runtime) as connection:
        state = await load_log(connection, organization.id)
        if state is None:
            await begin_log(connection, organization.id)
            await set_marks_from(connection, organization.id, verdict.proven_from)
        elif state.size:
            await rebuild_tree(
                connection, organization.id, restores=verdict.restores, report=report_hashes
            )
        keys = await load_log_keys(connection, runtime.sealer)
        signed = await extend_to_end(
            connection,
            organization.id,
            keys,
            datetime.now(UTC),
            mark_key=runtime.sealer.mark_key,
        )
    assert signed is not None
    await write_if_possible(runtime.pool, outside_copy(settings), signed)
    return signed.size


async def begin(
    runtime: Runtime,
    settings: Settings,
    organization: Organization,
    *,
    reason: str,
    provenance: Provenance,
    report: Report,
) -> LogState:
    """Begin the proof of a log that has no checkpoint anywhere. It proves nothing about the time before.

    Errors: InvalidValue if there is a checkpoint, or something else is wrong.
    """
    reason = checked_reason(reason)
    verdict = await verify_one(runtime, settings, organization.id, report)
    refuse_others(verdict, frozenset({"unproven"}), "There is nothing to begin")
    async with owner(runtime) as connection:
        keys = await load_log_keys(connection, runtime.sealer)
        # In one transaction: a service that sees the log earlier begins its proof too.
        async with connection.transaction():
            await begin_log(connection, organization.id)
            size, root = await _hash_unsigned(connection, organization.id, keys)
            event = ProofBegun(size=size, root_hash=encoded(root), reason=reason)
            await record(runtime, organization.id, event, provenance)
            await set_marks_from(connection, organization.id, size + 1)
        signed = await extend_to_end(
            connection,
            organization.id,
            keys,
            datetime.now(UTC),
            mark_key=runtime.sealer.mark_key,
        )
    assert signed is not None
    await write_if_possible(runtime.pool, outside_copy(settings), signed)
    return signed


async def _hash_unsigned(
    connection: Connection, organization_id: UUID, keys: Mapping[int, LogKey]
) -> tuple[int, bytes]:
    """Hash a log to its end without signing; return its size and root."""
    tree = await load_tree(connection, organization_id)
    assert tree is not None
    while rows := await read_rows(connection, organization_id, after=tree.edge.size):
        tree = await extend(connection, tree, rows, keys, datetime.now(UTC), is_signed=False)
    return tree.edge.size, tree.edge.root()


@asynccontextmanager
async def owner(runtime: Runtime) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection of the owner of the tables for the duration of the block."""
    connection = await connect(runtime.dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        yield connection
    finally:
        await connection.close()
