"""A log of realistic lives, made of real events: encoded, sealed, folded, and written by COPY.

What the service would have written over years is there in a minute: the same encoder, seals, `evolve`
and rows, and the log's own triggers check every event on its way in.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from eventstore.append import lock_log
from eventstore.events import RecordedEvent
from eventstore.sealing.sealer import Sealer, place, seal
from projections.directory.rows import former_user_row, group_row, user_row
from projections.registry import PROJECTIONS
from schema.events import group as groups
from schema.events import user as users
from schema.events.codec import encode
from schema.events.event import Event, Place, difference
from schema.events.group import Group, GroupCreated, MembersAdded
from schema.events.organization import Organization
from schema.events.user import (
    RoleAssigned,
    User,
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserProvisioned,
    UserReactivated,
)
from schema.scim.definitions import USER
from service.ids import new_id
from tests.benchmarks.bodies import user_document
from tests.benchmarks.tables import copy_directory, copy_log

WINDOW = 2_000  # Users whose lives are mixed in the log, as cycles of provisioning mix them.
BETWEEN = timedelta(
    microseconds=20
)  # Two events: less than loading one takes, since none may lie in the future.
DERIVED = frozenset({"schemas", "meta", "active"})
TEAM = 40  # Members of an ordinary group.
State = User | Group
FOLLOWED = """
INSERT INTO followers.checkpoints (projection, organization_id, position)
SELECT projection, $1, $2 FROM unnest($3::text[]) AS projection
"""
FOLLOWERS = [each.name for each in PROJECTIONS.values() if each.follower]


@dataclass(frozen=True, slots=True)
class Size:
    """How much to load; `spare` users are in no large group, for the groups that the load changes."""

    users: int
    everyone: int = 0  # Members of the one large group; 0: there is none.
    empty_groups: int = 0
    spare: int = 0
    has_lives: bool = True  # False: users were only created, and there are no teams of them.


@dataclass(slots=True)
class Loaded:
    """What a loaded organization has, as far as requests can be made of it."""

    events: int = 0
    user_ids: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)  # Of user_document, in the order of the ids.
    spare_ids: list[str] = field(default_factory=list)
    everyone_id: str = ""
    empty_group_ids: list[str] = field(default_factory=list)


class Writer:
    """Puts events at the end of an organization's log, and keeps the states that they add up to."""

    def __init__(
        self, organization: Organization, sealer: Sealer, position: int, at: datetime
    ) -> None:
        self.organization_id = organization.id
        self.sealer, self._position, self._at = sealer, position, at
        self._actor = str(new_id())
        self._keys: dict[UUID, bytes] = {}
        self.new_keys: list[tuple[UUID, UUID, bytes]] = []
        self.recorded: list[RecordedEvent] = []
        self.states: dict[UUID, State] = {}

    def add(self, stream_id: UUID, event: Event) -> None:
        """Put an event after the last one."""
        self._position += 1
        self._at += BETWEEN
        former = self.states.get(stream_id)
        version = former.version + 1 if former else 1
        self.states[stream_id] = evolve(
            event, former, Place(stream_id, version, self._position, self._at, "scim")
        )
        encoded, event_id = encode(event), new_id()
        sealed = self._seal(stream_id, event_id, encoded.personal) if encoded.personal else None
        self.recorded.append(
            RecordedEvent(
                self.organization_id, self._position, stream_id, version, event_id,
                encoded.type, encoded.schema_version, self._at, self._actor, None,
                new_id(), "scim", encoded.data, sealed, stream_id if sealed else None,
            )
        )  # fmt: skip

    def _seal(self, subject_id: UUID, event_id: UUID, personal: bytes) -> bytes:
        key = self._keys.get(subject_id)
        if key is None:
            key, wrapped = self.sealer.new_subject_key(self.organization_id, subject_id)
            self._keys[subject_id] = key
            self.new_keys.append((self.organization_id, subject_id, wrapped))
        return seal(key, personal, aad=place(self.organization_id, subject_id, event_id))

    def forget(self) -> None:
        """Drop what has been written, but for the position."""
        self._keys, self.new_keys, self.recorded, self.states = {}, [], [], {}


def evolve(event: Event, state: State | None, at: Place) -> State:
    """Return the state after an event."""
    if isinstance(event, groups.GroupEvent):
        assert state is None or isinstance(state, Group)
        return groups.evolve(state, event, at)
    assert isinstance(event, users.UserEvent)
    assert state is None or isinstance(state, User)
    return users.evolve(state, event, at)


def provisioned(n: int, role_id: UUID) -> UserProvisioned:
    """Return the first event of the n-th user."""
    sent = user_document(n)  # Canonical already, so that reading it would change nothing.
    document = {name: each for name, each in sent.items() if name not in DERIVED}
    return UserProvisioned(
        role_id=role_id,
        active=True,
        attributes=tuple(difference({}, document)),
        values=difference({}, document),
    )


def later_events(chance: random.Random, organization: Organization) -> Iterator[Event]:
    """Yield what happens to a user after its first cycle, in order."""
    roles = organization.roles
    if chance.random() < 0.9:
        role_id = roles[chance.choice(["Editor", "Contributor", "Validator"])]
        yield RoleAssigned(role_id=role_id, previous_role_id=roles["Reader"])
    if chance.random() < 0.45:
        title = f"Title {chance.randrange(500)}"
        yield UserChanged(attributes=("title",), values={"title": title})
    if chance.random() < 0.15:
        yield UserDeactivated()
        if chance.random() < 0.4:
            yield UserReactivated()
        elif chance.random() < 0.1:
            yield UserDeleted()


def add_window(
    writer: Writer,
    organization: Organization,
    numbers: range,
    chance: random.Random,
    *,
    has_lives: bool = True,
) -> dict[UUID, int]:
    """Add the lives of some users, mixed; return the users that are left, and their numbers."""
    reader = organization.roles["Reader"]
    ids = {new_id(): n for n in numbers}
    for user_id, n in ids.items():
        writer.add(user_id, provisioned(n, reader))
    if not has_lives:
        return ids
    waiting = [(user_id, later_events(chance, organization)) for user_id in ids]
    while waiting:
        chance.shuffle(waiting)
        came = [(user_id, events, next(events, None)) for user_id, events in waiting]
        for user_id, _, event in came:
            if event:
                writer.add(user_id, event)
        waiting = [(user_id, events) for user_id, events, event in came if event]
    return {
        user_id: n
        for user_id, n in ids.items()
        if not getattr(writer.states[user_id], "is_deleted", False)
    }


def add_group(writer: Writer, name: str, members: list[UUID]) -> UUID:
    """Add a group with members, in as many events as that takes."""
    group_id = new_id()
    writer.add(group_id, GroupCreated(values={"displayName": name}))
    for begin in range(0, len(members), groups.MEMBERS_MAX):
        joined = tuple(members[begin : begin + groups.MEMBERS_MAX])
        writer.add(group_id, MembersAdded(members=joined))
    return group_id


async def load(dsn: str, sealer: Sealer, organization: Organization, size: Size) -> Loaded:
    """Fill an organization's log and directory. The DSN is the owner's."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            tail = await lock_log(connection, organization.id)
            at = tail.recorded_at_of(0)
            writer = Writer(organization, sealer, tail.position, at)
            loaded = await load_users(connection, writer, organization, size)
            load_groups(writer, loaded, size)
            await flush(connection, writer, loaded)
            # What followers do for years of events would be measured beside the requests of a moment.
            end = tail.position + loaded.events
            await connection.execute(FOLLOWED, organization.id, end, FOLLOWERS)
        await connection.execute("VACUUM ANALYZE")  # As it will have been, a minute later.
    finally:
        await connection.close()
    return loaded


async def load_users(
    connection: asyncpg.Connection, writer: Writer, organization: Organization, size: Size
) -> Loaded:
    """Write all users, and a group for each team of them."""
    loaded, chance = Loaded(), random.Random(size.users)  # noqa: S311 - seeded, so that runs are alike.
    begin = 0
    while len(loaded.user_ids) < size.users:
        end = begin + min(WINDOW, size.users - len(loaded.user_ids))
        numbers = range(begin, end)
        alive = add_window(writer, organization, numbers, chance, has_lives=size.has_lives)
        ids = list(alive)
        for first in range(0, len(ids) if size.has_lives else 0, TEAM):
            add_group(writer, f"Team {begin + first}", ids[first : first + TEAM])
        loaded.user_ids += map(str, ids)
        loaded.numbers += alive.values()
        await flush(connection, writer, loaded)
        begin = end
    return loaded


def load_groups(writer: Writer, loaded: Loaded, size: Size) -> None:
    """Add the large group and the empty ones; the spare users are the last ones."""
    everyone = loaded.user_ids[: size.everyone]
    loaded.spare_ids = loaded.user_ids[len(loaded.user_ids) - size.spare :]
    if everyone:
        loaded.everyone_id = str(add_group(writer, "Everyone", [UUID(each) for each in everyone]))
    loaded.empty_group_ids = [
        str(add_group(writer, f"Empty {n}", [])) for n in range(size.empty_groups)
    ]


async def flush(connection: asyncpg.Connection, writer: Writer, loaded: Loaded) -> None:
    """Write what the writer has, and let it go."""
    loaded.events += len(writer.recorded)
    await copy_log(connection, writer.recorded, writer.new_keys, writer.sealer.mark_key)
    found = list(writer.states.values())
    alive = [each for each in found if isinstance(each, User) and not each.is_deleted]
    gone = [each for each in found if isinstance(each, User) and each.is_deleted]
    made = [each for each in found if isinstance(each, Group)]
    await copy_directory(
        connection,
        writer.organization_id,
        users=[user_row(each, USER) for each in alive],
        former_users=[
            former_user_row(each, writer.organization_id, writer.sealer) for each in gone
        ],
        groups=[group_row(each) for each in made],
        members=[(each.id, member, kind) for each in made for member, kind in each.members.items()],
    )
    writer.forget()
