"""Reading the past: a GET of users or groups with the header SCIM-As-Of answers as it would have then."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from eventstore.read import position_at
from projections.directory.queries.past import followed
from schema.scim.errors import InvalidValue, Unavailable
from service.http.answer import Answer
from service.replay.instants import IllegalInstant, read_end
from service.scim.context import RequestContext

AS_OF: Final = "SCIM-As-Of"
SEND: Final = "Send one instant with its zone, such as 2026-03-31T17:00:00Z, or a date, which means its end in UTC."


def refuse_as_of(request: web.Request) -> None:
    """Refuse the header where it would be passed over: on writes, and on what has no past. Errors: InvalidValue."""
    if AS_OF in request.headers:
        raise InvalidValue(
            f"{AS_OF} is for GET on /Users, /Users/{{id}}, /Groups and /Groups/{{id}} only; leave the header out."
        )


async def read_as_of(request: web.Request, context: RequestContext) -> int | None:
    """Return the position of the log that a request asks for; None asks for the present.

    Errors: InvalidValue. Unavailable, if the past up to there is still being written.
    """
    sent = request.headers.getall(AS_OF, None)
    if sent is None:
        return None
    instant = _instant(sent)
    async with context.service.queries.reading(context.organization_id) as connection:
        position = await position_at(connection, context.organization_id, instant)
        reached = await followed(connection, context.organization_id)
    if position > reached:
        raise Unavailable(
            f"The past is written up to position {reached:,} of the log, and {AS_OF} asks for {position:,}; try again."
        )
    return position


def _instant(sent: list[str]) -> datetime:
    if len(sent) > 1:
        raise InvalidValue(f"There are several {AS_OF} headers. {SEND}")
    try:
        instant = read_end(sent[0].strip(), ZoneInfo("UTC"))
    except IllegalInstant as error:
        raise InvalidValue(f"{AS_OF}: {error}") from None
    if instant > datetime.now(UTC):
        raise InvalidValue(
            f"{AS_OF} lies in the future. Send an instant that has passed, or leave it out for now."
        )
    return instant


def varying(answer: Answer) -> Answer:
    """Return an answer that says which header chose it (RFC 9110 §12.5.5)."""
    answer.headers["Vary"] = AS_OF
    return answer
