"""Write everything of one organization into a file: for the customer, before the contract ends."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, Final
from uuid import UUID

import orjson

from eventstore.events import Provenance, RecordedEvent
from eventstore.read import read, read_tail
from schema.events.organization import Organization
from schema.events.proof import AuditExported
from service.proof.record import record
from service.replay.references import open_for_readers
from service.runtime import Runtime

PAGE_EVENTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class ExportReceipt:
    """What was written."""

    organization_id: UUID
    name: str
    events: int
    to_position: int
    digest: str  # SHA-256 of all bytes before the last line, in hexadecimal.
    exported_at: datetime


async def export_organization(
    runtime: Runtime,
    organization: Organization,
    file: IO[bytes],
    *,
    provenance: Provenance,
    report: Callable[[int, int], None] = lambda _at, _of: None,
) -> ExportReceipt:
    """Write an organization as NDJSON: its settings, roles and schemas, then every event with its values, a trailer.

    `report` gets the position that was written, and the last one. The trailer is {"trailer": {"count", "digest"}}.
    That it was exported is an event of the log. Errors: OSError.
    """
    writer = _Writer(file)
    now = datetime.now(UTC)
    async with runtime.pool.acquire() as connection:
        tail = await read_tail(connection, organization.id)
    writer.write({"organization": _described(organization), "exportedAt": now})
    after = count = 0
    while after < tail.position:
        async with runtime.pool.acquire() as connection:
            limit = min(PAGE_EVENTS, tail.position - after)
            page = await read(connection, organization.id, after=after, limit=limit)
            opened = await open_for_readers(connection, runtime.sealer, page)
        for event, personal in zip(page, opened, strict=True):
            writer.write(_line(event, personal))
        after, count = page[-1].position, count + len(page)
        report(after, tail.position)
    digest = writer.digest.hexdigest()
    file.write(orjson.dumps({"trailer": {"count": count, "digest": digest}}) + b"\n")
    exported = AuditExported(
        what="organization",
        from_position=1,
        to_position=tail.position,
        digest=digest,
        disclosure="full",
    )
    await record(runtime, organization.id, exported, provenance)
    return ExportReceipt(organization.id, organization.name, count, tail.position, digest, now)


class _Writer:
    """Writes lines, and sums their bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, document: dict[str, Any]) -> None:
        """Write one line."""
        line = orjson.dumps(document, default=str) + b"\n"
        self.digest.update(line)
        self._file.write(line)


def _described(organization: Organization) -> dict[str, Any]:
    return {
        "id": organization.id,
        "name": organization.name,
        "createdAt": organization.created_at,
        "roles": dict(organization.roles),
        "settings": dict(organization.settings),
        "schemas": dict(organization.schemas),
    }


def _line(event: RecordedEvent, personal: bytes | None) -> dict[str, Any]:
    return {
        "position": event.position,
        "recordedAt": event.recorded_at,
        "type": event.type,
        "schemaVersion": event.schema_version,
        "streamId": event.stream_id,
        "version": event.version,
        "eventId": event.event_id,
        "actorId": event.actor_id,
        "tokenId": event.token_id,
        "requestId": event.request_id,
        "source": event.source,
        "facts": orjson.Fragment(event.data),
        "values": None if personal is None else orjson.Fragment(personal),
        "isErased": event.sealed is not None and personal is None,
    }
