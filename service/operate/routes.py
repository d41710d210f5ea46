"""The routes of the operators' API, with their messages and handlers."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import Field

from projections.directory.organizations import list_organizations
from projections.maintenance.status import Status, load_statuses
from service.api.cursor import page_of, read_id_cursor
from service.api.models import ListQuery, Message, Page
from service.api.route import Api, Route
from service.callers.scopes import OPERATE
from service.operate.authenticate import OperatorCall, authenticate_operator

ORGANIZATIONS: Final = "operated organizations"  # The kind of cursors.


class OperatedOrganization(Message):
    """An organization, as an operator sees it: no person of it."""

    id: UUID
    name: str
    created_at: datetime
    suspended_since: datetime | None
    suspended_because: str | None


class ProjectionStatus(Message):
    """Whether a projection is complete and current."""

    name: str
    is_current: bool = Field(description="Its tables are what this release would build.")
    is_rebuilding: bool
    behind_events: int = Field(description="That it has still to follow, over all organizations.")
    behind_seconds: float
    parked_streams: int


class ProjectionList(Message):
    """All projections."""

    items: list[ProjectionStatus]


async def organizations(call: OperatorCall, query: ListQuery) -> Page[OperatedOrganization]:
    """GET /organizations."""
    after = read_id_cursor(ORGANIZATIONS, query.cursor)
    async with call.runtime.pool.acquire() as connection:
        found = await list_organizations(connection)
    following = sorted(
        (each for each in found if after is None or each.id > after), key=lambda each: each.id
    )
    rows = [
        OperatedOrganization(
            id=each.id,
            name=each.name,
            created_at=each.created_at,
            suspended_since=each.suspension.since if each.suspension else None,
            suspended_because=each.suspension.reason if each.suspension else None,
        )
        for each in following[: query.limit + 1]
    ]
    return page_of(rows, query.limit, ORGANIZATIONS, lambda row: [row.id])


async def projections(call: OperatorCall) -> ProjectionList:
    """GET /projections."""
    async with call.runtime.pool.acquire() as connection:
        return ProjectionList(items=[_row(each) for each in await load_statuses(connection)])


def _row(status: Status) -> ProjectionStatus:
    return ProjectionStatus(
        name=status.projection.name,
        is_current=status.is_current,
        is_rebuilding=status.is_rebuilding,
        behind_events=sum(each.events for each in status.lags),
        behind_seconds=max((each.seconds for each in status.lags), default=0.0),
        parked_streams=len(status.parked),
    )


OPERATE_API: Final = Api(
    prefix="/api/operate/v1",
    title="Operate",
    authenticate=authenticate_operator,
    routes=(
        Route(
            *("GET", "/organizations", OPERATE, organizations),
            "List all organizations.",
            query=ListQuery,
            answer=Page[OperatedOrganization],
        ),
        Route(
            *("GET", "/projections", OPERATE, projections),
            "Read whether each projection is complete and current.",
            answer=ProjectionList,
        ),
    ),
)
