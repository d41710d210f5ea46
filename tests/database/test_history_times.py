"""For any time, history answers as a fold of the log up to that time does, whatever the batches were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.events import RecordedEvent
from projections.history.read import (
    members_at,
    members_at_position,
    role_at,
    role_at_position,
)
from projections.history.write import HISTORY
from schema.events import group, user
from schema.events.event import Event, Place
from schema.events.group import Group, GroupDeleted, MembersAdded, MembersRemoved
from schema.events.user import RoleAssigned, User, UserDeactivated, UserDeleted, UserReactivated
from service.write.decide.state import Decision
from tests.builders import (
    ANN,
    EDITOR,
    JO,
    READER,
    ROLES,
    SALES,
    STAFF,
    START,
    created,
    provisioned,
)
from tests.database.book import Book, follow_to_the_end

USERS, GROUPS = (JO, ANN), (SALES, STAFF)
SHARED = [HealthCheck.function_scoped_fixture]  # Each example has an organization of its own.


@dataclass(slots=True)
class World:
    """The states after the events so far."""

    users: dict[UUID, User] = field(default_factory=dict)
    groups: dict[UUID, Group] = field(default_factory=dict)

    def after(self, fact: Decision, place: Place) -> "World":
        """Return the world after a fact. This world does not change."""
        stream_id, event = fact.stream_id, fact.event
        if isinstance(event, user.UserEvent):
            changed = user.evolve(self.users.get(stream_id), event, place)
            return World({**self.users, stream_id: changed}, self.groups)
        assert isinstance(event, group.GroupEvent)
        grown = group.evolve(self.groups.get(stream_id), event, place)
        return World(self.users, {**self.groups, stream_id: grown})

    def role(self, user_id: UUID) -> UUID | None:
        """Return the role of a user, or None if the user does not exist."""
        found = self.users.get(user_id)
        return found.role_id if found and not found.is_deleted else None

    def members(self, group_id: UUID) -> list[UUID]:
        """Return the members of a group by id."""
        found = self.groups.get(group_id)
        return sorted(found.members) if found else []


def possible(world: World, stream_id: UUID) -> list[Event]:
    """Return events that can happen next in a stream."""
    if stream_id in USERS:
        return _possible_for_user(world.users.get(stream_id), f"{stream_id}@example.com")
    return _possible_for_group(world.groups.get(stream_id))


def _possible_for_user(known: User | None, name: str) -> list[Event]:
    if known is None:
        return [provisioned(name, role=READER), provisioned(name, role=EDITOR, active=False)]
    if known.is_deleted:
        return []
    roles = [each for each in ROLES.values() if each != known.role_id]
    assigned = [RoleAssigned(role_id=role_id, previous_role_id=known.role_id) for role_id in roles]
    return [*assigned, UserDeactivated() if known.active else UserReactivated(), UserDeleted()]


def _possible_for_group(known: Group | None) -> list[Event]:
    if known is None:
        return [created()]
    if known.is_deleted:
        return []
    joining = [MembersAdded(members=(each,)) for each in USERS if each not in known.members]
    leaving = [MembersRemoved(members=(each,)) for each in known.members]
    return [*joining, *leaving, GroupDeleted()]


def story(choices: Sequence[tuple[int, int]]) -> list[Decision]:
    """Return facts that can follow each other, chosen by numbers."""
    world, facts = World(), list[Decision]()
    for position, (stream, choice) in enumerate(choices, start=1):
        stream_id = (*USERS, *GROUPS)[stream % 4]
        if events := possible(world, stream_id):
            fact = Decision(stream_id, events[choice % len(events)])
            facts.append(fact)
            world = world.after(fact, Place(stream_id, 1, position, START, "scim"))
    return facts


def worlds(facts: Sequence[Decision], events: Sequence[RecordedEvent]) -> Mapping[int, World]:
    """Return the world after each position, from 0."""
    known = {0: World()}
    for fact, event in zip(facts, events, strict=True):
        place = Place(
            event.stream_id, event.version, event.position, event.recorded_at, event.source
        )
        known[event.position] = known[event.position - 1].after(fact, place)
    return known


@given(
    choices=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=24),
    limit=st.integers(1, 30),
)
@settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
async def test_history_agrees_with_the_log_at_any_time(
    connection: asyncpg.Connection,
    service_connection: asyncpg.Connection,
    choices: list[tuple[int, int]],
    limit: int,
) -> None:
    book = Book(connection, uuid4())
    facts = story(choices)
    events = await book.record(*facts)
    await follow_to_the_end(service_connection, HISTORY, book.organization_id, limit=limit)
    known = worlds(facts, events)
    for event in events:
        await same_at(service_connection, event, known[event.position])


async def same_at(connection: asyncpg.Connection, event: RecordedEvent, world: World) -> None:
    """Assert that history agrees with a world, at the position and at the instant of an event."""
    log = event.organization_id
    for each in USERS:
        by_position = await role_at_position(connection, log, each, event.position)
        by_instant = await role_at(connection, log, each, event.recorded_at)
        assert by_position == by_instant
        assert (by_position.role_id if by_position else None) == world.role(each)
    for each in GROUPS:
        there = await members_at_position(connection, log, each, event.position, limit=10)
        assert there == await members_at(connection, log, each, event.recorded_at, limit=10)
        assert [found.member_id for found in there] == world.members(each)
