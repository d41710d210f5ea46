"""The batch state: what a decision may look at. Each decided command evolves it for the next one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, cast, get_args
from uuid import UUID

from schema.events import group as groups
from schema.events import hold as holds
from schema.events import organization as organizations
from schema.events import user as users
from schema.events.client import ClientRegistered
from schema.events.event import Event, Place
from schema.events.group import Group, GroupEvent, MembersAdded, MembersRemoved, MemberType
from schema.events.hold import Hold
from schema.events.organization import LegalHoldLifted, LegalHoldSet, Organization
from schema.events.user import User, UserEvent
from schema.scim.budget import Spending
from schema.scim.errors import PreconditionFailed
from schema.scim.text import fold
from service.limits.guard_state import GuardState
from service.limits.let_go import let_go
from service.write.commands import ANY_VERSION, Precondition

# Looked up by type: isinstance on a pydantic class takes eight times as long, and every write passes here.
USER_EVENTS = frozenset(get_args(users.UserEvent))
GROUP_EVENTS = frozenset(get_args(groups.GroupEvent))
ORGANIZATION_EVENTS = frozenset(get_args(organizations.OrganizationEvent))
HOLDER_EVENTS = frozenset({organizations.TokenIssued, ClientRegistered})
HOLD_EVENTS = frozenset(get_args(holds.HoldEvent))
BEGINNINGS = frozenset({users.UserProvisioned, groups.GroupCreated})
ENDS = frozenset({users.UserErased, groups.GroupDeleted})  # Of what ending a contract must end.


# Units of a budget.
MEMBER_COST = 10  # To load a member of a group and to compare it.
EVENT_COST = 20  # For each further stream that a command writes an event to.
GROUPS_PER_UNIT = 4  # Groups in which a member is looked up.


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A legal hold that stands: on one person, or (`subject_id` is None) on the whole organization."""

    subject_id: UUID | None
    reason: str
    set_at: datetime
    actor_id: str  # Who set it.
    source: str
    position: int


LegalHolds = dict[UUID | None, LegalHold]  # By the person; that of the organization under None.


def evolve_legal_holds(found: LegalHolds, event: Event, place: Place, actor_id: str) -> None:
    """Change the legal holds that stand by an event; any other event changes none."""
    if isinstance(event, LegalHoldSet):
        found[event.subject_id] = LegalHold(
            event.subject_id,
            event.reason,
            place.recorded_at,
            actor_id,
            place.source,
            place.position,
        )
    elif isinstance(event, LegalHoldLifted):
        found.pop(event.subject_id, None)


class Decision(NamedTuple):
    """An event that a command leads to, and the stream it belongs to."""

    stream_id: UUID
    event: Event


@dataclass(slots=True)
class BatchState:
    """The states that the commands of a batch look at, by id. A deleted resource stays, marked as deleted."""

    organization: Organization | None = None
    users: dict[UUID, User] = field(default_factory=dict)
    user_names: dict[str, UUID] = field(default_factory=dict)  # User.name_key → the user.
    former_names: dict[str, UUID] = field(default_factory=dict)  # Folded userName → deleted user.
    former_external_ids: dict[str, UUID] = field(default_factory=dict)  # externalId → deleted user.
    groups: dict[UUID, Group] = field(default_factory=dict)
    group_names: dict[str, UUID] = field(default_factory=dict)  # Folded displayName → the group.
    member_types: dict[UUID, MemberType] = field(default_factory=dict)  # Ids that may be members.
    user_groups: dict[UUID, str] = field(default_factory=dict)  # User → its groups, for the answer.
    # Users of whom only the role is loaded: their attributes are empty. None of them is in `users` too.
    role_holders: dict[UUID, User] = field(default_factory=dict)
    # User → those of its groups that are role groups, or that the batch may make one.
    role_groups_of: dict[UUID, set[UUID]] = field(default_factory=dict)
    technical: set[UUID] = field(default_factory=set)  # Users that are technical accounts.
    holders: set[UUID] = field(default_factory=set)  # Users with tokens or clients in use.
    holds: dict[UUID, Hold] = field(default_factory=dict)
    now: datetime | None = None  # By Postgres's clock, when the batch began.
    is_unjudged: bool = False  # A decision takes access, and no guard has judged it.
    guard: GuardState | None = None  # Loaded under the log's lock only, if access may be lost.
    # Users that were loaded and are not parsed yet: most batches are about many small users, and some about large ones.
    unread: dict[UUID, Callable[[], User]] = field(default_factory=dict)
    sizes: dict[UUID, int] = field(default_factory=dict)  # User → the bytes of its document.
    erasing: dict[UUID, set[UUID]] = field(default_factory=dict)  # Person → who may name it.
    legal_holds: LegalHolds = field(default_factory=dict)
    is_gone: bool = False  # The directory has no such organization, or no longer.
    left: set[UUID] = field(default_factory=set)  # Whom and what ending the contract would leave.
    spending: Spending = field(default_factory=Spending)  # Of the command that is being decided.

    def user(self, user_id: UUID) -> User | None:
        """Return a user, or None if it does not exist or is deleted."""
        if read := self.unread.pop(user_id, None):
            self.users[user_id] = read()
        user = self.users.get(user_id)
        return None if user is None or user.is_deleted else user

    def anyone(self, user_id: UUID) -> User | None:
        """Return a user, whether it was loaded in full or only its role; a deleted one too."""
        if user_id in self.unread:
            self.user(user_id)
        return self.users.get(user_id) or self.role_holders.get(user_id)

    def group(self, group_id: UUID) -> Group | None:
        """Return a group, or None if it does not exist or is deleted."""
        group = self.groups.get(group_id)
        return None if group is None or group.is_deleted else group

    def groups_of(self, member_id: UUID) -> Iterator[UUID]:
        """Yield the groups that a member is in."""
        self.spending.spend(len(self.groups) // GROUPS_PER_UNIT)
        for group in self.groups.values():
            if member_id in group.members:
                yield group.id

    def version(self, stream_id: UUID) -> int:
        """Return the version that a stream has reached, 0 for a new one."""
        if self.organization and self.organization.id == stream_id:
            return self.organization.version
        state = self.anyone(stream_id) or self.groups.get(stream_id) or self.holds.get(stream_id)
        return state.version if state else 0

    def evolve(self, event: Event, place: Place, *, actor_id: str = "") -> None:
        """Apply an event, which somebody caused: the next command of the batch sees its effect."""
        kind, fact = type(event), cast("Any", event)
        if kind in USER_EVENTS:
            self._evolve_user(fact, place)
            self._note_left(kind, place.stream_id)
        elif kind in GROUP_EVENTS:
            self._evolve_group(fact, place)
            self._note_left(kind, place.stream_id)
        elif kind in ORGANIZATION_EVENTS:
            self.organization = organizations.evolve(self.organization, fact, place)
            self.is_gone = self.organization.is_erased
            evolve_legal_holds(self.legal_holds, fact, place, actor_id)
            if kind in HOLDER_EVENTS:
                self.technical.add(fact.account_id)
                self.holders.add(fact.account_id)
        elif kind in HOLD_EVENTS:
            former = self.holds.get(place.stream_id)
            self.holds[place.stream_id] = holds.evolve(former, fact, place)
        else:
            raise TypeError(event)

    def _note_left(self, kind: type[Event], stream_id: UUID) -> None:
        if kind in BEGINNINGS:
            self.left.add(stream_id)
        elif kind in ENDS:
            self.left.discard(stream_id)

    def _evolve_user(self, event: UserEvent, place: Place) -> None:
        if type(event) is users.AccountDesignated:
            self.technical.add(place.stream_id)
        holder = self.role_holders.get(place.stream_id)
        if holder is None:
            self._set_user(users.evolve(self.users.get(place.stream_id), event, place))
        else:
            self.role_holders[place.stream_id] = users.evolve(holder, event, place)

    def _set_user(self, user: User) -> None:
        former = self.users.get(user.id)
        if former and "userName" in former.attributes:
            self._forget(self.user_names, former.name_key, user.id)
        self.users[user.id] = user
        if "userName" not in user.attributes:  # Erased, or loaded without its values.
            self.member_types.pop(user.id, None)
            return
        key = user.name_key
        if user.is_deleted:
            self.member_types.pop(user.id, None)
            self.former_names[key] = user.id
            if "externalId" in user.attributes:
                self.former_external_ids[user.attributes["externalId"]] = user.id
        else:
            self.member_types[user.id] = "User"
            self.user_names[key] = user.id

    def _evolve_group(self, event: GroupEvent, place: Place) -> None:
        former = self.groups.get(place.stream_id)
        # This dict was loaded for this batch, and nothing else uses it.
        members = cast("dict[UUID, MemberType]", former.members) if former else {}
        self._note_role_groups(event, place.stream_id)
        self._set_group(groups.evolve_in_place(former, event, place, members).with_members(members))

    def _note_role_groups(self, event: GroupEvent, group_id: UUID) -> None:
        if type(event) is MembersAdded and self.role_groups_of:
            for each in event.members:
                self.role_groups_of.setdefault(each, set()).add(group_id)
        elif type(event) is MembersRemoved and self.role_groups_of:
            for each in event.members:
                self.role_groups_of.get(each, set()).discard(group_id)

    def _set_group(self, group: Group) -> None:
        former = self.groups.get(group.id)
        if former:
            self._forget(self.group_names, fold(former.attributes["displayName"]), group.id)
        self.groups[group.id] = group
        if group.is_deleted:
            self.member_types.pop(group.id, None)
        else:
            self.member_types[group.id] = "Group"
            self.group_names[fold(group.attributes["displayName"])] = group.id

    def let_go(self) -> None:
        """Let the objects of a large state go, a few at a time. Nothing may use it afterwards."""
        members: list[Any] = [each.members for each in self.groups.values()]
        let_go(*members, self.role_groups_of, self.member_types, self.role_holders)
        if self.guard is not None:
            let_go(self.guard.lost, self.guard.concerns)

    @staticmethod
    def _forget(names: dict[str, UUID], key: str, stream_id: UUID) -> None:
        if names.get(key) == stream_id:
            del names[key]


def check(precondition: Precondition, version: int) -> None:
    """Raise PreconditionFailed unless If-Match names the version, and If-None-Match does not."""
    wanted, barred = precondition.versions, precondition.barred
    is_other = wanted is not None and wanted != ANY_VERSION and version not in wanted
    if is_other or (barred is not None and (barred == ANY_VERSION or version in barred)):
        raise PreconditionFailed(
            f'The resource has version W/"{version}" now; read it again before you change it.'
        )


def decisions(stream_id: UUID, events: Iterable[Event]) -> list[Decision]:
    """Return events as decisions of one stream."""
    return [Decision(stream_id, event) for event in events]
