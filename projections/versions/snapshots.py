"""Turn the events of one stream into its versions. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from projections.directory.fold import GROUP_EVENTS, USER_EVENTS, is_readable
from projections.directory.rows import group_row, user_row
from projections.fold import Row
from projections.versions.tables import GROUPS, USERS
from schema.events import group, user
from schema.events.event import Event, Place
from schema.events.group import Group
from schema.events.user import User
from schema.scim.resource_type import ResourceType

# By their names: the events of an erasure change versions that came before them.
PERSON_ERASED, REFERENCE_ERASED = "UserErased", "ReferenceErased"
State: TypeAlias = User | Group
VERSIONED: Final = USER_EVENTS | GROUP_EVENTS


class Snapshot(NamedTuple):
    """A resource after an event, and when the next event came; None: it is the present version."""

    state: State
    from_position: int
    from_at: datetime
    to_position: int | None = None
    to_at: datetime | None = None


@dataclass(slots=True)
class Versions:
    """The versions of a stream so far.

    A write of a batch begins with the version that is open, which has its row already.
    """

    state: State | None = None
    has_row: bool = False  # The open version has a row, which the first event here ends.
    row_ended: tuple[int, datetime] | None = None  # Where the version of that row ended.
    snapshots: list[Snapshot] = field(default_factory=list)

    def take(self, event: Event, place: Place) -> None:
        """Apply the next event of a user or a group, completely or not at all. Errors: those of evolve."""
        former: Any = self.state
        fact: Any = event
        kind = type(event)
        evolve = user.evolve if kind in USER_EVENTS else group.evolve
        state = evolve(former, fact, place)
        if isinstance(state, Group) and state.members:
            state = state.with_members(NOBODY)  # They are counted, and kept as periods in history.
        end = (place.position, place.recorded_at)
        if self.snapshots:
            last = self.snapshots[-1]
            if last.to_position is None:
                self.snapshots[-1] = last._replace(to_position=end[0], to_at=end[1])
        elif self.has_row and self.row_ended is None:
            self.row_ended = end
        self.state = state
        if kind.__name__ == PERSON_ERASED:
            self.snapshots.clear()
        elif kind.__name__ == REFERENCE_ERASED:
            self.snapshots = [
                each._replace(state=without_reference(each.state, event, place))
                for each in self.snapshots
                if isinstance(each.state, User)
            ]
        if not state.is_deleted:
            self.snapshots.append(Snapshot(state, *end))

    def rows(self, organization_id: UUID, users: ResourceType) -> Iterator[tuple[str, Row]]:
        """Yield the rows of the versions, each with its table. What is sealed under a key that was destroyed has none."""
        for state, *times in self.snapshots:
            if not is_shown(state):
                continue
            if isinstance(state, Group):
                yield GROUPS, (organization_id, *group_row(state), *times)
            else:
                yield USERS, (organization_id, *user_row(state, users), *times)


NOBODY = group.NOBODY


def is_shown(state: State) -> bool:
    """Return whether a version has a row: what names it is not gone with a key."""
    return "displayName" in state.attributes if isinstance(state, Group) else is_readable(state)


def without_reference(state: User, event: Event, place: Place) -> User:
    """Return an earlier state of a user without what it says about somebody who was erased."""
    fact: Any = event
    return state._replace(attributes=user.evolve(state, fact, place).attributes)
