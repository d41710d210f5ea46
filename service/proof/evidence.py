"""Writes a bundle of evidence: a range of events, the proof that it is complete and in order, and what it discloses."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Final, Literal
from uuid import UUID

from eventstore.events import Provenance, RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.proof.bundle import (
    LEAF_FORMATS,
    BundleWriter,
    Disclosure,
    as_json,
    event_line,
)
from eventstore.proof.outside_lines import instant
from eventstore.read import find_position_before, position_at
from eventstore.sealing.events import load_keys
from eventstore.sealing.sealer import Sealer, has_commitment, place, salt_of, unseal
from eventstore.trees.logs import LogState, read_rows
from eventstore.trees.prove import NoProof, prove_consistency, prove_range
from projections.maintenance.session import Progress, Report
from schema.events.proof import AuditExported
from service.proof.answers import (
    as_cosigned,
    checkpoint_of,
    keys_document,
    load_signed,
    proven_since,
)
from service.proof.record import record
from service.reads.sought import withheld_reads
from service.replay.references import load_references, without_references
from service.runtime import Runtime

ROWS_MAX: Final = 1_000
IN_MEMORY_BYTES: Final = 1_000_000  # A larger bundle waits in a file.
ZIP: Final = {"Content-Type": "application/zip"}
TIMEOUT_S: Final = 30.0
ORIGIN_OF_JSON: Final = "events.ndjson"

Shown = Literal["full", "subject", "none"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a bundle shall hold. Instants become positions: events from `since` on and up to `until`."""

    first: int | None = None  # A position; None: from the first event on.
    last: int | None = None  # None: up to the checkpoint.
    since: datetime | None = None
    until: datetime | None = None
    disclosure: Shown = "full"
    subject_id: UUID | None = None
    consistent_with: int | None = None  # The size of an earlier checkpoint.


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was written."""

    digest: str  # SHA-256 of its manifest, in hexadecimal.
    first: int
    last: int
    size: int
    origin: str


@asynccontextmanager
async def snapshot(runtime: Runtime) -> AsyncIterator[Connection]:
    """Give a connection that sees one state of the database for the duration of the block."""
    async with (
        runtime.pool.acquire(timeout=TIMEOUT_S) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def write_evidence(
    runtime: Runtime,
    organization_id: UUID,
    wanted: Wanted,
    file: IO[bytes],
    *,
    provenance: Provenance,
    report: Report,
) -> Bundle:
    """Write a bundle, and record in the log that it was given out. Memory does not grow with it.

    Errors: NoProof, Contradicted, ScimError.
    """
    async with snapshot(runtime) as connection:
        state = await load_signed(connection, organization_id)
        first, last = await _range(connection, state, wanted)
        state = await as_cosigned(connection, state, max(last, wanted.consistent_with or 0))
        writer = BundleWriter(file)
        await _write_proofs(connection, state, writer, wanted, first=first, last=last)
        with writer.part(ORIGIN_OF_JSON) as part:
            async for line, position in _lines(
                connection, runtime.sealer, state, wanted, first=first, last=last
            ):
                part.write(line)
                if position % ROWS_MAX == 0 or position == last:
                    report(Progress("evidence", position - first + 1, last - first + 1))
        manifest = {
            "origin": state.origin,
            "organizationId": str(organization_id),
            "fromPosition": first,
            "toPosition": last,
            "size": state.size,
            "leafFormats": list(LEAF_FORMATS),
            "provenSince": await proven_since(connection, state),
            "createdAt": instant(datetime.now(UTC)),
            "createdBy": provenance.actor_id,
            "disclosure": wanted.disclosure,
        }
    digest = writer.close(manifest)
    event = AuditExported(
        what="evidence",
        from_position=first,
        to_position=last,
        digest=digest,
        disclosure=wanted.disclosure,
        subject_id=str(wanted.subject_id) if wanted.subject_id else None,
    )
    await record(runtime, organization_id, event, provenance)
    return Bundle(digest, first, last, state.size, state.origin)


async def _range(connection: Connection, state: LogState, wanted: Wanted) -> tuple[int, int]:
    """Return the first and the last position. Errors: NoProof."""
    first, last = wanted.first or 1, wanted.last or state.size
    if wanted.since is not None:
        before = await find_position_before(connection, state.organization_id, wanted.since)
        first = min(before, state.size) + 1
    if wanted.until is not None:
        last = min(state.size, await position_at(connection, state.organization_id, wanted.until))
    if last > state.size:
        raise NoProof(
            f"The checkpoint covers {state.size:,} events; position {last} is not among them yet."
        )
    if not 1 <= first <= last:
        raise NoProof("There is no event in this range.")
    return first, last


async def _write_proofs(
    connection: Connection,
    state: LogState,
    writer: BundleWriter,
    wanted: Wanted,
    *,
    first: int,
    last: int,
) -> None:
    assert state.note is not None
    earlier = []
    if wanted.consistent_with is not None:
        proof = await prove_consistency(connection, state, wanted.consistent_with)
        note = await checkpoint_of(connection, state, wanted.consistent_with)
        earlier.append({**proof, "checkpoint": note})
    writer.write("checkpoint.txt", state.note)
    writer.write("keys.json", await keys_document(connection, state))
    writer.write("proof.json", await prove_range(connection, state, first, last))
    writer.write("consistency.json", earlier)


async def _lines(
    connection: Connection,
    sealer: Sealer,
    state: LogState,
    wanted: Wanted,
    *,
    first: int,
    last: int,
) -> AsyncIterator[tuple[bytes, int]]:
    """Yield the line of each event, and its position."""
    after, withheld = first - 1, await withheld_reads(connection, state.organization_id)
    while after < last:
        limit = min(ROWS_MAX, last - after)
        rows = await read_rows(connection, state.organization_id, after=after, limit=limit)
        events = [row.event for row in rows]
        keys = await _keys(connection, sealer, state.organization_id, events)
        streams = {each.stream_id for each in events if each.sealed is not None}
        references = await load_references(connection, sealer, state.organization_id, streams)
        for event in events:
            key = keys.get(event.subject_id) if event.subject_id else None
            disclosure = _disclosure(event, key, wanted)
            if event.position in withheld:
                disclosure = None  # It searched for somebody who was erased.
            if disclosure is not None:
                text = disclosure.personal.encode()
                if without_references(references, event.stream_id, event.position, text) != text:
                    disclosure = None  # It names somebody who was erased.
            line = event_line(
                event,
                disclosure=disclosure,
                is_erased=event.sealed is not None and key is None,
                with_sealed=disclosure is not None,
            )
            yield as_json(line).encode(), event.position
        after = events[-1].position


async def _keys(
    connection: Connection, sealer: Sealer, organization_id: UUID, events: list[RecordedEvent]
) -> Mapping[UUID, bytes]:
    subjects = {(organization_id, each.subject_id) for each in events if each.subject_id}
    if not subjects:
        return {}
    keys = await load_keys(connection, sealer, subjects)
    return {subject_id: key for (_, subject_id), key in keys.items()}


def _disclosure(event: RecordedEvent, key: bytes | None, wanted: Wanted) -> Disclosure | None:
    """Return the personal part of an event, if it is to be shown and can be opened."""
    is_shown = wanted.disclosure == "full" or (
        wanted.disclosure == "subject" and event.subject_id == wanted.subject_id
    )
    if not is_shown or key is None or event.sealed is None or event.subject_id is None:
        return None
    aad = place(event.organization_id, event.subject_id, event.event_id)
    personal = unseal(key, event.sealed, aad=aad).decode()
    return Disclosure(personal, salt_of(key, aad) if has_commitment(event.sealed) else None)


def evidence_name(organization_id: UUID, last: int) -> str:
    """Return the name of a bundle as a file."""
    return f"evidence-{organization_id}-{last}.zip"


def silent(_progress: Progress) -> None:
    """Report nothing."""
