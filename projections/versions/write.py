"""Write the versions that a batch of events leads to. The caller owns the transaction."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.copying import copy_rows
from eventstore.postgres.statements import statements_in
from eventstore.read import UNLIMITED
from eventstore.read_streams import FIRST_ID, LAST_ID, Span, read_values
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import Sealer
from eventstore.slices import results_of
from projections.directory.fold import GROUP_EVENTS, USER_EVENTS
from projections.directory.load import group_of, user_of
from projections.fold import Row, fold_streams
from projections.followers.follower import Apply, Follower, refuse_sealed
from projections.versions.copy import copy
from projections.versions.erase import erase, erase_groups
from projections.versions.fold import VERSIONS_FOLD, VersionsFold
from projections.versions.snapshots import Versions, is_shown
from projections.versions.tables import GROUPS, TABLES, USERS
from schema.events.codec import decode
from schema.events.event import Event, Place
from schema.events.group import Group
from schema.events.organization import OrganizationErased, SchemaRegistered
from schema.scim.definitions import user_type
from schema.scim.resource_type import ResourceType

statement = statements_in(__package__)


SCHEMA: Final = SchemaRegistered.__name__
Decoded = tuple[RecordedEvent, Event]


class NoVersion(Exception):
    """An event changes a user or a group that has no open version: the versions and the log disagree."""


def writing(sealer: Sealer) -> Apply:
    """Return what writes versions, and opens the personal parts of events."""

    async def write(
        connection: Connection, organization_id: UUID, events: Sequence[RecordedEvent]
    ) -> None:
        await write_versions(connection, sealer, organization_id, events)

    return write


async def write_versions(
    connection: Connection, sealer: Sealer, organization_id: UUID, events: Sequence[RecordedEvent]
) -> None:
    """Apply the next events of an organization. The tables are on the search path.

    Errors: NoVersion, BrokenSeal, those of decode and evolve, IntegrityConstraintViolationError.
    """
    copied = await copy(connection, organization_id, events)
    events = [each for each in events if each.stream_id not in copied]
    if not events:
        return
    decoded = await _decoded(connection, sealer, events)
    streams = await _load(connection, sealer, organization_id, decoded)
    placed = [
        (event, Place(each.stream_id, each.version, each.position, each.recorded_at, each.source))
        for each, event in decoded
        if each.stream_id in streams
    ]
    await results_of(lambda each: streams[each[1].stream_id].take(*each), placed)
    users = await _load_user_type(connection, sealer, organization_id)
    for name, is_group in ((USERS, False), (GROUPS, True)):
        some = {
            each: versions
            for each, versions in streams.items()
            if isinstance(versions.state, Group) is is_group
        }
        await _end(connection, name, organization_id, some)
        if any(versions.snapshots for versions in some.values()):
            rows = _rows(some.values(), organization_id, users)
            await copy_rows(connection, name, TABLES[name].columns, rows)
    await erase(connection, organization_id, users, placed)
    if any(type(event) is OrganizationErased for _, event in decoded):
        await erase_groups(connection, organization_id)


async def _decoded(
    connection: Connection, sealer: Sealer, events: Sequence[RecordedEvent]
) -> list[Decoded]:
    """Return events as the domain knows them. All are decoded, so that none that is unknown is passed over."""
    personal = await open_personal(connection, sealer, events)
    return await results_of(_decode, zip(events, personal, strict=True))


def _decode(opened: tuple[RecordedEvent, bytes | None]) -> Decoded:
    each, personal = opened
    return each, decode(each.type, each.schema_version, each.data, personal)


async def _load(
    connection: Connection, sealer: Sealer, organization_id: UUID, decoded: Sequence[Decoded]
) -> dict[UUID, Versions]:
    """Return the streams of users and groups that events change, each with the version that is open."""
    first: dict[UUID, RecordedEvent] = {}
    users, groups = set[UUID](), set[UUID]()
    for recorded, event in decoded:
        kind = type(event)
        if kind in USER_EVENTS or kind in GROUP_EVENTS:
            first.setdefault(recorded.stream_id, recorded)
            (users if kind in USER_EVENTS else groups).add(recorded.stream_id)
    known = {each for each, event in first.items() if event.version > 1}
    found = {each: Versions() for each in first}
    for row in await _open_versions(connection, USERS, organization_id, users & known):
        found[row["id"]] = Versions(user_of(row), has_row=True)
    for row in await _open_versions(connection, GROUPS, organization_id, groups & known):
        found[row["id"]] = Versions(group_of(row, {}), has_row=True)
    lost = [each for each in known if not found[each].has_row]
    if lost:
        before = min(first[each].position for each in lost) - 1
        found |= await _fold_again(
            connection, sealer, Span(organization_id, FIRST_ID, LAST_ID, before), lost
        )
    return found


async def _open_versions(
    connection: Connection, table: str, organization_id: UUID, ids: Collection[UUID]
) -> list[asyncpg.Record]:
    """Return the rows of versions that are open."""
    if not ids:
        return []
    rows: list[asyncpg.Record] = await connection.fetch(
        statement(f"open_{table}"), organization_id, list(ids)
    )
    return rows


async def _fold_again(
    connection: Connection, sealer: Sealer, span: Span, lost: Collection[UUID]
) -> dict[UUID, Versions]:
    """Return streams that have no open version: those whose key was destroyed, and what was deleted. Errors: NoVersion.

    Such a stream has no events between the span and its first event here.
    """
    found = {}
    for stream_id, folded in await fold_streams(connection, sealer, VERSIONS_FOLD, span, lost):
        assert isinstance(folded, VersionsFold)
        state = folded.versions.state
        is_gone = state is not None and (state.is_deleted or not is_shown(state))
        if not is_gone:
            raise NoVersion(NoVersion.__doc__)
        found[stream_id] = Versions(state)
    if len(found) != len(lost):
        raise NoVersion(NoVersion.__doc__)
    return found


async def _load_user_type(
    connection: Connection, sealer: Sealer, organization_id: UUID
) -> ResourceType:
    """Return an organization's User type. Attributes are only ever added, so the present one reads all events."""
    schemas = {}
    for row, personal in await read_values(
        connection, sealer, organization_id, [organization_id], [SCHEMA], UNLIMITED
    ):
        event: Any = decode(row["type"], row["schema_version"], row["data"], personal)
        schemas[event.document["id"]] = event.document
    return user_type(schemas)


async def _end(
    connection: Connection, table: str, organization_id: UUID, streams: dict[UUID, Versions]
) -> None:
    ended = [
        (each, *versions.row_ended)
        for each, versions in streams.items()
        if versions.row_ended is not None
    ]
    if not ended:
        return
    columns = zip(*ended, strict=True)
    found = await connection.fetch(statement(f"end_{table}"), organization_id, *columns)
    if len(found) != len(ended):
        raise NoVersion(NoVersion.__doc__)


def _rows(
    streams: Collection[Versions], organization_id: UUID, users: ResourceType
) -> Iterator[Row]:
    """Yield the rows of streams. Of a thousand changes of large users, all together would take 400 MB."""
    return (row for versions in streams for _, row in versions.rows(organization_id, users))


VERSIONS = Follower("versions", refuse_sealed, opened_by=writing)
