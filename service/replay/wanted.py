"""What an auditor asks for, as a search takes it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import find_position_before, position_at
from eventstore.sealing.sealer import Sealer
from projections.history.search import Search
from schema.events.codec import TYPES
from schema.scim.errors import InvalidValue
from service.ids import as_id
from service.replay.resolve import find_group, find_people

NOTHING: Final = Search(streams=[])  # No event matches.


async def positions_of(
    connection: Connection, organization_id: UUID, begin: datetime | None, end: datetime | None
) -> tuple[int | None, int | None]:
    """Return the position before a period, and its last one. An end that is None is None again."""
    after = (
        None if begin is None else await find_position_before(connection, organization_id, begin)
    )
    last = None if end is None else await position_at(connection, organization_id, end)
    return after, last


async def position_of(
    connection: Connection,
    organization_id: UUID,
    at: datetime | None,
    position: int | None = None,
    *,
    end: int,
) -> int:
    """Return the position that an answer is computed at: the one that is asked for, else that of an instant, else `end`.

    It is never beyond `end`, up to which what answers has followed the log.
    """
    if position is not None:
        return min(position, end)
    return end if at is None else min(end, await position_at(connection, organization_id, at))


async def streams_of(
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    *,
    resource: UUID | None = None,
    user_name: str | None = None,
    group: str | None = None,
) -> list[UUID] | None:
    """Return the streams that are all that is named; None if nothing is. Errors: NotFound for the group."""
    named: list[set[UUID]] = []
    if resource is not None:
        named.append({resource})
    if group is not None:
        named.append({await find_group(connection, organization_id, group)})
    if user_name is not None:
        named.append(set(await find_people(connection, sealer, organization_id, user_name)))
    return sorted(set.intersection(*named)) if named else None


async def actors_of(
    connection: Connection, sealer: Sealer, organization_id: UUID, actor: str | None
) -> list[str] | None:
    """Return the ids of who acted under an id or a userName; None if nobody is named."""
    if actor is None:
        return None
    if as_id(actor) is not None:
        return [actor]
    return [actor, *map(str, await find_people(connection, sealer, organization_id, actor))]


def types_in(text: str | None) -> list[str] | None:
    """Return the event types in a list, in any case. Errors: InvalidValue, which names the types that there are."""
    if text is None:
        return None
    known = {each.lower(): each for each in TYPES}
    wanted = [each.strip() for each in text.split(",") if each.strip()]
    for each in wanted:
        if each.lower() not in known:
            raise InvalidValue(f"There is no event {each[:60]!r}; there are {', '.join(TYPES)}.")
    return [known[each.lower()] for each in wanted]
