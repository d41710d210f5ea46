"""The events that explain a row that differs: for a membership, those that name the member; else the latest. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import orjson

from projections.fold import Logged
from projections.verify.findings import Difference

EVENTS_MAX = 20  # The latest: what is wrong is rarely older, and a group may have thousands.
MEMBERSHIPS = frozenset({"memberships", "membership_periods"})  # Keys: group, member, …
LIFETIME = frozenset({"GroupCreated", "GroupDeleted"})
MEMBERS = frozenset({"MembersAdded", "MembersRemoved"})

HistoryFold = tuple[int, str]  # Position and type.


@dataclass(slots=True)
class Explanations:
    """The events of some streams of a log, in order, by what they explain."""

    looked_for: Mapping[UUID, set[str]]  # Group → members.
    streams: dict[UUID, list[HistoryFold]] = field(default_factory=dict)
    members: dict[tuple[UUID, str], list[HistoryFold]] = field(default_factory=dict)
    positions: dict[str, HistoryFold] = field(default_factory=dict)

    def add(self, event: Logged) -> None:
        """Take in the next event."""
        stream_id, told = event["stream_id"], (event["position"], event["type"])
        self.streams.setdefault(stream_id, []).append(told)
        self.positions[str(told[0])] = told
        for member in named(event, self.looked_for.get(stream_id, set())):
            self.members.setdefault((stream_id, member), []).append(told)

    def of(self, difference: Difference) -> list[HistoryFold]:
        """Return the events that explain a row."""
        if difference.table in MEMBERSHIPS:
            return self.members.get((difference.stream_id, difference.key[1]), [])
        if difference.table == "activity":
            return [self.positions[each] for each in difference.key if each in self.positions]
        return self.streams.get(difference.stream_id, [])


def explained(differences: Sequence[Difference], events: Iterable[Logged]) -> list[Difference]:
    """Return the differences with their events, given those of their streams in order; all of one log."""
    members: dict[UUID, set[str]] = {}
    for each in differences:
        if each.table in MEMBERSHIPS:
            members.setdefault(each.stream_id, set()).add(each.key[1])
    known = Explanations(members)
    for event in events:
        known.add(event)
    return [with_latest(each, known.of(each)) for each in differences]


def named(event: Logged, members: set[str]) -> Iterator[str]:
    """Yield those of some members whose membership an event of their group began or ended."""
    if members and event["type"] in LIFETIME:
        yield from members
    elif members and event["type"] in MEMBERS:
        # Read as it is written, and not decoded: thousands of members may be named, and few are looked for.
        yield from members.intersection(orjson.loads(event["data"])["members"])


def with_latest(difference: Difference, events: Sequence[HistoryFold]) -> Difference:
    """Return a difference with the latest of its events."""
    latest = tuple(events[-EVENTS_MAX:])
    return replace(difference, events=latest, earlier=len(events) - len(latest))
