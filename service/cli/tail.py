"""`events tail`: the latest events of an organization as lines, then new events as they are appended."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

from eventstore.errors import BrokenSeal
from eventstore.events import RecordedEvent
from eventstore.follow import follow
from eventstore.postgres.connection import Connection
from eventstore.read import read, read_tail
from schema.events.codec import is_known
from schema.events.organization import Organization
from service.cli.process import output
from service.replay.references import open_for_readers
from service.runtime import Runtime
from service.terminal import printable

BATCH_MAX = 500
SHOWN_MAX = 160  # Characters of the facts in a line.
BROKEN = object()  # Stands for values whose seal does not open.
UNREADABLE = (BrokenSeal, orjson.JSONDecodeError)
UNKNOWN = "  (unknown to this release: upgrade the service)"


async def lines(
    runtime: Runtime,
    organization: Organization,
    *,
    last: int,
    is_following: bool,
    with_personal: bool,
    as_json: bool,
) -> AsyncIterator[str]:
    """Yield a line for each of the last events; if `is_following`, also for new events, without end."""
    async with runtime.pool.acquire() as connection:
        tail = await read_tail(connection, organization.id)
    after = max(0, tail.position - last)
    async for batch in _batches(runtime, organization, after, is_following=is_following):
        personal = await _personal(runtime, batch) if with_personal else [None] * len(batch)
        for event, values in zip(batch, personal, strict=True):
            yield as_document(event, values) if as_json else as_line(event, organization, values)


async def _batches(
    runtime: Runtime, organization: Organization, after: int, *, is_following: bool
) -> AsyncIterator[Sequence[RecordedEvent]]:
    if is_following:
        async for batch in follow(runtime.pool, organization.id, after=after):
            yield batch
        return
    while True:
        async with runtime.pool.acquire() as connection:
            batch = await read(connection, organization.id, after=after, limit=BATCH_MAX)
        if not batch:
            return
        yield batch
        after = batch[-1].position


async def _personal(runtime: Runtime, batch: Sequence[RecordedEvent]) -> list[Any]:
    """Return the personal values of each event; BROKEN in place of those whose seal does not open."""
    async with runtime.pool.acquire() as connection:
        try:
            opened: list[Any] = [
                *map(_values, await open_for_readers(connection, runtime.sealer, batch))
            ]
        except UNREADABLE:
            opened = [await _personal_of(connection, runtime, each) for each in batch]
    return opened


async def _personal_of(connection: Connection, runtime: Runtime, event: RecordedEvent) -> Any:
    try:
        [part] = await open_for_readers(connection, runtime.sealer, [event])
        return _values(part)
    except UNREADABLE:
        return BROKEN


def _values(part: bytes | None) -> Any:
    return None if part is None else orjson.loads(part)


def as_line(event: RecordedEvent, organization: Organization, personal: Any) -> str:
    """Return an event as a line: position, time, type, stream and version, actor, facts."""
    facts = _readable(orjson.loads(event.data), organization)
    if personal is not None:
        facts["values"] = "(broken seal)" if personal is BROKEN else personal
    shown = " ".join(f"{name}={_short(value)}" for name, value in facts.items())
    return printable(
        f"{event.position:>7}  {event.recorded_at:%Y-%m-%d %H:%M:%S}  {event.type:<22} "
        f"{event.stream_id} v{event.version}  by {event.source}:{_actor(event)}  {shown}".rstrip()
    ) + ("" if is_known(event.type, event.schema_version) else UNKNOWN)


def _actor(event: RecordedEvent) -> str:
    return event.actor_id.removeprefix("cli:")


def _readable(facts: dict[str, Any], organization: Organization) -> dict[str, Any]:
    """Replace role ids by role names."""
    names = {str(role_id): name for name, role_id in organization.roles.items()}
    return {
        key: _named(value, names)
        for key, value in facts.items()
        if key != "jtiHash"  # A hash means nothing to a reader.
    }


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"


def as_document(event: RecordedEvent, personal: Any) -> str:
    """Return an event as JSON, with every column of the log except the sealed bytes."""
    document = {
        "position": event.position,
        "recordedAt": event.recorded_at,
        "type": event.type,
        "schemaVersion": event.schema_version,
        "streamId": event.stream_id,
        "version": event.version,
        "eventId": event.event_id,
        "organizationId": event.organization_id,
        "actorId": event.actor_id,
        "tokenId": event.token_id,
        "requestId": event.request_id,
        "source": event.source,
        "data": orjson.Fragment(event.data),
        "isSealed": event.sealed is not None,
    }
    if personal is BROKEN:
        document["isBroken"] = True
    elif personal is not None:
        document["personal"] = personal
    return output.as_json(document)
