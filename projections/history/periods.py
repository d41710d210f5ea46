"""What each event says about who had which role, access and membership, and when. Pure.

Two changes make a period: one begins it, one ends it. `Periods` collects the changes of a batch. A period
that begins and ends within the batch is therefore one new row, and no update.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson

from eventstore.events import RecordedEvent
from schema.events.client import ClientSecretAdded
from schema.events.codec import decode
from schema.events.event import Event
from schema.events.group import (
    GroupCreated,
    GroupDeleted,
    MembersAdded,
    MembersRemoved,
)
from schema.events.organization import TokenIssued
from schema.events.user import (
    RoleAssigned,
    UserDeactivated,
    UserDeleted,
    UserProvisioned,
    UserReactivated,
)

Period = Literal["role", "access", "membership", "lifetime"]
Key = tuple[UUID, ...]  # For a membership: group and member. Otherwise the user or the group.
PERIODS: tuple[Period, ...] = ("role", "access", "membership", "lifetime")
# The hash of a token or a secret proves nothing to an auditor, and nobody else needs it.
WITHHELD = {TokenIssued: "jtiHash", ClientSecretAdded: "secretHash"}


class Began(NamedTuple):
    """A period begins with the event. Its key has no other open period."""

    period: Period
    key: Key
    values: tuple[Any, ...] = ()  # The columns between its key and its times.


class Ended(NamedTuple):
    """The open period of a key ends with the event. `is_certain`: the log says that there is one."""

    period: Period
    key: Key
    is_certain: bool = True


class MembershipsEnded(NamedTuple):
    """All open memberships of a group end with the event, which is its last."""

    group_id: UUID


Change = Began | Ended | MembershipsEnded
Row = tuple[Any, ...]  # Key, values, from position, from instant, to position, to instant.


def history_changes(event: Event, recorded: RecordedEvent) -> list[Change]:
    """Return what an event changes in the periods: for most types, nothing.

    Types are compared by `is`, because this runs for every event, and isinstance of a pydantic class takes
    eight times as long.
    """
    kind, stream_id = type(event), recorded.stream_id
    if kind in USER_CHANGES:
        return _of_user(event, recorded)
    if kind is MembersAdded or kind is MembersRemoved:
        return _of_members(event, stream_id)
    if kind is GroupCreated:
        return [Began("lifetime", (stream_id,), ("Group",))]
    if kind is GroupDeleted:
        return [MembershipsEnded(stream_id), Ended("lifetime", (stream_id,))]
    return []


USER_CHANGES = frozenset(
    {UserProvisioned, RoleAssigned, UserDeactivated, UserReactivated, UserDeleted}
)


def _of_user(event: Event, recorded: RecordedEvent) -> list[Change]:
    key = (recorded.stream_id,)
    if type(event) is UserProvisioned:
        access = [Began("access", key)] if event.active else []
        return [Began("lifetime", key, ("User",)), _role(event.role_id, recorded), *access]
    if type(event) is RoleAssigned:
        return [Ended("role", key), _role(event.role_id, recorded)]
    if type(event) is UserDeactivated:
        return [Ended("access", key)]
    if type(event) is UserReactivated:
        return [Began("access", key)]
    # UserDeleted. The user may have been inactive.
    return [Ended("role", key), Ended("access", key, is_certain=False), Ended("lifetime", key)]


def _of_members(event: Event, group_id: UUID) -> list[Change]:
    if type(event) is MembersAdded:
        values = (event.member_type,)
        return [Began("membership", (group_id, each), values) for each in event.members]
    assert isinstance(event, MembersRemoved)
    return [Ended("membership", (group_id, each)) for each in event.members]


def _role(role_id: UUID, recorded: RecordedEvent) -> Began:
    by = (recorded.actor_id, recorded.source, recorded.request_id)
    return Began("role", (recorded.stream_id,), (role_id, *by))


def public_facts(event: Event, data: str) -> str:
    """Return the facts of an event as the timeline shows them: JSON without personal or secret values."""
    withheld = WITHHELD.get(type(event))
    if withheld is None:
        return data
    facts = orjson.loads(data)
    return orjson.dumps({name: facts[name] for name in facts if name != withheld}).decode()


@dataclass(slots=True)
class Periods:
    """What a batch of one organization's events leads to: rows to add, and periods to end."""

    open: dict[tuple[Period, Key], Row] = field(default_factory=dict)
    whole: dict[Period, list[Row]] = field(default_factory=dict)
    ended: dict[Period, list[Row]] = field(default_factory=dict)  # Key, position, instant.
    perhaps_ended: dict[Period, list[Row]] = field(default_factory=dict)
    ended_groups: list[Row] = field(default_factory=list)
    activity: list[Row] = field(default_factory=list)

    def add(self, events: Iterable[RecordedEvent]) -> None:
        """Apply events, in order. Errors: those of decode."""
        for recorded in events:
            event = decode(recorded.type, recorded.schema_version, recorded.data, None)
            for change in history_changes(event, recorded):
                self.change(change, recorded.position, recorded.recorded_at)
            self.activity.append(activity_of(recorded, public_facts(event, recorded.data)))

    def change(self, change: Change, position: int, at: datetime) -> None:
        """Apply one change. Errors: AssertionError, if a period begins that is already open."""
        if type(change) is Began:
            period, key, values = change
            assert (period, key) not in self.open, f"This {period} period has begun before."
            self.open[period, key] = (*key, *values, position, at)
        elif type(change) is Ended:
            period, key, is_certain = change
            self._end(period, key, (position, at), is_certain=is_certain)
        elif type(change) is MembershipsEnded:
            self._end_group(change.group_id, (position, at))

    def _end_group(self, group_id: UUID, end: Row) -> None:
        for period, key in list(self.open):
            if period == "membership" and key[0] == group_id:
                self._end(period, key, end, is_certain=True)
        self.ended_groups.append((group_id, *end))

    def _end(self, period: Period, key: Key, end: Row, *, is_certain: bool) -> None:
        begun = self.open.pop((period, key), None)
        if begun is not None:
            self.whole.setdefault(period, []).append((*begun, *end))
        else:
            ended = self.ended if is_certain else self.perhaps_ended
            ended.setdefault(period, []).append((*key, *end))

    def rows(self, period: Period) -> list[Row]:
        """Return the periods of a kind that began in the batch, both ended and open ones."""
        still = [(*row, None, None) for (kind, _), row in self.open.items() if kind == period]
        return [*self.whole.get(period, ()), *still]


def activity_of(recorded: RecordedEvent, facts: str) -> Row:
    """Return the row of an event on the timeline."""
    return (
        recorded.position,
        recorded.recorded_at,
        recorded.type,
        recorded.stream_id,
        recorded.actor_id,
        recorded.token_id,
        recorded.request_id,
        recorded.source,
        facts,
    )
