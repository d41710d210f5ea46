"""A large log: people join, change, move and leave. It is sealed like a real one and written by COPY."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

import asyncpg

from eventstore.sealing.sealer import Sealer, place, seal
from schema.events.codec import encode
from schema.events.event import Event, difference
from schema.events.group import GroupCreated, MembersAdded, MembersRemoved
from schema.events.organization import ROLE_NAMES, OrganizationRegistered
from schema.events.user import (
    RoleAssigned,
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserProvisioned,
    UserReactivated,
)
from schema.scim import urns
from service.ids import RANDOM_BITS, uuid7

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
CHUNK_EVENTS = 20_000  # In one COPY.
USERS_PER_GROUP = 120
# What may happen to a user after the first day, and how often of a thousand times.
CHANCES = {"change": 380, "role": 170, "join": 300, "leave": 30, "off": 80, "on": 35, "gone": 5}
TITLES = ("Counsel", "Buyer", "Engineer", "Clerk", "Lead", "Director", "Auditor")
FIRST_NAMES = ("Anna", "Björn", "Chiara", "Dmitri", "Élodie", "Fatima", "Grzegorz", "Hiro")
LAST_NAMES = ("Schmidt", "Müller", "Rossi", "Ivanova", "Dubois", "Haddad", "Nowak", "Tanaka")
COLUMNS = (
    *("organization_id", "position", "stream_id", "version", "event_id", "type"),
    *("schema_version", "recorded_at", "actor_id", "token_id", "request_id", "source"),
    *("data", "sealed", "subject_id"),
)


class Town:
    """The people of one organization, and what they do next; the same seed leads to the same events."""

    def __init__(self, organization_id: UUID, users: int, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a story, no secret.
        self.organization_id = organization_id
        self.roles = {name: self.id(0) for name in ROLE_NAMES}
        self.users = [self.id(number) for number in range(1, users + 1)]
        self.groups = [self.id(number) for number in range(1, users // USERS_PER_GROUP + 2)]
        self.role: dict[UUID, UUID] = {}
        self.active: dict[UUID, bool] = {}
        self.members: dict[UUID, set[UUID]] = {group: set() for group in self.groups}

    def id(self, number: int) -> UUID:
        """Return a UUIDv7 of some time after the start."""
        unix_ms = int(START.timestamp() * 1000) + number
        return uuid7(unix_ms << RANDOM_BITS | self.random.getrandbits(RANDOM_BITS))

    def events(self) -> Iterator[tuple[UUID, Event]]:
        """Yield what happens, without end, each with its stream."""
        yield self.organization_id, OrganizationRegistered(name="Town", roles=self.roles)
        for number, user in enumerate(self.users):
            yield user, self.provisioned(user, number)
        for number, group in enumerate(self.groups):
            yield group, GroupCreated(values={"displayName": f"Group {number}"})
        while True:
            yield from self.happening()

    def provisioned(self, user: UUID, number: int) -> Event:
        """Return how Entra provisions a user."""
        given, family = self.random.choice(FIRST_NAMES), self.random.choice(LAST_NAMES)
        name = f"{given}.{family}{number}@contoso.example".lower()
        self.role[user], self.active[user] = self.roles["Reader"], True
        document = {
            "userName": name,
            "externalId": str(self.id(0)),
            "displayName": f"{given} {family}",
            "title": self.random.choice(TITLES),
            "preferredLanguage": "de-DE",
            "name": {"givenName": given, "familyName": family, "formatted": f"{given} {family}"},
            "emails": [{"type": "work", "primary": True, "value": name}],
            urns.ENTERPRISE_USER: {"department": "Legal", "employeeNumber": str(number)},
        }
        return UserProvisioned(
            role_id=self.role[user],
            active=True,
            attributes=tuple(difference({}, document)),
            values=difference({}, document),
        )

    def happening(self) -> Iterator[tuple[UUID, Event]]:
        """Yield what happens to one user, if it can."""
        user = self.random.choice(self.users)
        kind = self.random.choices([*CHANCES], [*CHANCES.values()])[0]
        group = self.random.choice(self.groups)
        members, active = self.members[group], self.active.get(user)
        match kind:
            case "change" if user in self.role:
                values = {
                    "title": self.random.choice(TITLES),
                    "displayName": f"Jo {user.int % 997}",
                }
                yield user, UserChanged(attributes=tuple(values), values=values)
            case "role" if user in self.role:
                former, self.role[user] = (
                    self.role[user],
                    self.random.choice([*self.roles.values()]),
                )
                yield user, RoleAssigned(role_id=self.role[user], previous_role_id=former)
            case "join" if user in self.role and user not in members:
                members.add(user)
                yield group, MembersAdded(members=(user,))
            case "leave" if members:
                yield group, MembersRemoved(members=(members.pop(),))
            case "off" if active:
                self.active[user] = False
                yield user, UserDeactivated()
            case "on" if active is False:
                self.active[user] = True
                yield user, UserReactivated()
            case "gone" if user in self.role:
                yield from self.leave_all(user)

    def leave_all(self, user: UUID) -> Iterator[tuple[UUID, Event]]:
        """Yield the end of a user."""
        for group, members in self.members.items():
            if user in members:
                members.remove(user)
                yield group, MembersRemoved(members=(user,))
        del self.role[user], self.active[user]
        yield user, UserDeleted()


async def fill(connection: asyncpg.Connection, sealer: Sealer, town: Town, events: int) -> None:
    """Write a log of this many events by the owner's connection, with the keys of its people.

    The trigger that looks for gaps sleeps meanwhile: it is for appends of some events.
    """
    await connection.execute("ALTER TABLE eventstore.events DISABLE TRIGGER events_are_gapless")
    written = recorded(town, sealer, events)
    while chunk := list(islice(written, CHUNK_EVENTS)):
        rows, keys = zip(*chunk, strict=True)
        await connection.copy_records_to_table(
            "events", schema_name="eventstore", columns=COLUMNS, records=rows
        )
        await connection.copy_records_to_table(
            "subject_keys",
            schema_name="eventstore",
            columns=("organization_id", "subject_id", "wrapped_key"),
            records=[key for key in keys if key],
        )
    await connection.execute(
        "ALTER TABLE eventstore.events ENABLE ALWAYS TRIGGER events_are_gapless"
    )
    await connection.execute("VACUUM ANALYZE eventstore.events, eventstore.subject_keys")


Written = tuple[tuple[object, ...], tuple[UUID, UUID, bytes] | None]


def recorded(town: Town, sealer: Sealer, count: int) -> Iterator[Written]:
    """Yield the rows of the log, each with the row of a new subject's key, if it is a first event."""
    versions: dict[UUID, int] = {}
    keys: dict[UUID, bytes] = {}
    by = (str(town.id(0)), town.id(0))
    organization_id = town.organization_id
    for position, (stream_id, event) in enumerate(islice(town.events(), count), start=1):
        encoded = encode(event)
        versions[stream_id] = versions.get(stream_id, 0) + 1
        event_id, sealed, new_key = town.id(position), None, None
        if encoded.personal is not None:
            if stream_id not in keys:
                keys[stream_id], wrapped = sealer.new_subject_key(organization_id, stream_id)
                new_key = (organization_id, stream_id, wrapped)
            aad = place(organization_id, stream_id, event_id)
            sealed = seal(keys[stream_id], encoded.personal, aad=aad)
        row = (
            *(organization_id, position, stream_id, versions[stream_id], event_id),
            *(encoded.type, encoded.schema_version, START + timedelta(milliseconds=position)),
            *(*by, event_id, "scim", encoded.data, sealed),
            stream_id if sealed is not None else None,
        )
        yield row, new_key
