"""Destroy the keys of people, and read who was erased."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.events import Subject
from eventstore.sealing.sealer import Sealer, place, unseal

statement = statements_in(__package__)

PAGE_EVENTS: Final = 1_000


class ErasedSubject(NamedTuple):
    """Somebody who was erased: the position of the event that says so, and its instant."""

    id: UUID
    position: int
    at: datetime


class DestroyedKey(NamedTuple):
    """A key that was destroyed. `was_there` is false if there was none any more."""

    position: int  # Of UserErased.
    at: datetime
    was_there: bool


async def destroy_key(
    connection: Connection, organization_id: UUID, subject_id: UUID
) -> DestroyedKey:
    """Destroy a subject's key. The same transaction must have appended its UserErased.

    Errors: that of a restriction, without this event.
    """
    row = await connection.fetchrow(statement("erase_subject"), organization_id, subject_id)
    assert row is not None
    return DestroyedKey(row["position"], row["erased_at"], row["had_key"])


async def sealed_streams(
    connection: Connection, organization_id: UUID, subject_id: UUID
) -> list[UUID]:
    """Return the streams whose first event is sealed under the key of a subject."""
    rows = await connection.fetch(statement("sealed_streams"), organization_id, subject_id)
    return [row["stream_id"] for row in rows]


async def list_erased(
    connection: Connection, organization_id: UUID, *, before: int | None = None, limit: int
) -> list[ErasedSubject]:
    """Return who was erased, the last one first; those before a position."""
    rows = await connection.fetch(statement("list_erased"), organization_id, before, limit)
    return [ErasedSubject(*row) for row in rows]


async def count_erased(connection: Connection) -> dict[UUID, int]:
    """Return how many subjects were erased, by organization."""
    return dict(await connection.fetch(statement("count_erased")))


async def read_mentions(
    connection: Connection, sealer: Sealer, organization_id: UUID, text: str
) -> AsyncIterator[tuple[UUID, bytes]]:
    """Yield the stream and the personal part of each event whose facts contain a text. Errors: BrokenSeal."""
    keys: dict[Subject, bytes] = {}
    after = 0
    while rows := await connection.fetch(
        statement("read_mentions"), organization_id, text, after, PAGE_EVENTS
    ):
        for row in rows:
            subject = (organization_id, row["subject_id"])
            if subject not in keys:
                keys[subject] = sealer.unwrap(row["wrapped_key"], *subject)
            aad = place(organization_id, row["subject_id"], row["event_id"])
            yield row["stream_id"], unseal(keys[subject], row["sealed"], aad=aad)
        after = rows[-1]["position"]


async def list_erasing(connection: Connection, organization_id: UUID) -> list[str]:
    """Return the facts of the events that say that people of an organization were erased, each as its text."""
    rows = await connection.fetch(statement("list_erasing"), organization_id)
    return [row["data"] for row in rows]
