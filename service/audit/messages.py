"""The messages of the audit API."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field

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


class AtQuery(ListQuery, ZoneQuery):
    """A list as of an instant."""

    at: str | None = Field(
        None, max_length=60, description=INSTANT.format("its end") + " Without it: now."
    )


class EventsExportQuery(WantedQuery):
    """An export of events."""

    format: Literal["ndjson", "csv"] = "ndjson"
    after: int = Field(0, ge=0, lt=2**63, description="Go on after this position.")


class AccessExportQuery(ZoneQuery):
    """An export of who had which access."""

    at: str | None = Field(
        None, max_length=60, description=INSTANT.format("its end") + " Without it: now."
    )
    format: Literal["ndjson", "csv"] = "ndjson"


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
    events: list[EventRow]
    position: int
