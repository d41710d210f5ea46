"""Reports ready to print: access on a day, role changes, leavers, administrators over time, people not seen."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import position_at
from projections.history.read import access_of, last_provisioned, memberships_of, roles_of
from projections.history.search import Search, reached
from schema.events.organization import TOKEN_ROLE, Organization
from service.replay.answers import Page, search_events
from service.replay.describe import DescribedEvent
from service.replay.export import ACCESS_COLUMNS, Row, access_rows
from service.replay.instants import earlier
from service.replay.wanted import positions_of
from service.runtime import Runtime

ROWS_MAX: Final = 100_000
PAGE: Final = 500
TITLES: Final[Mapping[str, str]] = {
    "access": "Access on a day",
    "role-changes": "Role changes in a period",
    "leavers": "People who left in a period, and how long their access stayed",
    "administrators": "Administrators over time",
    "unseen": "People whom provisioning has not touched",
}


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when; the end counts."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Table:
    """A report: its title, what it covers, and its rows."""

    title: str
    covers: str
    columns: Sequence[str]
    rows: Sequence[Row]
    position: int


async def report(
    runtime: Runtime,
    organization: Organization,
    name: str,
    period: Period,
    *,
    days: int = 90,
) -> Table:
    """Return a report by its name. `days` is for `unseen`; a report of one day looks at the end of the period."""
    async with runtime.pool.acquire() as connection:
        now = await reached(connection, organization.id)
        last = min(now, await position_at(connection, organization.id, period.end))
    span = f"from {period.begin:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M} UTC"
    match name:
        case "access":
            rows = [row async for page in access_rows(runtime, organization, last) for row in page]
            columns: Sequence[str] = ACCESS_COLUMNS
            span = f"as of {period.end:%Y-%m-%d %H:%M} UTC"
        case "role-changes":
            columns = ("recordedAt", "userName", "from", "to", "by", "position")
            events = _events(runtime, organization, period, ("RoleAssigned",))
            rows = [_role_change(each) async for each in events]
        case "leavers":
            columns = ("userName", "deactivatedAt", "lastAccessRemovedAt", "hours", "position")
            rows = [row async for row in _leavers(runtime, organization, period)]
        case "administrators":
            columns = ("recordedAt", "userName", "change", "by", "position")
            rows = [row async for row in _administrators(runtime, organization, period)]
        case _:
            columns = ("userName", "displayName", "role", "active", "lastSeenAt", "id")
            since = earlier(period.end, timedelta(days=days))
            rows = await _unseen(runtime, organization, last, since)
            span = f"for {days} days before {period.end:%Y-%m-%d %H:%M} UTC"
    return Table(TITLES[name], span, columns, rows[:ROWS_MAX], now)


async def _events(
    runtime: Runtime, organization: Organization, period: Period, types: Sequence[str]
) -> AsyncIterator[DescribedEvent]:
    """Yield the events of some types in a period, oldest first."""
    async with runtime.pool.acquire() as connection:
        after, last = await positions_of(connection, organization.id, period.begin, period.end)
    wanted = Search(after, last, types=types)
    page = Page("asc", limit=PAGE)
    while True:
        found = await search_events(runtime, organization, wanted, page)
        for event in found.events:
            yield event
        if not found.has_more:
            return
        page = Page("asc", found.events[-1].position, found.position, PAGE)


def _role_change(event: DescribedEvent) -> Row:
    return {
        "recordedAt": event.recorded_at,
        "userName": event.resource_name,
        "from": event.facts.get("previousRole"),
        "to": event.facts.get("role"),
        "by": event.actor.name,
        "position": event.position,
    }


async def _leavers(
    runtime: Runtime, organization: Organization, period: Period
) -> AsyncIterator[Row]:
    """Yield who was deactivated or deleted, and when the last of its access was removed."""
    types = ("UserDeactivated", "UserDeleted")
    seen: set[UUID] = set()
    async for event in _events(runtime, organization, period, types):
        if event.resource_id in seen:
            continue
        seen.add(event.resource_id)
        async with runtime.pool.acquire() as connection:
            last = await _last_access(connection, organization.id, event.resource_id)
        hours = None if last is None else round((last - event.recorded_at) / timedelta(hours=1), 2)
        yield {
            "userName": event.resource_name,
            "deactivatedAt": event.recorded_at,
            "lastAccessRemovedAt": last,
            "hours": None if hours is None else max(0.0, hours),
            "position": event.position,
        }


async def _last_access(
    connection: Connection, organization_id: UUID, user_id: UUID
) -> datetime | None:
    """Return when the last of account and memberships ended; None while any of it is left."""
    account = await access_of(connection, organization_id, user_id)
    groups = await memberships_of(connection, organization_id, user_id)
    ends = [each.to_at for each in account] + [each.to_at for each in groups]
    known = [each for each in ends if each is not None]
    return None if len(known) < len(ends) else max(known, default=None)


async def _administrators(
    runtime: Runtime, organization: Organization, period: Period
) -> AsyncIterator[Row]:
    """Yield who became an Administrator, and who no longer was one."""
    types = ("UserProvisioned", "RoleAssigned", "UserDeactivated", "UserReactivated", "UserDeleted")
    administrator = organization.roles[TOKEN_ROLE]
    async for event in _events(runtime, organization, period, types):
        change = None
        if event.facts.get("role") == TOKEN_ROLE:
            change = f"became {TOKEN_ROLE}"
        elif event.facts.get("previousRole") == TOKEN_ROLE:
            change = f"is no longer {TOKEN_ROLE}"
        elif event.type not in {"UserProvisioned", "RoleAssigned"}:
            async with runtime.pool.acquire() as connection:
                periods = await roles_of(connection, organization.id, event.resource_id)
            held = [
                each
                for each in periods
                if each.role_id == administrator
                and each.from_position <= event.position
                and (each.to_position is None or each.to_position >= event.position)
            ]
            words = {"UserDeactivated": "deactivated", "UserReactivated": "reactivated"}
            change = words.get(event.type, "deleted") if held else None
        if change:
            yield {
                "recordedAt": event.recorded_at,
                "userName": event.resource_name,
                "change": change,
                "by": event.actor.name,
                "position": event.position,
            }


async def _unseen(
    runtime: Runtime, organization: Organization, position: int, since: datetime
) -> list[Row]:
    """Return the people of whom the log has no event since an instant."""
    rows: list[Row] = []
    async for page in access_rows(runtime, organization, position):
        ids = [row["id"] for row in page]
        async with runtime.pool.acquire() as connection:
            seen = await last_provisioned(connection, organization.id, ids)
        rows += [
            {**row, "lastSeenAt": seen.get(row["id"])}
            for row in page
            if seen.get(row["id"], datetime(1, 1, 1, tzinfo=UTC)) < since
        ]
    return rows
