"""Answers to the questions of auditors. Each says the position of the log that it was computed at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from projections.history.read import (
    AccessPeriod,
    Activity,
    GroupPeriod,
    Holder,
    MembershipPeriod,
    RolePeriod,
    access_of,
    holders_at,
    members_at_position,
    memberships_of,
    roles_of,
)
from projections.history.search import Order, Search, reached, search
from schema.events.organization import Organization
from schema.scim.errors import NotFound
from service.replay.describe import DescribedEvent, describe
from service.replay.names import read_names
from service.replay.subjects import Subject, read_subjects
from service.replay.wanted import position_of
from service.runtime import Runtime

ACCESS_EVENTS_MAX: Final = 10_000  # Of one person.
PAGE: Final = 1_000  # Events that are read at a time.
ACCESS_TYPES: Final = (
    *("UserProvisioned", "RoleAssigned", "UserDeactivated", "UserReactivated", "UserDeleted"),
    *("MembersAdded", "MembersRemoved", "GroupDeleted", "UserErased"),
)


@dataclass(frozen=True, slots=True)
class Events:
    """A page of events. `has_more` says whether the next page has any."""

    events: Sequence[DescribedEvent]
    position: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page of a search begins and how long it is."""

    order: Order = "desc"
    after: int | None = None  # The position of the last event of the page before.
    position: int | None = None  # That of the first page, so that pages do not shift.
    limit: int = 50


async def search_events(
    runtime: Runtime,
    organization: Organization,
    wanted: Search,
    page: Page,
) -> Events:
    """Return the events that match, as auditors read them."""
    async with runtime.reading.acquire(organization.id) as connection:
        position = page.position or await reached(connection, organization.id)
        found = await search(
            connection,
            organization.id,
            wanted,
            order=page.order,
            after=page.after,
            position=position,
            limit=page.limit + 1,
        )
        shown: list[Activity] = found[: page.limit]
        events = await describe(
            connection, runtime.sealer, organization, shown, first=wanted.member_id
        )
    return Events(events, position, len(found) > page.limit)


async def first_events(
    runtime: Runtime, organization: Organization, wanted: Search, *, order: Order, most: int
) -> Events:
    """Return the first `most` events that match, in an order, read in pages. `has_more` says whether there are others."""
    events: list[DescribedEvent] = []
    page = Page(order, limit=min(PAGE, most))
    while True:
        found = await search_events(runtime, organization, wanted, page)
        events += found.events
        if not found.has_more or len(events) >= most:
            return Events(events, found.position, found.has_more)
        rest = min(PAGE, most - len(events))
        page = Page(order, events[-1].position, found.position, rest)


async def timeline_of_user(
    runtime: Runtime, organization: Organization, user_id: UUID, *, wanted: Search, page: Page
) -> Events:
    """Return what happened to a person, with the groups that it joined and left; also after its deletion.

    Errors: NotFound.
    """
    await _existing(runtime, organization.id, user_id, is_user=True)
    return await search_events(runtime, organization, replace(wanted, member_id=user_id), page)


async def timeline_of_group(
    runtime: Runtime, organization: Organization, group_id: UUID, *, wanted: Search, page: Page
) -> Events:
    """Return what happened to a group, also after its deletion. Errors: NotFound."""
    await _existing(runtime, organization.id, group_id, is_user=False)
    is_asked_for = wanted.streams is None or group_id in wanted.streams
    narrowed = replace(wanted, streams=[group_id] if is_asked_for else [])
    return await search_events(runtime, organization, narrowed, page)


@dataclass(frozen=True, slots=True)
class Access:
    """What access a person had: roles, the state of the account, groups, and the events that changed them."""

    subject: Subject
    roles: Sequence[RolePeriod]
    active: Sequence[AccessPeriod]
    groups: Sequence[tuple[GroupPeriod, str]]  # Each with the name of the group.
    events: Sequence[DescribedEvent]  # The newest ACCESS_EVENTS_MAX, oldest first.
    lost_by: DescribedEvent | None  # The event that ended the last period of access.
    position: int

    @property
    def has_access(self) -> bool:
        """Return whether the account is active."""
        return bool(self.active) and self.active[-1].to_at is None

    @property
    def lost_at(self) -> datetime | None:
        """Return when the person lost access; None while it has access, or if it never had any."""
        return self.active[-1].to_at if self.active else None


async def access_of_user(runtime: Runtime, organization: Organization, user_id: UUID) -> Access:
    """Return when and why a person got and lost access. Errors: NotFound."""
    subject = await _existing(runtime, organization.id, user_id, is_user=True)
    wanted = Search(member_id=user_id, types=ACCESS_TYPES)
    newest = await first_events(runtime, organization, wanted, order="desc", most=ACCESS_EVENTS_MAX)
    async with runtime.reading.acquire(organization.id) as connection:
        active = await access_of(connection, organization.id, user_id)
    lost_by = None
    if active and (end := active[-1].to_position) is not None:
        ended = Search(end - 1, end, streams=[user_id])
        lost_by = next(
            iter((await search_events(runtime, organization, ended, Page())).events), None
        )
    async with runtime.reading.acquire(organization.id) as connection:
        groups = await memberships_of(connection, organization.id, user_id)
        names = await read_subjects(
            connection, runtime.sealer, organization.id, {each.group_id for each in groups}
        )
        return Access(
            subject,
            await roles_of(connection, organization.id, user_id),
            active,
            [(each, _name(names, each.group_id)) for each in groups],
            newest.events[::-1],
            lost_by,
            newest.position,
        )


@dataclass(frozen=True, slots=True)
class NamedHolder:
    """Somebody who held a role, by name."""

    holder: Holder
    name: str
    display_name: str | None


@dataclass(frozen=True, slots=True)
class Holders:
    """A page of who held a role at a position."""

    items: Sequence[NamedHolder]
    position: int
    has_more: bool


async def role_holders(
    runtime: Runtime,
    organization: Organization,
    role_id: UUID,
    *,
    at: datetime | None = None,
    position: int | None = None,
    after: UUID | None = None,
    limit: int = 200,
) -> Holders:
    """Return who held a role at an instant, by id; without one, who holds it now."""
    async with runtime.reading.acquire(organization.id) as connection:
        end = await reached(connection, organization.id)
        position = await position_of(connection, organization.id, at, position, end=end)
        found = await holders_at(
            connection, organization.id, role_id, position, limit=limit + 1, after=after
        )
        items = await name_holders(connection, runtime, organization, found[:limit], position)
    return Holders(items, position, len(found) > limit)


async def name_holders(  # noqa: PLR0917 - whom, as of when.
    connection: Connection,
    runtime: Runtime,
    organization: Organization,
    holders: Sequence[Holder],
    position: int,
) -> list[NamedHolder]:
    """Return holders by the names that they had at a position."""
    named = await read_names(
        connection,
        runtime.sealer,
        organization.id,
        [each.user_id for each in holders],
        position=position,
    )
    return [NamedHolder(each, *named[each.user_id]) for each in holders]


@dataclass(frozen=True, slots=True)
class NamedPeriod:
    """A member that a group had, by name."""

    period: MembershipPeriod
    name: str
    display_name: str | None


@dataclass(frozen=True, slots=True)
class Members:
    """A page of who was in a group at a position."""

    items: Sequence[NamedPeriod]
    position: int
    has_more: bool


async def group_members(
    runtime: Runtime,
    organization: Organization,
    group_id: UUID,
    *,
    at: datetime | None = None,
    position: int | None = None,
    after: UUID | None = None,
    limit: int = 200,
) -> Members:
    """Return who was in a group at an instant, by id; without one, who is in it now. Errors: NotFound."""
    await _existing(runtime, organization.id, group_id, is_user=False)
    async with runtime.reading.acquire(organization.id) as connection:
        end = await reached(connection, organization.id)
        position = await position_of(connection, organization.id, at, position, end=end)
        found = await members_at_position(
            connection, organization.id, group_id, position, limit=limit + 1, after=after
        )
        shown = found[:limit]
        named = await read_names(
            connection,
            runtime.sealer,
            organization.id,
            [each.member_id for each in shown],
            position=position,
        )
    items = [NamedPeriod(each, *named[each.member_id]) for each in shown]
    return Members(items, position, len(found) > limit)


async def _existing(
    runtime: Runtime, organization_id: UUID, resource_id: UUID, *, is_user: bool
) -> Subject:
    """Return a user or a group that exists or once existed. Errors: NotFound."""
    async with runtime.reading.acquire(organization_id) as connection:
        found = await read_subjects(connection, runtime.sealer, organization_id, [resource_id])
    subject = found.get(resource_id)
    if subject is None or subject.is_user is not is_user:
        raise NotFound(f"There is no {'user' if is_user else 'group'} {resource_id}.")
    return subject


def _name(named: dict[UUID, Subject], resource_id: UUID) -> str:
    subject = named.get(resource_id)
    return subject.name if subject else str(resource_id)
