"""Turn the parameters of audit requests into what the use cases take."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from projections.history.search import Search
from schema.scim.errors import InvalidValue, NotFound
from service.api.call import Call
from service.api.cursor import a_position, read_key
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
from service.replay.resolve import find_role
from service.replay.wanted import NOTHING, actors_of, positions_of, streams_of, types_in

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
    after, position = read_key(EVENTS, query.cursor, a_position, a_position) or (None, None)
    return Page(query.order, after=after, position=position, limit=query.limit)


async def read_search(call: Call, query: WantedQuery) -> Search:
    """Return which events are wanted. Errors: BadQuery."""
    begin, end = read_period(query)
    organization, runtime = call.organization, call.runtime
    async with runtime.pool.acquire() as connection:
        place = (connection, runtime.sealer, organization.id)
        try:
            streams = await streams_of(
                *place, resource=query.resource, user_name=query.user_name, group=query.group
            )
        except NotFound:
            call.sought.update(each for each in (query.group, query.user_name) if each)
            return NOTHING
        call.asked_for.update(streams or ())
        if query.user_name and not streams:
            call.sought.add(query.user_name)
        after, last = await positions_of(connection, organization.id, begin, end)
        wanted = Search(
            after_position=after,
            to_position=last,
            actors=await _actors(call, connection, query.actor),
            token_id=query.token or query.client,
            streams=streams,
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
        return wanted.within(cycle) or NOTHING


async def _actors(call: Call, connection: Connection, actor: str | None) -> list[str] | None:
    """Return the ids of who acted; a name that nobody has is noted."""
    found = await actors_of(connection, call.runtime.sealer, call.organization.id, actor)
    if actor is not None and as_id(actor) is None and found == [actor]:
        call.sought.add(actor)
    return found


def read_period(query: PeriodQuery | EvidenceQuery) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last instant that count. Errors: BadQuery."""
    try:
        zone = read_zone(query.zone)
    except IllegalInstant as error:
        raise refused("zone", str(error)) from None
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
    try:
        return types_in(text)
    except InvalidValue as error:
        raise refused("type", error.detail) from None


def read_role(call: Call, wanted: str | None) -> UUID | None:
    """Return a role by its id or name; None if none is named. Errors: BadQuery."""
    if wanted is None:
        return None
    try:
        return find_role(call.organization, wanted)
    except NotFound as error:
        raise refused("role", error.detail) from None
