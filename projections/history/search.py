"""Search the log: which events match, newest or oldest first, page by page.

The search reads `activity`, which holds every event without its sealed values. It may lag, so an answer states the
position that it was computed at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.history.read import Activity, activities
from schema.events.organization import OrganizationEvent

statement = statements_in(__package__)

Order = Literal["desc", "asc"]
ORGANIZATION_TYPES: Final = frozenset(each.__name__ for each in get_args(OrganizationEvent))


@dataclass(frozen=True, slots=True)
class Search:
    """Which events are wanted. None asks for all; what is given must all be true of an event."""

    after_position: int | None = None  # Events after it.
    to_position: int | None = None  # Events up to it.
    actors: Sequence[str] | None = None
    token_id: UUID | None = None
    streams: Sequence[UUID] | None = None  # Users, groups, or the organization.
    member_id: UUID | None = None  # With its own events, those by which it joined and left groups.
    types: Sequence[str] | None = None
    role_id: UUID | None = None  # It is assigned, or assigned no longer.
    request_id: UUID | None = None
    source: str | None = None
    attribute: str | None = None  # By its path; roleId and active are attributes too.

    def within(self, other: "Search") -> "Search | None":
        """Return this search within the positions, token and source of another; None if nothing can match both."""
        tokens = {self.token_id, other.token_id} - {None}
        sources = {self.source, other.source} - {None}
        if len(tokens) > 1 or len(sources) > 1:
            return None
        ends = [each.to_position for each in (self, other) if each.to_position is not None]
        return replace(
            self,
            after_position=max(self.after_position or 0, other.after_position or 0),
            to_position=min(ends, default=None),
            token_id=next(iter(tokens), None),
            source=next(iter(sources), None),
        )


async def reached(connection: Connection, organization_id: UUID) -> int:
    """Return the position up to which history has the log of an organization; 0 if it has nothing of it."""
    found: int | None = await connection.fetchval(statement("read_reached"), organization_id)
    return found or 0


async def search(
    connection: Connection,
    organization_id: UUID,
    wanted: Search,
    *,
    order: Order,
    after: int | None,
    position: int,
    limit: int,
) -> list[Activity]:
    """Return the events that match, up to a position of the log, as far as it was reached.

    `after` is the position of the last event of the page before.
    """
    conditions, arguments = _conditions(_narrowed(wanted, organization_id))
    values: list[Any] = [organization_id, position, limit]
    clauses = []
    if after is not None:
        values.append(after)
        clauses.append(f"position {'<' if order == 'desc' else '>'} ${len(values)}")
    for condition, argument in zip(conditions, arguments, strict=True):
        values.append(argument)
        clauses.append(condition.format(value=f"${len(values)}"))
    where = "".join(f"\n   AND {each}" for each in clauses)
    query = statement("search_activity").format(where=where, order=order)
    return activities(await connection.fetch(query, *values))


def _narrowed(wanted: Search, organization_id: UUID) -> Search:
    """Return a search that an index serves: events of an organization are rare, and in its own stream."""
    is_of_organization = wanted.types is not None and ORGANIZATION_TYPES.issuperset(wanted.types)
    if not is_of_organization or wanted.streams is not None or wanted.member_id is not None:
        return wanted
    return replace(wanted, streams=[organization_id])


def _conditions(wanted: Search) -> tuple[list[str], list[Any]]:
    """Return conditions, each with {value} for its one argument, and the arguments."""
    found = list(_found(wanted))
    return [condition for condition, _ in found], [argument for _, argument in found]


def _found(wanted: Search) -> Iterator[tuple[str, Any]]:
    simple = {
        "position > {value}": wanted.after_position,
        "position <= {value}": wanted.to_position,
        "actor_id = ANY({value}::text[])": wanted.actors,
        "token_id = {value}": wanted.token_id,
        "stream_id = ANY({value}::uuid[])": wanted.streams,
        "type = ANY({value}::text[])": wanted.types,
        "request_id = {value}": wanted.request_id,
        "source = {value}": wanted.source,
    }
    yield from ((condition, each) for condition, each in simple.items() if each is not None)
    if wanted.member_id is not None:
        yield statement("of_member").strip(), wanted.member_id
    if wanted.role_id is not None:
        yield statement("of_role").strip(), str(wanted.role_id)
    if wanted.attribute is not None:
        yield statement("of_attribute").strip(), wanted.attribute


async def count_of_token(
    connection: Connection, organization_id: UUID, token_id: UUID, *, after: int, position: int
) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many events came over SCIM with a token between two positions, and their members, by type."""
    rows = await connection.fetch(
        statement("count_activity"), organization_id, token_id, after, position
    )
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}
