"""The messages of the audit API."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field

from eventstore.events import POSITION_MAX
from service.api.models import ListQuery, Message

RowT = TypeVar("RowT")
INSTANT = "A date, which means {}, or an instant with its zone (RFC 3339)."
TEXT_MAX = 1_000


class PagePosition(Message, Generic[RowT]):
    """A page of a list, and the position of the log that it was computed at."""

    items: list[RowT]
    next_cursor: str | None = Field(
        None, description="Where the next page begins; null on the last page."
    )
    position: int = Field(description="The position of the log that the answer was computed at.")


class ActorRow(Message):
    """Who caused an event."""

    id: str
    name: str
    kind: Literal["account", "person", "operator", "service"]


class TokenName(Message):
    """The token that was used."""

    id: UUID
    label: str | None


class ChangeRow(Message):
    """An attribute before and after an event."""

    attribute: str
    before: Any
    after: Any
    is_erased: bool = Field(False, description="The values are gone: the person was erased.")


class EventRow(Message):
    """An event of the log."""

    position: int
    recorded_at: datetime
    type: str
    resource_type: Literal["User", "Group", "Organization", "Hold"]
    resource_id: UUID
    resource_name: str = Field(description="What it was called last.")
    actor: ActorRow
    token: TokenName | None
    request_id: UUID
    source: str
    sentence: str
    facts: dict[str, Any]
    changes: list[ChangeRow]


class ZoneQuery(Message):
    """A time zone for dates."""

    zone: str | None = Field(
        None, max_length=60, description="An IANA time zone for dates; UTC by default."
    )


class PeriodQuery(ZoneQuery):
    """A period. Both ends count."""

    from_: str | None = Field(
        None, alias="from", max_length=60, description=INSTANT.format("its beginning")
    )
    to: str | None = Field(None, max_length=60, description=INSTANT.format("its end"))


class WantedQuery(PeriodQuery):
    """Which events are wanted. What is given must all be true of an event."""

    actor: str | None = Field(
        None, max_length=TEXT_MAX, description="The id or the userName of who acted."
    )
    token: UUID | None = None
    client: UUID | None = None
    resource: UUID | None = None
    user_name: str | None = Field(
        None, max_length=TEXT_MAX, description="A userName that somebody has, or once had."
    )
    type: str | None = Field(
        None, max_length=TEXT_MAX, description="Types of events, separated by commas."
    )
    role: str | None = Field(None, max_length=TEXT_MAX, description="The id or the name of a role.")
    group: str | None = Field(
        None, max_length=TEXT_MAX, description="The id or the displayName of a group."
    )
    request: UUID | None = None
    source: Literal["scim", "console", "cli", "api", "system"] | None = None
    attribute: str | None = Field(
        None, max_length=TEXT_MAX, description="An attribute by its path."
    )
    cycle: UUID | None = Field(None, description="A provisioning cycle, by its id.")


class EventsQuery(ListQuery, WantedQuery):
    """A page of the events that are wanted."""

    order: Literal["desc", "asc"] = "desc"


class InstantQuery(ZoneQuery):
    """As of an instant."""

    at: str | None = Field(
        None, max_length=60, description=INSTANT.format("its end") + " Without it: now."
    )


class AtQuery(ListQuery, InstantQuery):
    """A list as of an instant."""


class PeopleAtQuery(AtQuery):
    """Which people of an instant are wanted."""

    q: str | None = Field(
        None, max_length=TEXT_MAX, description="What userName or displayName begins with."
    )
    active: bool | None = None
    role: str | None = Field(None, max_length=TEXT_MAX, description="The id or the name of a role.")


class DiffQuery(ListQuery, ZoneQuery):
    """Two instants that are compared."""

    from_: str = Field(alias="from", max_length=60, description=INSTANT.format("its beginning"))
    to: str | None = Field(
        None, max_length=60, description=INSTANT.format("its end") + " Without it: now."
    )


class EventsExportQuery(WantedQuery):
    """An export of events."""

    format: Literal["ndjson", "csv", "parquet"] = "ndjson"
    after: int = Field(0, ge=0, le=POSITION_MAX, description="Go on after this position.")


class AccessExportQuery(InstantQuery):
    """An export of who had which access."""

    format: Literal["ndjson", "csv", "parquet"] = "ndjson"


class ReportQuery(PeriodQuery):
    """A report over a period; without one, over the last year."""

    days: int = Field(90, ge=1, le=3650, description="For the report `unseen`.")
    format: Literal["html", "csv", "ndjson"] = "html"


class HolderRow(Message):
    """Somebody who held a role."""

    id: UUID
    user_name: str
    display_name: str | None
    active: bool = Field(description="Whether the account was active then.")
    since: datetime = Field(description="When the role was assigned.")
    until: datetime | None = Field(description="When the role ended; null while it is held.")
    assigned_by: ActorRow
    position: int = Field(description="The event that assigned the role.")


class MemberAtRow(Message):
    """A member that a group had."""

    id: UUID
    type: Literal["User", "Group"]
    user_name: str | None
    display_name: str | None
    since: datetime
    until: datetime | None
    position: int = Field(description="The event by which it joined.")


class PeriodRow(Message):
    """From when to when something was so."""

    since: datetime
    until: datetime | None
    from_position: int
    to_position: int | None


class RolePeriodRow(PeriodRow):
    """A role that somebody had."""

    role: str


class GroupPeriodRow(PeriodRow):
    """A group that somebody was in."""

    group_id: UUID
    group: str


class AccessAnswer(Message):
    """When and why a person got and lost access."""

    id: UUID
    user_name: str
    has_access: bool
    lost_at: datetime | None
    lost_by: str | None = Field(description="The sentence of the event that took the access away.")
    roles: list[RolePeriodRow]
    active: list[PeriodRow]
    groups: list[GroupPeriodRow]
    events: list[EventRow] = Field(
        description="Those that gave, changed or took access: the newest 10,000, oldest first."
    )
    position: int


class PersonAtRow(Message):
    """A person as it was, under its name of then."""

    id: UUID
    user_name: str
    display_name: str | None
    active: bool
    role_id: UUID
    role: str | None
    version: int
    created_at: datetime
    modified_at: datetime


class ValueRow(Message):
    """An attribute as it was, and today."""

    attribute: str = Field(description="Its path.")
    value: Any
    origin: EventRow | None = Field(description="The event that gave the value.")
    today: Any = Field(description="Its value today; null if it has none, or if all is gone.")
    differs_today: bool


class ResourceAt(Message):
    """A person or a group as it was, under its name of then."""

    id: UUID
    display_name: str | None
    version: int
    created_at: datetime
    modified_at: datetime
    exists_today: bool
    attributes: list[ValueRow]
    position: int = Field(description="The position of the log that the answer was computed at.")


class NamedGroup(Message):
    """A group, by its name of then."""

    id: UUID
    name: str


class PersonAt(ResourceAt):
    """A person as it was."""

    user_name: str
    active: bool
    role_id: UUID
    role: str | None
    groups: list[NamedGroup]


class GroupAt(ResourceAt):
    """A group as it was. Its members have a route of their own."""

    member_count: int


class MovedRow(Message):
    """A member that a group has at only one of two instants."""

    id: UUID
    name: str


class DifferenceRow(Message):
    """A person or a group that is not the same at two instants."""

    id: UUID
    type: Literal["User", "Group"]
    name: str = Field(description="Its last name up to the later instant.")
    kind: Literal["created", "changed", "deleted"]
    changes: list[ChangeRow]
    joined: list[MovedRow]
    left: list[MovedRow]
    events: list[EventRow] = Field(description="What happened to it in between.")


class DiffPage(PagePosition[DifferenceRow]):
    """A page of differences, and the two positions of the log that were compared."""

    from_position: int
