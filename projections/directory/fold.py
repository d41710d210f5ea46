"""Fold the events of one stream, in order, into rows of the directory. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import UUID

from eventstore.read_streams import PERSONAL
from eventstore.sealing.sealer import Sealer
from projections.directory.rows import (
    client_row,
    former_user_row,
    group_row,
    hold_row,
    loss_rows,
    organization_row,
    token_row,
    user_row,
)
from projections.directory.tables import TABLES, HeldUserRow, LossRow
from projections.fold import Failure, Fold, Logged, Row
from schema.events import group, hold, organization, user
from schema.events.codec import OFTEN_ALIKE, decode, decode_alike, decode_values
from schema.events.event import Place
from schema.events.group import Group, GroupEvent, MembersRemoved, MemberType
from schema.events.hold import Hold, HoldEvent
from schema.events.loss import LOSSES
from schema.events.organization import Organization
from schema.events.user import User, UserEvent
from schema.scim.resource_type import ResourceType

USER_EVENTS, GROUP_EVENTS = frozenset(get_args(UserEvent)), frozenset(get_args(GroupEvent))
HOLD_EVENTS = frozenset(get_args(HoldEvent))


@dataclass(slots=True)
class Folded:
    """The state after the events of a stream so far.

    The members of a group are here and change in place; the group's state holds none, as in a write
    (`Group.members`). Otherwise every event would copy them, and large groups would take quadratic time.
    """

    state: User | Group | Organization | Hold | None = None
    joined: dict[UUID, MemberType] = field(default_factory=dict)
    # Members who left, and who had joined before the first event that was folded here.
    left: set[UUID] = field(default_factory=set)
    losses: list[LossRow] = field(default_factory=list)  # Of the events that were folded here.
    held: list[HeldUserRow] = field(default_factory=list)  # The same of a hold.
    # Always None: `take` raises if an event cannot be folded, because the directory parks no stream.
    failure: Failure | None = None

    def take(self, row: Logged, personal: bytes | None) -> None:
        """Apply the next event. Errors: those of decode and evolve."""
        stream_id, version, position, kind, schema_version, recorded_at, source, data, *_ = row
        place = Place(stream_id, version, position, recorded_at, source)
        # Any, because a cast costs.
        former: Any = self.state
        fact: Any
        if kind in OFTEN_ALIKE:
            # An event of a user, as most of a large log are. It may be shared, so its values stay beside it.
            fact = event = decode_alike(kind, schema_version, data)
            values = None if personal is None else decode_values(event, personal)
            self.state = user.evolve_with(former, fact, values, place)
            if type(event) in LOSSES:
                self.losses += loss_rows(event, place)
            return
        fact = event = decode(kind, schema_version, data, personal)
        # Set lookups, because isinstance of a union checks each pydantic class in turn.
        if type(event) in LOSSES:
            self.losses += loss_rows(event, place)
        if type(event) in GROUP_EVENTS:
            self._take_group_event(fact, place)
        elif type(event) in HOLD_EVENTS:
            self.state = hold.evolve(former, fact, place)
            self.held += [
                HeldUserRow(place.stream_id, each, place.recorded_at)
                for each in hold.held_users(fact)
            ]
        else:
            self.state = organization.evolve(former, fact, place)

    def _take_group_event(self, event: GroupEvent, place: Place) -> None:
        if type(event) is MembersRemoved:
            self.left.update(each for each in event.members if each not in self.joined)
        former: Any = self.state
        self.state = group.evolve_in_place(former, event, place, self.joined)

    def rows(
        self, organization_id: UUID, users: ResourceType, sealer: Sealer
    ) -> Iterator[tuple[str, Row]]:
        """Yield the rows that the stream leads to, each with its table.

        `users` is the organization's User type as it is now. Attributes are only ever added to the type,
        and therefore it reads a user of any time. The sealer hashes the names of deleted users. A person whose
        key was destroyed has no row.
        """
        match self.state:
            case User(is_deleted=False) as state if is_readable(state):
                yield "users", (organization_id, *user_row(state, users))
            case User(is_deleted=True) as state if is_readable(state):
                former = former_user_row(state, organization_id, sealer)
                yield "former_users", (organization_id, *former)
            case Group(is_deleted=False) as state:
                yield "groups", (organization_id, *group_row(state))
                # A plain tuple in the order of MembershipRow: these are most rows of a large log.
                for member_id, kind in self.joined.items():
                    yield "memberships", (organization_id, state.id, member_id, kind)
            case Organization(is_erased=False) as state:
                yield "organizations", organization_row(state)
                for token in state.tokens.values():
                    yield "tokens", (organization_id, *token_row(token))
                for client in state.clients.values():
                    yield "clients", (organization_id, *client_row(client))
            case Hold() as state:
                yield "holds", (organization_id, *hold_row(state))
        if self.losses or self.held:
            yield from self._rows_of_guard(organization_id)

    def _rows_of_guard(self, organization_id: UUID) -> Iterator[tuple[str, Row]]:
        for held in self.held:
            yield "held_users", (organization_id, *held)
        for loss in self.losses:
            yield "losses", (organization_id, *loss)


def is_readable(user: User) -> bool:
    """Return whether the personal part of a user could be opened. It cannot if the key was destroyed."""
    return "userName" in user.attributes


DIRECTORY_FOLD = Fold(TABLES, Folded, PERSONAL)
