"""A stream whose events the directory lacks: no retry helps, so the refusal says what the operator must do.

A write that was decided under the log's lock found a later version in the log than in the directory. Either
the log holds an event that this release does not know, or the directory was not written with the log.
"""

import re
from contextlib import aclosing
from uuid import UUID

from eventstore.errors import WrongExpectedVersion
from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.read import stream_pages
from schema.events.codec import is_known, known_version
from schema.scim.errors import ScimError

UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ResourceBlocked(ScimError):
    """The resource cannot be changed until the operator has acted; sending the request again does not help."""

    status = 503


async def refusal_of(
    connection: Connection, organization_id: UUID, error: WrongExpectedVersion
) -> ResourceBlocked:
    """Return the refusal of a write that no retry can save."""
    stream_id = stream_of(error, organization_id)
    unknown = await find_unknown(connection, organization_id, stream_id)
    if unknown is None:
        return ResourceBlocked(
            f"The directory lacks events of stream {stream_id}: the operator must run "
            "scim-ledger projections rebuild directory. Until then the resource cannot be changed."
        )
    return ResourceBlocked(
        f"{describe(unknown)} Until then the resource cannot be changed, and sending the request again does not help."
    )


def describe(event: RecordedEvent) -> str:
    """Return a sentence on the event that this release does not know, and on what the operator must do."""
    known = known_version(event.type)
    knows = f"version {known} of it" if known else "no event of that type"
    return (
        f"{event.type} version {event.schema_version} at position {event.position} of the log, version "
        f"{event.version} of stream {event.stream_id}, is unknown to this release, which knows {knows}: "
        "the operator must upgrade the service to the release that wrote it."
    )


def stream_of(error: WrongExpectedVersion, organization_id: UUID) -> UUID:
    """Return the stream that Postgres names in its error: its version was taken, or one is missing."""
    cause = error.__cause__
    texts = f"{getattr(cause, 'detail', '') or ''} {getattr(cause, 'message', '') or cause}"
    found = [UUID(each) for each in UUIDS.findall(texts)]
    others = [each for each in found if each != organization_id]
    return others[0] if others else organization_id


async def find_unknown(
    connection: Connection, organization_id: UUID, stream_id: UUID
) -> RecordedEvent | None:
    """Return the first event of a stream that this release does not know, or None if it knows all."""
    async with aclosing(stream_pages(connection, organization_id, stream_id)) as pages:
        async for page in pages:
            for each in page:
                if not is_known(each.type, each.schema_version):
                    return each
    return None
