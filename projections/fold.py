"""The fold of the directory: the events of one stream, in order, become its rows. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from projections.rows import GroupRow, UserRow, group_row, user_row
from schema.events import group, organization, user
from schema.events.event import Event, Place
from schema.events.group import (
    Group,
    GroupDeleted,
    GroupEvent,
    MembersAdded,
    MembersRemoved,
    MemberType,
)
from schema.events.organization import Organization, OrganizationEvent, Token
from schema.events.user import User, UserEvent
from schema.scim.definitions import user_type
from schema.scim.text import fold

Row = tuple[Any, ...]
TABLES: dict[str, tuple[str, ...]] = {  # Table → its columns, in the order of a row here.
    "organizations": (
        *("organization_id", "version", "created_at"),
        *("name", "name_key", "roles", "schemas"),
    ),
    "tokens": (
        *("organization_id", "id", "jti_hash", "account_id", "label", "scope"),
        *("issued_at", "expires_at", "revoked_at"),
    ),
    "users": ("organization_id", *UserRow._fields),
    "former_users": ("organization_id", "id", "user_name_key", "external_id"),
    "groups": ("organization_id", *GroupRow._fields),
    "memberships": ("organization_id", "group_id", "member_id", "member_type"),
}


@dataclass(slots=True)
class Folded:
    """What the events of a stream came to so far.

    The members of a group are kept here and changed in place, and its state holds none, as with a
    write (`Group.members`): else each event would copy them, and a large group take its square.
    """

    state: User | Group | Organization | None = None
    joined: dict[UUID, MemberType] = field(default_factory=dict)
    left: set[UUID] = field(default_factory=set)  # Members that joined before the first event here.

    def take(self, event: Event, place: Place) -> None:
        """Take in the next event."""
        if isinstance(event, UserEvent):
            assert self.state is None or isinstance(self.state, User)
            self.state = user.evolve(self.state, event, place)
        elif isinstance(event, GroupEvent):
            self._take_group_event(event, place)
        else:
            assert isinstance(event, OrganizationEvent), event
            assert self.state is None or isinstance(self.state, Organization)
            self.state = organization.evolve(self.state, event, place)

    def _take_group_event(self, event: GroupEvent, place: Place) -> None:
        assert self.state is None or isinstance(self.state, Group)
        after = group.evolve(self.state, event, place)
        self.state = without_members(after) if after.members else after
        match event:
            case MembersAdded():
                self.joined.update(dict.fromkeys(event.members, event.member_type))
            case MembersRemoved():
                for each in event.members:
                    if self.joined.pop(each, None) is None:
                        self.left.add(each)
            case GroupDeleted():
                self.joined.clear()


def without_members(state: Group) -> Group:
    """Return a group whose members are kept elsewhere; it knows how many they are."""
    return Group(
        state.id,
        state.version,
        state.created_at,
        state.modified_at,
        state.attributes,
        state.member_count,
        is_deleted=state.is_deleted,
    )


def rows(
    organization_id: UUID, folded: Folded, schemas: dict[str, Any]
) -> Iterator[tuple[str, Row]]:
    """Yield the rows that a stream came to, each with its table.

    `schemas` are the organization's own, now: attributes are only ever added to them, so that a user
    of any time is read by today's. A person whose key was destroyed has no row.
    """
    match folded.state:
        case User() as state:
            if "userName" in state.attributes:
                yield user_rows(organization_id, state, schemas)
        case Group(is_deleted=False) as state:
            yield "groups", (organization_id, *group_row(state))
            for member_id, kind in folded.joined.items():
                yield "memberships", (organization_id, state.id, member_id, kind)
        case Organization() as state:
            yield "organizations", organization_row(state)
            yield from token_rows(organization_id, state.tokens.values())


def user_rows(organization_id: UUID, state: User, schemas: dict[str, Any]) -> tuple[str, Row]:
    """Return the row of a user, or the one that remembers a deleted user."""
    if not state.is_deleted:
        return "users", (organization_id, *user_row(state, user_type(schemas)))
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
