"""Turn the parameters of audit requests into what the use cases take."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from projections.history.search import Search
from schema.events.codec import TYPES
from schema.scim.errors import NotFound
from service.api.call import Call
from service.api.cursor import bad_cursor, read_cursor
from service.api.models import FieldProblem
from service.api.problem import BadQuery
from service.audit.messages import (
    DiffQuery,
    EventsQuery,
    InstantQuery,
    PeriodQuery,
    WantedQuery,
)
from service.audit.proof_messages import EvidenceQuery
from service.ids import as_id
from service.replay.answers import Page
from service.replay.cycles import search_of_cycle
from service.replay.instants import (
    DATE,
    MICROSECOND,
    IllegalInstant,
    read_begin,
    read_end,
    read_zone,
)
from service.replay.resolve import find_group, find_people, find_role
from service.replay.wanted import positions_of

EVENTS: Final = "events"  # The kind of cursors.


def refused(parameter: str, detail: str) -> BadQuery:
    """Return the refusal of a parameter."""
    return BadQuery(
        f"The query is refused. {parameter}: {detail}",
        [FieldProblem(parameter=parameter, detail=detail)],
    )


def read_at(query: InstantQuery) -> datetime | None:
    """Return the instant that a list is asked for; None for now. Errors: BadQuery."""
    try:
        zone = read_zone(query.zone)
    except IllegalInstant as error:
        raise refused("zone", str(error)) from None
    try:
        return read_end(query.at, zone) if query.at is not None else None
    except IllegalInstant as error:
        raise refused("at", str(error)) from None


def read_page(query: EventsQuery) -> Page:
    """Return where a page of a search begins. Errors: BadQuery."""
    key = read_cursor(EVENTS, query.cursor)
    if key is None:
        return Page(query.order, limit=query.limit)
    if len(key) != 2 or not all(isinstance(each, int) and 0 <= each < 2**63 for each in key):  # noqa: PLR2004 - after and position.
        raise bad_cursor()
    return Page(query.order, after=key[0], position=key[1], limit=query.limit)


async def read_search(call: Call, query: WantedQuery) -> Search | None:
    """Return which events are wanted; None if none can match. Errors: BadQuery."""
    begin, end = read_period(query)
    organization, runtime = call.organization, call.runtime
    async with runtime.pool.acquire() as connection:
        streams = None if query.resource is None else {query.resource}
        actors = None
        try:
            if query.group is not None:
                group = {await find_group(connection, organization.id, query.group)}
                streams = group if streams is None else streams & group
            if query.user_name is not None:
                named = set(
                    await find_people(connection, runtime.sealer, organization.id, query.user_name)
                )
                streams = named if streams is None else streams & named
            if query.actor is not None:
                actors = [query.actor]
                if as_id(query.actor) is None:
                    actors += map(
                        str,
                        await find_people(connection, runtime.sealer, organization.id, query.actor),
                    )
        except NotFound:
            return None
        if streams is not None and not streams:
            return None
        call.asked_for.update(streams or ())
        after, last = await positions_of(connection, organization.id, begin, end)
        wanted = Search(
            after_position=after,
            to_position=last,
            actors=actors,
            token_id=query.token or query.client,
            streams=None if streams is None else sorted(streams),
            types=read_types(query.type),
            role_id=read_role(call, query.role),
            request_id=query.request,
            source=query.source,
            attribute=query.attribute,
        )
        if query.cycle is None:
            return wanted
        try:
            cycle = await search_of_cycle(connection, organization.id, query.cycle)
        except NotFound as error:
            raise refused("cycle", error.detail) from None
        return wanted.within(cycle)


def read_period(query: PeriodQuery | EvidenceQuery) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last instant that count. Errors: BadQuery."""
    try:
        zone = read_zone(query.zone)
    except IllegalInstant as error:
        raise refused("zone", str(error)) from None
    begin = end = None
    try:
        begin = read_begin(query.from_, zone) if query.from_ is not None else None
    except IllegalInstant as error:
        raise refused("from", str(error)) from None
    try:
        end = read_end(query.to, zone) if query.to is not None else None
    except IllegalInstant as error:
        raise refused("to", str(error)) from None
    if begin is not None and end is not None and end < begin:
        raise refused("to", "The end is before the beginning; exchange from and to.")
    return begin, end


def read_two_instants(query: DiffQuery) -> tuple[datetime, datetime]:
    """Return the two instants of a comparison. A day is compared from the last instant before it. Errors: BadQuery."""
    given = EventsQuery(from_=query.from_, to=query.to, zone=query.zone)
    begin, end = read_period(given)
    assert begin is not None
    now = datetime.now(UTC)
    if end is None and begin > now:
        raise refused("from", "It lies in the future; send an instant that has passed.")
    try:
        return begin - MICROSECOND if DATE.fullmatch(query.from_) else begin, end or now
    except OverflowError:
        raise refused("from", "It is too early; send a later instant.") from None


def read_types(text: str | None) -> list[str] | None:
    """Return the event types in a list. Errors: BadQuery, which names the types that there are."""
    if text is None:
        return None
    known = {each.lower(): each for each in TYPES}
    wanted = [each.strip() for each in text.split(",") if each.strip()]
    for each in wanted:
        if each.lower() not in known:
            raise refused("type", f"There is no event {each[:60]!r}; there are {', '.join(TYPES)}.")
    return [known[each.lower()] for each in wanted]


def read_role(call: Call, wanted: str | None) -> UUID | None:
    """Return a role by its id or name; None if none is named. Errors: BadQuery."""
    if wanted is None:
        return None
    try:
        return find_role(call.organization, wanted)
    except NotFound as error:
        raise refused("role", error.detail) from None
