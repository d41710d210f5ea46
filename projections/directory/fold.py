"""The fold of the directory: the events of one stream, in order, become its rows. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import UUID

import orjson

from eventstore.read_streams import PERSONAL
from projections.directory.rows import GroupRow, UserRow, group_row, user_row
from projections.fold import Failure, Fold, Logged, Row, Table
from schema.events import group, organization, user
from schema.events.codec import decode
from schema.events.event import Place
from schema.events.group import (
    Group,
    GroupEvent,
    MembersRemoved,
    MemberType,
)
from schema.events.organization import Organization, Token
from schema.events.user import User, UserEvent
from schema.scim.resource_type import ResourceType
from schema.scim.text import fold

TABLES = {
    "organizations": Table(
        (
            *("organization_id", "version", "created_at"),
            *("name", "name_key", "roles", "schemas"),
        ),
        key=("organization_id",),
        stream="organization_id",
    ),
    "tokens": Table(
        (
            *("organization_id", "id", "jti_hash", "account_id", "label", "scope"),
            *("issued_at", "expires_at", "revoked_at"),
        ),
        key=("organization_id", "id"),
        stream="organization_id",
    ),
    "users": Table(
        ("organization_id", *UserRow._fields),
        key=("organization_id", "id"),
        stream="id",
        personal=frozenset(
            {
                *("user_name_key", "external_id", "display_name_key", "employee_number_key"),
                *("email_keys", "document", "search"),
            }
        ),
    ),
    "former_users": Table(
        ("organization_id", "id", "user_name_key", "external_id"),
        key=("organization_id", "id"),
        stream="id",
        personal=frozenset({"user_name_key", "external_id"}),
    ),
    "groups": Table(
        ("organization_id", *GroupRow._fields), key=("organization_id", "id"), stream="id"
    ),
    "memberships": Table(
        ("organization_id", "group_id", "member_id", "member_type"),
        key=("organization_id", "group_id", "member_id"),
        stream="group_id",
    ),
}
USER_EVENTS, GROUP_EVENTS = frozenset(get_args(UserEvent)), frozenset(get_args(GroupEvent))


@dataclass(slots=True)
class Folded:
    """What the events of a stream came to so far.

    The members of a group are kept here and changed in place, and its state holds none, as with a
    write (`Group.members`): else each event would copy them, and a large group take its square.
    """

    state: User | Group | Organization | None = None
    joined: dict[UUID, MemberType] = field(default_factory=dict)
    left: set[UUID] = field(default_factory=set)  # Members that joined before the first event here.
    failure: Failure | None = (
        None  # An event that cannot be folded is nothing to go on from: it raises.
    )

    def take(self, row: Logged, personal: bytes | None) -> None:
        """Take in the next event. Errors: those of decode and evolve."""
        stream_id, version, position, kind, schema_version, recorded_at, source, data, *_ = row
        event = decode(kind, schema_version, data, personal)
        place = Place(stream_id, version, position, recorded_at, source)
        # A look into a set, and no cast: isinstance of a union asks each class of pydantic in turn.
        former: Any = self.state
        fact: Any = event
        if type(event) in USER_EVENTS:
            self.state = user.evolve(former, fact, place)
        elif type(event) in GROUP_EVENTS:
            self._take_group_event(fact, place)
        else:
            self.state = organization.evolve(former, fact, place)

    def _take_group_event(self, event: GroupEvent, place: Place) -> None:
        if type(event) is MembersRemoved:
            self.left.update(each for each in event.members if each not in self.joined)
        former: Any = self.state
        self.state = group.evolve_in_place(former, event, place, self.joined)

    def rows(self, organization_id: UUID, users: ResourceType) -> Iterator[tuple[str, Row]]:
        """Yield the rows that the stream came to, each with its table.

        `users` is the organization's type of them now: attributes are only ever added to it, so that
        a user of any time is read by today's. A person whose key was destroyed has no row.
        """
        match self.state:
            case User() as state:
                if "userName" in state.attributes:
                    yield user_rows(organization_id, state, users)
            case Group(is_deleted=False) as state:
                yield "groups", (organization_id, *group_row(state))
                for member_id, kind in self.joined.items():
                    yield "memberships", (organization_id, state.id, member_id, kind)
            case Organization() as state:
                yield "organizations", organization_row(state)
                yield from token_rows(organization_id, state.tokens.values())


def user_rows(organization_id: UUID, state: User, users: ResourceType) -> tuple[str, Row]:
    """Return the row of a user, or the one that remembers a deleted user."""
    if not state.is_deleted:
        return "users", (organization_id, *user_row(state, users))
    external_id = state.attributes.get("externalId")
    key = fold(state.attributes["userName"])
    return "former_users", (organization_id, state.id, key, external_id)


def organization_row(state: Organization) -> Row:
    """Return the row of an organization."""
    roles = orjson.dumps({name: str(each) for name, each in state.roles.items()}).decode()
    schemas = orjson.dumps(state.schemas).decode()
    name_key = fold(state.name)
    return (state.id, state.version, state.created_at, state.name, name_key, roles, schemas)


def token_rows(organization_id: UUID, tokens: Iterable[Token]) -> Iterator[tuple[str, Row]]:
    """Yield the rows of tokens."""
    for each in tokens:
        yield (
            "tokens",
            (
                *(organization_id, each.id, each.jti_hash, each.account_id, each.label),
                *(each.scope, each.issued_at, each.expires_at, each.revoked_at),
            ),
        )


DIRECTORY_FOLD = Fold(TABLES, Folded, PERSONAL)
