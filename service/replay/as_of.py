"""People and groups as they were at an instant, where each value came from, and what differs between two instants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from eventstore.postgres.connection import Connection
from eventstore.read_streams import next_touched_streams
from projections.directory.queries.past import (
    Moved,
    followed,
    groups_at,
    list_people_at,
    membership_changes,
    users_at,
)
from projections.directory.queries.people import PeopleFilter, Person
from projections.directory.queries.point_reads import Resource
from projections.directory.rows import user_attributes
from projections.history.read import Activity
from projections.history.search import Search, search
from schema.events.organization import Organization
from schema.events.origins import ACTIVE, ROLE
from schema.scim.errors import NotFound
from service.replay.describe import DescribedEvent, describe
from service.replay.subjects import flat, read_subjects
from service.replay.wanted import position_of
from service.runtime import Runtime

# Events that give a value; those of memberships are many, and give none.
VALUE_TYPES: Final = (
    *("UserProvisioned", "UserChanged", "UserLinked", "RoleAssigned"),
    *("UserDeactivated", "UserReactivated", "GroupCreated", "GroupChanged"),
)
EVENTS_MAX: Final = 10_000  # Of one resource, or of one page of differences: the newest.
PIECE: Final = 200  # Resources that are compared at a time.


@dataclass(frozen=True, slots=True)
class People:
    """A page of users as they were at a position."""

    items: Sequence[Person]
    position: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Value:
    """An attribute as it was: its value, the event that gave it, and its value today."""

    attribute: str  # Its path.
    value: Any
    origin: DescribedEvent | None
    today: Any  # None: it has no value today, or the resource is gone.

    @property
    def differs_today(self) -> bool:
        """Return whether the value is another one today."""
        return bool(self.value != self.today)


@dataclass(frozen=True, slots=True)
class Past:
    """A user or a group as it was at a position."""

    resource: Resource
    values: Sequence[Value]
    exists_today: bool
    position: int

    @property
    def document(self) -> dict[str, Any]:
        """Return the resource as it was served, without id, meta, groups and members."""
        found: dict[str, Any] = orjson.loads(self.resource.document)
        return found

    @property
    def groups(self) -> Sequence[tuple[str, str]]:
        """Return the groups of a user, as (id, displayName)."""
        return [(each, name) for each, name in orjson.loads(self.resource.related or "[]")]


async def people_at(
    runtime: Runtime,
    organization: Organization,
    shown: PeopleFilter,
    *,
    at: datetime | None,
    position: int | None = None,
    after: str | None = None,
    limit: int,
) -> People:
    """Return users as they were at an instant, by userName; without one, as they are."""
    async with runtime.reading.acquire(organization.id) as connection:
        end = await followed(connection, organization.id)
        position = await position_of(connection, organization.id, at, position, end=end)
        found = await list_people_at(
            connection, organization.id, position, shown, after=after, limit=limit + 1
        )
    return People(found[:limit], position, len(found) > limit)


async def user_at(
    runtime: Runtime,
    organization: Organization,
    user_id: UUID,
    at: datetime | None,
    *,
    position: int | None = None,
) -> Past:
    """Return a user as it was at an instant. Errors: NotFound, also if the person was erased since."""
    return await _past(runtime, organization, user_id, at, position, is_user=True)


async def group_at(
    runtime: Runtime,
    organization: Organization,
    group_id: UUID,
    at: datetime | None,
    *,
    position: int | None = None,
) -> Past:
    """Return a group as it was at an instant, without its members. Errors: NotFound."""
    return await _past(runtime, organization, group_id, at, position, is_user=False)


async def _past(  # noqa: PLR0917 - which resource, when.
    runtime: Runtime,
    organization: Organization,
    resource_id: UUID,
    at: datetime | None,
    position: int | None,
    *,
    is_user: bool,
) -> Past:
    async with runtime.reading.acquire(organization.id) as connection:
        end = await followed(connection, organization.id)
        position = await position_of(connection, organization.id, at, position, end=end)
        then = await _read(connection, organization.id, [resource_id], position, is_user=is_user)
        if resource_id not in then:
            raise NotFound(_absence(resource_id, is_user=is_user))
        now = then
        if position < end:
            now = await _read(connection, organization.id, [resource_id], end, is_user=is_user)
        wanted = Search(streams=[resource_id], types=VALUE_TYPES)
        found = await _newest(connection, organization.id, wanted, position)
        events = await describe(connection, runtime.sealer, organization, found)
    today = _values(now[resource_id]) if resource_id in now else {}
    origins = _origins(events)
    values = [
        Value(name, value, origins.get(name), today.get(name))
        for name, value in _values(then[resource_id]).items()
    ]
    return Past(then[resource_id], values, resource_id in now, position)


async def _newest(
    connection: Connection, organization_id: UUID, wanted: Search, position: int
) -> list[Activity]:
    """Return the newest EVENTS_MAX events that match up to a position, oldest first."""
    found = await search(
        connection,
        organization_id,
        wanted,
        order="desc",
        after=None,
        position=position,
        limit=EVENTS_MAX,
    )
    return found[::-1]


def _absence(resource_id: UUID, *, is_user: bool) -> str:
    if is_user:
        return f"There was no user {resource_id} then, or the person was erased; ask for another instant."
    return f"There was no group {resource_id} then; ask for another instant."


async def _read(
    connection: Connection,
    organization_id: UUID,
    ids: Sequence[UUID],
    position: int,
    *,
    is_user: bool,
) -> dict[UUID, Resource]:
    if is_user:
        return await users_at(connection, organization_id, ids, position)
    return await groups_at(connection, organization_id, ids, position, with_members=False)


def _values(resource: Resource) -> dict[str, Any]:
    """Return the values of a user or a group by the paths of the attributes."""
    document = orjson.loads(resource.document)
    found = flat(user_attributes(document))
    if ROLE in document:
        found |= {ACTIVE: document[ACTIVE], ROLE: document[ROLE]}
    return found


def _origins(events: Sequence[DescribedEvent]) -> Mapping[str, DescribedEvent]:
    """Return the event that last gave each attribute its value."""
    origins: dict[str, DescribedEvent] = {}
    for event in events:
        if event.type == "UserProvisioned":
            origins |= {ACTIVE: event, ROLE: event}
        for change in event.changes:
            origins[ROLE if change.attribute == "role" else change.attribute] = event
    return origins


@dataclass(frozen=True, slots=True)
class Difference:
    """A user or a group that is not the same at two positions, with the events between them."""

    id: UUID
    is_user: bool
    name: str
    before: Resource | None
    after: Resource | None
    moved: Sequence[tuple[Moved, str]]  # Who joined and left a group, each by name.
    events: Sequence[DescribedEvent]

    @property
    def changes(self) -> Sequence[tuple[str, Any, Any]]:
        """Return the attributes that differ, each with its values before and after."""
        before = _values(self.before) if self.before else {}
        after = _values(self.after) if self.after else {}
        return [
            (name, before.get(name), after.get(name))
            for name in (before | after)
            if before.get(name) != after.get(name)
        ]


@dataclass(frozen=True, slots=True)
class Differences:
    """A page of what differs between two positions, by id."""

    items: Sequence[Difference]
    before: int
    position: int
    has_more: bool


async def positions_between(
    runtime: Runtime, organization: Organization, begin: datetime, end: datetime
) -> tuple[int, int]:
    """Return the positions of two instants, as far as the past can be read."""
    async with runtime.reading.acquire(organization.id) as connection:
        last = await followed(connection, organization.id)
        return (
            await position_of(connection, organization.id, begin, end=last),
            await position_of(connection, organization.id, end, end=last),
        )


async def differences(
    runtime: Runtime,
    organization: Organization,
    before: int,
    position: int,
    *,
    after: UUID | None,
    limit: int,
) -> Differences:
    """Return the users and groups that differ between two positions, by id, after one of them."""
    async with runtime.reading.acquire(organization.id) as connection:
        found: list[Difference] = []
        while len(found) <= limit:
            piece = await next_touched_streams(
                connection,
                organization.id,
                after=before,
                position=position,
                beyond=after,
                limit=PIECE,
            )
            found += await _differing(connection, organization.id, piece, before, position)
            if len(piece) < PIECE:
                break
            after = piece[-1]
        shown = found[:limit]
        items = await _explained(connection, runtime, organization, shown, before, position)
    return Differences(items, before, position, len(found) > limit)


async def _differing(  # noqa: PLR0917 - which streams, between which positions.
    connection: Connection, organization_id: UUID, ids: Sequence[UUID], before: int, position: int
) -> list[Difference]:
    """Return which of some streams differ, by id, without names and events."""
    found: dict[UUID, Difference] = {}
    moved: dict[UUID, list[tuple[Moved, str]]] = {}
    for move in await membership_changes(
        connection, organization_id, ids, before=before, position=position
    ):
        moved.setdefault(move.group_id, []).append((move, str(move.member_id)))
    for is_user in (True, False):
        then = await _read(connection, organization_id, ids, before, is_user=is_user)
        now = await _read(connection, organization_id, ids, position, is_user=is_user)
        for each in then.keys() | now.keys():
            made = Difference(
                each, is_user, str(each), then.get(each), now.get(each), moved.get(each, ()), ()
            )
            if made.changes or made.moved:
                found[each] = made
    return [found[each] for each in ids if each in found]


async def _explained(  # noqa: PLR0917 - the same, and by what they are named.
    connection: Connection,
    runtime: Runtime,
    organization: Organization,
    found: Sequence[Difference],
    before: int,
    position: int,
) -> list[Difference]:
    """Return differences with names and with the events that made them."""
    if not found:
        return []
    wanted = Search(after_position=before, streams=[each.id for each in found])
    activities = await _newest(connection, organization.id, wanted, position)
    events = await describe(connection, runtime.sealer, organization, activities)
    members = {each.member_id for item in found for each, _ in item.moved}
    names = await read_subjects(
        connection,
        runtime.sealer,
        organization.id,
        members | {each.id for each in found},
        position=position,
    )

    def name(resource_id: UUID) -> str:
        subject = names.get(resource_id)
        return subject.name if subject else str(resource_id)

    return [
        Difference(
            each.id,
            each.is_user,
            name(each.id),
            each.before,
            each.after,
            [(moved, name(moved.member_id)) for moved, _ in each.moved],
            [event for event in events if event.resource_id == each.id],
        )
        for each in found
    ]
