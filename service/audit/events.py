"""The routes of searches and timelines."""

from uuid import UUID

from service.api.call import Call
from service.api.cursor import write_cursor
from service.audit.messages import (
    ActorRow,
    ChangeRow,
    EventRow,
    EventsQuery,
    PagePosition,
    TokenName,
)
from service.audit.parameters import EVENTS, read_page, read_search
from service.replay.answers import Events, search_events, timeline_of_group, timeline_of_user
from service.replay.describe import DescribedEvent


async def list_events(call: Call, query: EventsQuery) -> PagePosition[EventRow]:
    """GET /events."""
    page, wanted = read_page(query), await read_search(call, query)
    return _answer(await search_events(call.runtime, call.organization, wanted, page))


async def timeline_of_person(
    call: Call, user_id: UUID, query: EventsQuery
) -> PagePosition[EventRow]:
    """GET /users/{id}/timeline."""
    page, wanted = read_page(query), await read_search(call, query)
    found = await timeline_of_user(
        call.runtime, call.organization, user_id, wanted=wanted, page=page
    )
    return _answer(found)


async def timeline_of_one_group(
    call: Call, group_id: UUID, query: EventsQuery
) -> PagePosition[EventRow]:
    """GET /groups/{id}/timeline."""
    page, wanted = read_page(query), await read_search(call, query)
    found = await timeline_of_group(
        call.runtime, call.organization, group_id, wanted=wanted, page=page
    )
    return _answer(found)


def _answer(found: Events) -> PagePosition[EventRow]:
    last = found.events[-1].position if found.events and found.has_more else None
    cursor = None if last is None else write_cursor(EVENTS, last, found.position)
    rows = [event_row(each) for each in found.events]
    return PagePosition[EventRow](items=rows, next_cursor=cursor, position=found.position)


def event_row(event: DescribedEvent) -> EventRow:
    """Return an event as it is answered."""
    return EventRow(
        position=event.position,
        recorded_at=event.recorded_at,
        type=event.type,
        resource_type=event.resource_type,
        resource_id=event.resource_id,
        resource_name=event.resource_name,
        actor=ActorRow(id=event.actor.id, name=event.actor.name, kind=event.actor.kind),
        token=TokenName(id=event.token_id, label=event.token_label) if event.token_id else None,
        request_id=event.request_id,
        source=event.source,
        sentence=event.sentence,
        facts=dict(event.facts),
        changes=[
            ChangeRow(
                attribute=each.attribute,
                before=each.before,
                after=each.after,
                is_erased=each.is_erased,
            )
            for each in event.changes
        ],
    )
