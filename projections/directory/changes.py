"""Collect what the events of a batch change. Each row is then written once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast, get_args
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.directory import save
from projections.directory.load import pieces
from projections.directory.rows import group_row, hold_row, loss_rows
from projections.directory.tables import HeldUserRow, LossRow, UserRow
from schema.events.client import ClientEvent
from schema.events.event import Event, Place
from schema.events.group import (
    Group,
    GroupDeleted,
    GroupEvent,
    MembersAdded,
    MembersRemoved,
    MemberType,
)
from schema.events.hold import Hold, HoldEvent, held_users
from schema.events.loss import LOSSES
from schema.events.organization import (
    Organization,
    OrganizationErased,
    OrganizationEvent,
    TokenIssued,
    TokenRevoked,
    TokenRotated,
)
from schema.events.user import (
    ExplicitRoleChanged,
    RoleAssigned,
    User,
    UserDeleted,
    UserErased,
)

GROUPS_TOGETHER = 500  # Whose rows are made without a break.
Pair = tuple[UUID, UUID]  # Group, member.
# Looked up by type on every write: isinstance of a pydantic class costs eight times as much.
GROUP_EVENTS = frozenset(get_args(GroupEvent)) - {GroupDeleted}
ORGANIZATION_EVENTS = frozenset(get_args(OrganizationEvent))
HOLD_EVENTS = frozenset(get_args(HoldEvent))
ROLE_EVENTS = frozenset({RoleAssigned, ExplicitRoleChanged})


class States(Protocol):
    """The states that the events of a batch led to, by id."""

    @property
    def organization(self) -> Organization | None:
        """Return the organization, if an event of the batch is about it."""

    @property
    def users(self) -> Mapping[UUID, User]:
        """Return the users, including deleted ones."""

    @property
    def groups(self) -> Mapping[UUID, Group]:
        """Return the groups, including deleted ones."""

    @property
    def holds(self) -> Mapping[UUID, Hold]:
        """Return the holds."""

    def anyone(self, user_id: UUID) -> User | None:
        """Return a user, whether it was loaded in full or only its role."""


@dataclass(slots=True)
class Changes:
    """What a batch changes in the directory."""

    users: dict[UUID, UserRow] = field(default_factory=dict)
    gone_users: list[UUID] = field(default_factory=list)
    groups: dict[UUID, None] = field(default_factory=dict)
    gone_groups: list[UUID] = field(default_factory=list)
    added: dict[Pair, MemberType] = field(default_factory=dict)
    removed: dict[Pair, MemberType] = field(default_factory=dict)
    tokens: list[UUID] = field(default_factory=list)
    clients: dict[UUID, None] = field(default_factory=dict)
    is_organization_changed: bool = False
    is_organization_erased: bool = False
    roles: dict[UUID, None] = field(
        default_factory=dict
    )  # Users whose role may be all that changed.
    losses: list[LossRow] = field(default_factory=list)
    holds: dict[UUID, None] = field(default_factory=dict)
    held: list[HeldUserRow] = field(default_factory=list)

    def note_row(self, row: UserRow, *, is_changed: bool) -> None:
        """Add the row of a user after a command."""
        if is_changed:
            self.users[row.id] = row

    def add(self, event: Event, place: Place) -> None:  # noqa: C901 - one branch for each kind of event.
        """Add what one event changes. For a user, only its role and a deletion: the row has all else (`note_row`)."""
        kind, stream_id = type(event), place.stream_id
        if kind in LOSSES:
            self.losses += loss_rows(event, place)
        if kind in ROLE_EVENTS:
            self.roles[stream_id] = None
        elif kind is UserDeleted:
            self.users.pop(stream_id, None)
            self.roles.pop(stream_id, None)
            self.gone_users.append(stream_id)
        elif kind is UserErased:
            # Whoever erases a person removes its rows (projections/erasure).
            self.users.pop(stream_id, None)
            self.gone_users = [each for each in self.gone_users if each != stream_id]
        elif kind is OrganizationErased:
            self.is_organization_erased = True
        elif kind in GROUP_EVENTS:
            self.groups[stream_id] = None
            self._add_members(stream_id, event)
        elif kind is GroupDeleted:
            self._drop_group(stream_id)
        elif kind in HOLD_EVENTS:
            self.holds[stream_id] = None
            users = held_users(cast("HoldEvent", event))
            self.held += [HeldUserRow(stream_id, each, place.recorded_at) for each in users]
        elif kind in ORGANIZATION_EVENTS:
            self.is_organization_changed = True
            if isinstance(event, TokenIssued | TokenRotated | TokenRevoked):
                self.tokens.append(event.token_id)
            elif isinstance(event, ClientEvent):
                self.clients[event.client_id] = None

    def _add_members(self, group_id: UUID, event: Event) -> None:
        if isinstance(event, MembersAdded):
            self._move(group_id, event, self.removed, self.added)
        elif isinstance(event, MembersRemoved):
            self._move(group_id, event, self.added, self.removed)

    def _move(
        self,
        group_id: UUID,
        event: MembersAdded | MembersRemoved,
        opposite: dict[Pair, MemberType],
        done: dict[Pair, MemberType],
    ) -> None:
        """Note memberships that began or ended. One that an earlier command undid is unchanged in the end."""
        for member_id in event.members:
            if opposite.pop((group_id, member_id), None) is None:
                done[group_id, member_id] = event.member_type

    def _drop_group(self, group_id: UUID) -> None:
        self.groups.pop(group_id, None)
        self.gone_groups.append(group_id)
        for pairs in (self.added, self.removed):
            for pair in [each for each in pairs if each[0] == group_id]:
                del pairs[pair]

    async def _save_organization(
        self, connection: Connection, organization_id: UUID, state: States
    ) -> None:
        if self.is_organization_erased:
            await save.delete_organization(connection, organization_id)
        elif self.is_organization_changed and state.organization:
            await save.save_organization(connection, state.organization)
            for token_id in self.tokens:
                token = state.organization.tokens[token_id]
                await save.save_token(connection, organization_id, token)
            for client_id in self.clients:
                client = state.organization.clients[client_id]
                await save.save_client(connection, organization_id, client)

    async def save(
        self, connection: Connection, organization_id: UUID, state: States, sealer: Sealer
    ) -> None:
        """Write all changes. Names are freed before they are taken again. Errors: NameTaken."""
        await self._save_organization(connection, organization_id, state)
        if self.gone_users:
            gone = [state.users[each] for each in self.gone_users]
            await save.delete_users(connection, organization_id, gone, sealer)
        if self.users:
            await save.save_users(connection, organization_id, list(self.users.values()))
        await self._save_roles(connection, organization_id, state)
        if self.gone_groups:
            await save.delete_groups(connection, organization_id, self.gone_groups)
        if self.groups:
            for some in pieces(list(self.groups), GROUPS_TOGETHER):
                rows = [group_row(state.groups[group_id]) for group_id in some]
                await save.save_groups(connection, organization_id, rows)
        if self.added or self.removed:
            await save.save_members(
                connection,
                organization_id,
                added=self.added,
                removed=self.removed,
            )
        await self._save_holds(connection, organization_id, state)

    async def _save_roles(
        self, connection: Connection, organization_id: UUID, state: States
    ) -> None:
        """Write the roles of users whose rows were not written as a whole since."""
        for some in pieces(list(self.roles), save.ROLES_PIECE):
            found = (state.anyone(each) for each in some)
            changed = [
                each
                for each in found
                if each
                and not (each.id in self.users and self.users[each.id].version == each.version)
            ]
            if changed:
                await save.save_roles(connection, organization_id, changed)

    async def _save_holds(
        self, connection: Connection, organization_id: UUID, state: States
    ) -> None:
        if self.losses:
            await save.add_losses(connection, organization_id, self.losses)
        if self.holds:
            rows = [hold_row(state.holds[each]) for each in self.holds]
            await save.save_holds(connection, organization_id, rows)
        if self.held:
            await save.add_held_users(connection, organization_id, self.held)
