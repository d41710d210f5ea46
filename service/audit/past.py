"""The routes of the past: who held a role, who was in a group, what access a person had."""

from typing import Any
from uuid import UUID

from projections.directory.actors import name_actors
from projections.history.read import AccessPeriod, GroupPeriod, RolePeriod
from service.api.call import Call
from service.api.cursor import a_position, an_id, read_key, write_cursor
from service.audit.events import event_row
from service.audit.messages import (
    AccessAnswer,
    ActorRow,
    AtQuery,
    GroupPeriodRow,
    HolderRow,
    MemberAtRow,
    PagePosition,
    PeriodRow,
    RolePeriodRow,
)
from service.audit.parameters import read_at
from service.replay.answers import access_of_user, group_members, role_holders
from service.replay.resolve import find_role

HOLDERS, MEMBERS = "holders", "members"  # Of cursors.


async def holders(call: Call, role: str, query: AtQuery) -> PagePosition[HolderRow]:
    """GET /roles/{role}/holders."""
    at, (after, position) = read_at(query), _place(HOLDERS, query.cursor)
    role_id = find_role(call.organization, role)
    found = await role_holders(
        call.runtime,
        call.organization,
        role_id,
        at=at,
        position=position,
        after=after,
        limit=query.limit,
    )
    async with call.runtime.pool.acquire() as connection:
        acted = [
            (each.holder.period.assigned_by, each.holder.period.source) for each in found.items
        ]
        actors = await name_actors(connection, call.organization.id, acted)
    rows = []
    for each in found.items:
        period, actor = each.holder.period, actors[each.holder.period.assigned_by]
        rows.append(
            HolderRow(
                id=each.holder.user_id,
                user_name=each.name,
                display_name=each.display_name,
                active=each.holder.is_active,
                since=period.from_at,
                until=period.to_at,
                assigned_by=ActorRow(id=actor.id, name=actor.name, kind=actor.kind),
                position=period.from_position,
            )
        )
    cursor = _next(HOLDERS, rows[-1].id if found.has_more else None, found.position)
    return PagePosition[HolderRow](items=rows, next_cursor=cursor, position=found.position)


async def members(call: Call, group_id: UUID, query: AtQuery) -> PagePosition[MemberAtRow]:
    """GET /groups/{id}/members."""
    at, (after, position) = read_at(query), _place(MEMBERS, query.cursor)
    found = await group_members(
        call.runtime,
        call.organization,
        group_id,
        at=at,
        position=position,
        after=after,
        limit=query.limit,
    )
    rows = [
        MemberAtRow(
            id=each.period.member_id,
            type="Group" if each.period.member_type == "Group" else "User",
            user_name=each.name if each.period.member_type == "User" else None,
            display_name=each.display_name,
            since=each.period.from_at,
            until=each.period.to_at,
            position=each.period.from_position,
        )
        for each in found.items
    ]
    cursor = _next(MEMBERS, rows[-1].id if found.has_more else None, found.position)
    return PagePosition[MemberAtRow](items=rows, next_cursor=cursor, position=found.position)


async def access(call: Call, user_id: UUID) -> AccessAnswer:
    """GET /users/{id}/access."""
    found = await access_of_user(call.runtime, call.organization, user_id)
    return AccessAnswer(
        id=user_id,
        user_name=found.subject.name,
        has_access=found.has_access,
        lost_at=found.lost_at,
        lost_by=found.lost_by.sentence if found.lost_by else None,
        roles=[
            RolePeriodRow(
                role=call.organization.role_name(each.role_id) or str(each.role_id),
                **_period(each),
            )
            for each in found.roles
        ],
        active=[PeriodRow(**_period(each)) for each in found.active],
        groups=[
            GroupPeriodRow(group_id=each.group_id, group=name, **_period(each))
            for each, name in found.groups
        ],
        events=[event_row(each) for each in found.events],
        position=found.position,
    )


def _period(each: RolePeriod | AccessPeriod | GroupPeriod) -> dict[str, Any]:
    return {
        "since": each.from_at,
        "until": each.to_at,
        "from_position": each.from_position,
        "to_position": each.to_position,
    }


def _place(kind: str, cursor: str | None) -> tuple[UUID | None, int | None]:
    """Return the last id of the page before, and the position of the first page. Errors: BadQuery."""
    after, position = read_key(kind, cursor, an_id, a_position) or (None, None)
    return after, position


def _next(kind: str, last: UUID | None, position: int) -> str | None:
    return None if last is None else write_cursor(kind, last, position)
