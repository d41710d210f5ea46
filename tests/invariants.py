"""What must hold for every log and its directory, whatever a test did. It is checked after each test."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from eventstore.events import RecordedEvent
from eventstore.read import read
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import Sealer
from projections.directory.rows import (
    former_user_row,
    group_row,
    hold_row,
    loss_rows,
    role_groups_document,
    user_row,
)
from projections.directory.tables import GroupRow, HeldUserRow, LossRow, UserRow
from schema.events import group, hold, organization, user
from schema.events.client import Client
from schema.events.codec import decode
from schema.events.event import Event, Place
from schema.events.group import Group, GroupEvent
from schema.events.hold import Hold, HoldEvent, held_users
from schema.events.organization import Organization, OrganizationEvent, Token
from schema.events.user import User, UserEvent
from schema.scim.definitions import user_type
from schema.scim.text import fold
from service.write.decide.role_groups import effective_role, givers_of

LOG_MAX = 1_000_000
TABLES = (
    *("organizations", "tokens", "clients", "users", "former_users", "groups", "memberships"),
    *("losses", "holds", "held_users"),
)


@dataclass(slots=True)
class Folded:
    """The states that a log leads to."""

    organization: Organization | None = None
    users: dict[UUID, User] = field(default_factory=dict)
    groups: dict[UUID, Group] = field(default_factory=dict)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    losses: list[LossRow] = field(default_factory=list)
    held_users: list[HeldUserRow] = field(default_factory=list)

    def add(self, event: Event, at: Place) -> None:
        """Apply the next event."""
        stream_id = at.stream_id
        self.losses += loss_rows(event, at)
        if isinstance(event, UserEvent):
            self.users[stream_id] = user.evolve(self.users.get(stream_id), event, at)
        elif isinstance(event, GroupEvent):
            self.groups[stream_id] = group.evolve(self.groups.get(stream_id), event, at)
        elif isinstance(event, HoldEvent):
            self.holds[stream_id] = hold.evolve(self.holds.get(stream_id), event, at)
            rows = (HeldUserRow(stream_id, each, at.recorded_at) for each in held_users(event))
            self.held_users += rows
        else:
            assert isinstance(event, OrganizationEvent)
            self.organization = organization.evolve(self.organization, event, at)


async def check_log(connection: asyncpg.Connection, sealer: Sealer, organization_id: UUID) -> None:
    """Assert that an organization's log is whole and in order, and that the directory equals its fold."""
    events = await read(connection, organization_id, after=0, limit=LOG_MAX)
    check_order(events)
    check_provenance(events)
    opened = await open_personal(connection, sealer, events)
    await check_directory(connection, sealer, organization_id, fold_log(events, opened))


async def check_every_log(connection: asyncpg.Connection, sealer: Sealer) -> None:
    """Assert the same for all organizations, and that no organization has rows without a log."""
    logged = await organizations(connection, "eventstore.events")
    for organization_id in logged:
        await check_log(connection, sealer, organization_id)
    for table in TABLES:
        assert await organizations(connection, f"directory.{table}") <= logged


async def organizations(connection: asyncpg.Connection, table: str) -> set[UUID]:
    """Return the organizations that have rows in a table."""
    rows = await connection.fetch(f"SELECT DISTINCT organization_id FROM {table}")
    return {each[0] for each in rows}


def check_order(events: Sequence[RecordedEvent]) -> None:
    """Assert that positions and versions have no gaps, and that instants increase."""
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert all(one.recorded_at < next_.recorded_at for one, next_ in pairwise(events))
    streams: dict[UUID, list[int]] = {}
    for event in events:
        streams.setdefault(event.stream_id, []).append(event.version)
    for versions in streams.values():
        assert versions == list(range(1, len(versions) + 1))
    assert len({event.event_id for event in events}) == len(events)


def check_provenance(events: Iterable[RecordedEvent]) -> None:
    """Assert that the events of one request agree on who made it, and that whoever comes over HTTP has a token."""
    origins: dict[UUID, tuple[Any, ...]] = {}
    for event in events:
        origin = (event.actor_id, event.token_id, event.source)
        assert origins.setdefault(event.request_id, origin) == origin
        assert (event.source in {"scim", "api"}) == (event.token_id is not None)


def fold_log(events: Sequence[RecordedEvent], opened: Sequence[bytes | None]) -> Folded:
    """Return the states that a log leads to."""
    folded = Folded()
    for event, personal in zip(events, opened, strict=True):
        facts = decode(event.type, event.schema_version, event.data, personal)
        at = Place(event.stream_id, event.version, event.position, event.recorded_at, event.source)
        folded.add(facts, at)
    return folded


async def check_directory(
    connection: asyncpg.Connection, sealer: Sealer, organization_id: UUID, folded: Folded
) -> None:
    """Assert that the tables hold what the log leads to, and nothing else."""
    made = folded.organization
    assert made is not None
    live = [each for each in folded.users.values() if not each.is_deleted]
    # Somebody who was erased has no row.
    known = [each for each in folded.users.values() if "userName" in each.attributes]
    gone = [each for each in known if each.is_deleted]
    groups = [each for each in folded.groups.values() if not each.is_deleted]
    held = {table: await held_rows(connection, table, organization_id) for table in TABLES}

    shown = [] if made.is_erased else [made]
    assert held["organizations"] == [organization_columns(each) for each in shown]
    tokens = [token_columns(token) for each in shown for token in each.tokens.values()]
    clients = [client_columns(client) for each in shown for client in each.clients.values()]
    assert held["tokens"] == by_id(tokens)
    assert held["clients"] == by_id(clients)
    users = [columns(user_row(each, user_type(made.schemas))) for each in live]
    assert held["users"] == by_id(users)
    assert held["former_users"] == by_id(
        former_user_row(each, organization_id, sealer)._asdict() for each in gone
    )
    assert held["groups"] == by_id(columns(group_row(each)) for each in groups)
    assert held["memberships"] == sorted(membership_columns(groups), key=str)
    assert all(each.member_count == len(each.members) for each in groups)
    assert held["holds"] == by_id(hold_row(each)._asdict() for each in folded.holds.values())
    assert held["losses"] == sorted((each._asdict() for each in folded.losses), key=str)
    assert held["held_users"] == sorted((each._asdict() for each in folded.held_users), key=str)
    check_roles(made, live, groups)


def check_roles(made: Organization, users: Iterable[User], groups: Sequence[Group]) -> None:
    """Assert that everybody has the role that requests and role groups lead to."""
    names = {fold(each.attributes["displayName"]): each.id for each in groups}
    members = {each.id: each.members for each in groups}
    givers = [each for each in givers_of(made.role_groups, names) if each.group_id in members]
    technical = {each.account_id for each in made.tokens.values()}
    technical |= {each.account_id for each in made.clients.values()}
    default = made.default_role_id
    for each in users:
        theirs = [giver.group_id for giver in givers if each.id in members[giver.group_id]]
        explicit = each.explicit_role(default)
        wanted = effective_role(default, explicit, givers, theirs, explicit_wins=made.explicit_wins)
        is_technical = each.id in technical or each.kind != "person"
        assert is_technical or each.role_id == wanted.role_id, (each, wanted)


async def held_rows(
    connection: asyncpg.Connection, table: str, organization_id: UUID
) -> list[dict[str, Any]]:
    """Return the rows of a table for one organization, without its id."""
    rows = await connection.fetch(
        f"SELECT * FROM directory.{table} WHERE organization_id = $1", organization_id
    )
    found = [{name: value for name, value in row.items() if name != OWNER} for row in rows]
    for row in found:
        row.update({name: orjson.loads(row[name]) for name in JSON & row.keys()})
    return by_id(found) if found and "id" in found[0] else sorted(found, key=str)


OWNER = "organization_id"
JSON = {
    "roles",
    "schemas",
    "search",
    "secrets",
    "settings",
    "role_groups",
}  # These compare as values; `document` compares as text.


def by_id(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows in the order of their ids."""
    return sorted(rows, key=lambda row: str(row.get("id")))


def columns(row: UserRow | GroupRow) -> dict[str, Any]:
    """Return a row as the table holds it."""
    return {**row._asdict(), "search": orjson.loads(row.search)}


def membership_columns(groups: Iterable[Group]) -> list[dict[str, Any]]:
    """Return the rows of the members of groups."""
    return [
        {"group_id": each.id, "member_id": member_id, "member_type": kind}
        for each in groups
        for member_id, kind in each.members.items()
    ]


def organization_columns(state: Organization) -> Mapping[str, Any]:
    """Return the row of an organization."""
    return {
        "version": state.version,
        "created_at": state.created_at,
        "name": state.name,
        "name_key": fold(state.name),
        "roles": {name: str(role_id) for name, role_id in state.roles.items()},
        "schemas": dict(state.schemas),
        "settings": dict(state.settings),
        "suspended_at": state.suspension.since if state.suspension else None,
        "suspension_reason": state.suspension.reason if state.suspension else None,
        "role_groups": role_groups_document(state),
    }


def client_columns(client: Client) -> dict[str, Any]:
    """Return the row of an OAuth client."""
    times = ("createdAt", "expiresAt", "revokedAt")
    secrets = [
        {
            "id": str(each.id),
            "secretHash": each.secret_hash,
            **{
                name: at and at.isoformat()
                for name, at in zip(
                    times, (each.created_at, each.expires_at, each.revoked_at), strict=True
                )
            },
        }
        for each in client.secrets.values()
    ]
    names = ("id", "account_id", "label", "kind", "issuer", "created_at", "revoked_at")
    lists = ("scopes", "subjects", "audiences")
    return {
        **{name: getattr(client, name) for name in names},
        **{name: list(getattr(client, name)) for name in lists},
        "secrets": secrets,
    }


def token_columns(token: Token) -> dict[str, Any]:
    """Return the row of a token."""
    names = ("id", "jti_hash", "account_id", "label", "scope")
    times = ("issued_at", "expires_at", "revoked_at")
    shown = {name: getattr(token, name) for name in (*names, *times)}
    return {**shown, "allowed_networks": list(token.allowed_networks)}
