"""COPY into the tables of the log and of the directory."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from eventstore.events import RecordedEvent
from eventstore.proof.leaf import leaf_bytes, mark_of
from projections.directory.tables import FormerUserRow, GroupRow, UserRow
from schema.events.group import MemberType


async def copy_log(
    connection: asyncpg.Connection,
    events: Sequence[RecordedEvent],
    new_keys: Sequence[tuple[UUID, UUID, bytes]],
    mark_key: bytes | None = None,
) -> None:
    """Append events and the keys of their subjects; the caller holds the log's lock. With a key, events have marks."""
    await copy(
        connection, "subject_keys", new_keys, ("organization_id", "subject_id", "wrapped_key")
    )
    if mark_key is None:
        await copy(connection, "events", events, RecordedEvent._fields)
        return
    marked = [(*each, mark_of(mark_key, leaf_bytes(each))) for each in events]
    await copy(connection, "events", marked, (*RecordedEvent._fields, "mark"))


async def copy(
    connection: asyncpg.Connection,
    table: str,
    rows: Iterable[Sequence[object]],
    columns: Sequence[str],
) -> None:
    """Write rows into a table of the log."""
    await connection.copy_records_to_table(
        table, schema_name="eventstore", records=rows, columns=columns
    )


async def copy_directory(
    connection: asyncpg.Connection,
    organization_id: UUID,
    *,
    users: Sequence[UserRow],
    former_users: Sequence[FormerUserRow],
    groups: Sequence[GroupRow],
    members: Sequence[tuple[UUID, UUID, MemberType]],
) -> None:
    """Write rows into the directory."""
    tables: Sequence[tuple[str, Sequence[Sequence[object]], Sequence[str]]] = (
        ("users", users, UserRow._fields),
        ("former_users", former_users, FormerUserRow._fields),
        ("groups", groups, GroupRow._fields),
        ("memberships", members, ("group_id", "member_id", "member_type")),
    )
    for table, rows, columns in tables:
        await connection.copy_records_to_table(
            table,
            schema_name="directory",
            records=((organization_id, *row) for row in rows),
            columns=("organization_id", *columns),
        )
