"""Fold the events of one stream into its periods and its part of the timeline. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.read_streams import PROVENANCE
from eventstore.sealing.sealer import Sealer
from projections.fold import Failure, Fold, Logged, Row, Table
from projections.history.periods import (
    PERIODS,
    Began,
    Change,
    Ended,
    Key,
    Period,
    Periods,
    activity_of,
    history_changes,
    public_facts,
)
from projections.history.write import ACTIVITY_COLUMNS, COLUMNS, NothingToEnd
from projections.history.write import TABLES as NAMES
from schema.events.codec import decode
from schema.scim.resource_type import ResourceType

KEYS: dict[Period, tuple[str, ...]] = {
    "role": ("user_id", "from_position"),
    "access": ("user_id", "from_position"),
    "membership": ("group_id", "member_id", "from_position"),
    "lifetime": ("resource_id",),
}
TABLES = {
    **{
        NAMES[period]: Table(
            ("organization_id", *COLUMNS[period]),
            key=("organization_id", *KEYS[period]),
            stream=COLUMNS[period][0],
        )
        for period in PERIODS
    },
    "activity": Table(
        ("organization_id", *ACTIVITY_COLUMNS),
        key=("organization_id", "position"),
        stream="stream_id",
    ),
}


@dataclass(slots=True)
class HistoryFold:
    """The periods of a stream so far. At the first event that cannot be applied, the stream is parked."""

    periods: Periods = field(default_factory=Periods)
    failure: Failure | None = None

    def take(self, row: Logged, _personal: bytes | None) -> None:
        """Apply the next event, completely or not at all."""
        if self.failure is not None:
            return
        recorded = recorded_event(row)
        try:
            event = decode(recorded.type, recorded.schema_version, recorded.data, None)
            changes = history_changes(event, recorded)
            refuse_wrong(changes, self.periods)
            activity = activity_of(recorded, public_facts(event, recorded.data))
        except Exception as error:  # noqa: BLE001 - any error parks the stream.
            self.failure = Failure(row, error)
            return
        for change in changes:
            self.periods.change(change, recorded.position, recorded.recorded_at)
        self.periods.activity.append(activity)

    def rows(
        self, organization_id: UUID, _users: ResourceType, _sealer: Sealer
    ) -> Iterator[tuple[str, Row]]:
        """Yield the rows that the stream leads to, each with its table."""
        for period in PERIODS:
            for row in self.periods.rows(period):
                yield NAMES[period], (organization_id, *row)
        for row in self.periods.activity:
            yield "activity", (organization_id, *row)


def recorded_event(row: Logged) -> RecordedEvent:
    """Return an event from a row that was read with its provenance."""
    stream_id, version, position, kind, schema_version, recorded_at, source, data, *who = row
    organization_id, event_id, actor_id, token_id, request_id, _ = who
    return RecordedEvent(
        organization_id,
        position,
        stream_id,
        version,
        event_id,
        kind,
        schema_version,
        recorded_at,
        actor_id,
        token_id,
        request_id,
        source,
        data,
        sealed=None,
        subject_id=None,
    )


def refuse_wrong(changes: Sequence[Change], periods: Periods) -> None:
    """Refuse changes that do not fit a stream's periods so far.

    Errors: NothingToEnd. AssertionError, if a period begins that is already open.
    """
    now: dict[tuple[Period, Key], bool] = {}
    for change in changes:
        if isinstance(change, Began | Ended):
            place = (change.period, change.key)
            is_open = now.get(place, place in periods.open)
            now[place] = isinstance(change, Began)
            if isinstance(change, Began):
                assert not is_open, f"This {change.period} period has begun before."
            elif change.is_certain and not is_open:
                raise NothingToEnd(NothingToEnd.__doc__)


HISTORY_FOLD = Fold(TABLES, HistoryFold, PROVENANCE)
