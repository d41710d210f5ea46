"""Find the events that explain a row that differs. Pure.

For a membership they are the events that name the member, for other rows the latest ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import orjson

from projections.fold import Logged
from projections.verify.findings import Difference

EVENTS_MAX = (
    20  # The latest ones. The cause is rarely older, and a group may have thousands of events.
)
MEMBERSHIPS = frozenset({"memberships", "membership_periods"})  # Keys: group, member, …
LIFETIME = frozenset({"GroupCreated", "GroupDeleted"})
MEMBERS = frozenset({"MembersAdded", "MembersRemoved"})

LoggedEvent = tuple[int, str]  # Position and type.


@dataclass(slots=True)
class Explanations:
    """The events of some streams of a log, in order, grouped by what they explain."""

    looked_for: Mapping[UUID, set[str]]  # Group → members.
    streams: dict[UUID, list[LoggedEvent]] = field(default_factory=dict)
    members: dict[tuple[UUID, str], list[LoggedEvent]] = field(default_factory=dict)
    positions: dict[str, LoggedEvent] = field(default_factory=dict)

    def add(self, event: Logged) -> None:
        """Add the next event."""
        stream_id, position = event["stream_id"], event["position"]
        logged = (position, event["type"])
        self.streams.setdefault(stream_id, []).append(logged)
        self.positions[str(position)] = logged
        for member in named(event, self.looked_for.get(stream_id, set())):
            self.members.setdefault((stream_id, member), []).append(logged)

    def of(self, difference: Difference) -> list[LoggedEvent]:
        """Return the events that explain a row."""
        if difference.table in MEMBERSHIPS:
            return self.members.get((difference.stream_id, difference.key[1]), [])
        if difference.table == "activity":
            return [self.positions[each] for each in difference.key if each in self.positions]
        return self.streams.get(difference.stream_id, [])


def explained(differences: Sequence[Difference], events: Iterable[Logged]) -> list[Difference]:
    """Return the differences of one log with their events. `events` are those of their streams, in order."""
    members: dict[UUID, set[str]] = {}
    for each in differences:
        if each.table in MEMBERSHIPS:
            members.setdefault(each.stream_id, set()).add(each.key[1])
    explanations = Explanations(members)
    for event in events:
        explanations.add(event)
    return [with_latest(each, explanations.of(each)) for each in differences]


def named(event: Logged, members: set[str]) -> Iterator[str]:
    """Yield those of some members whose membership an event of the group begins or ends."""
    if members and event["type"] in LIFETIME:
        yield from members
    elif members and event["type"] in MEMBERS:
        # Not decoded: the event may name thousands of members, and only a few are looked for.
        yield from members.intersection(orjson.loads(event["data"])["members"])


def with_latest(difference: Difference, events: Sequence[LoggedEvent]) -> Difference:
    """Return a difference with the latest of its events."""
    latest = tuple(events[-EVENTS_MAX:])
    return replace(difference, events=latest, earlier=len(events) - len(latest))
