"""An event as consumers of the feed get it: what the log stores, with the personal values opened."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import Field

from eventstore.events import RecordedEvent
from service.api.models import Message
from service.replay.describe import kind_of

Format = Literal["json", "ocsf"]
WITHHELD: Final = frozenset(
    {"jtiHash", "secretHash"}
)  # They prove something to us, and say nothing.


class FeedEvent(Message):
    """A fact of the log. It never changes, except that its values go when the person is erased."""

    id: UUID = Field(
        description="The same each time the event is delivered: drop what you have seen."
    )
    position: int = Field(description="Its place in the log of the organization, without gaps.")
    organization_id: UUID
    type: str = Field(description="Such as UserDeactivated; docs/reference/events.md has all.")
    schema_version: int = Field(description="Of `data` and `values`.")
    recorded_at: datetime = Field(description="Later than that of the position before.")
    resource_type: Literal["User", "Group", "Organization", "Hold"]
    resource_id: UUID = Field(
        description="The id of the user, the group, the hold or the organization."
    )
    version: int = Field(
        description="The version of the resource after the event, as in meta.version."
    )
    actor_id: str
    token_id: UUID | None
    request_id: UUID
    source: str = Field(description="The door: scim, api, console, cli or system.")
    data: dict[str, Any] = Field(description="The facts that are not personal.")
    values: dict[str, Any] | None = Field(
        description="The personal values, by attribute path; null if there are none, or none that may be shown."
    )
    is_erased: bool = Field(description="The event had personal values, and the person was erased.")


def feed_event(
    event: RecordedEvent, personal: bytes | None, *, is_broken: bool = False
) -> FeedEvent:
    """Return an event of the log as consumers get it. `is_broken`: the seal of its values does not open."""
    facts = orjson.loads(event.data)
    return FeedEvent(
        id=event.event_id,
        position=event.position,
        organization_id=event.organization_id,
        type=event.type,
        schema_version=event.schema_version,
        recorded_at=event.recorded_at,
        resource_type=kind_of(event.type),
        resource_id=event.stream_id,
        version=event.version,
        actor_id=event.actor_id,
        token_id=event.token_id,
        request_id=event.request_id,
        source=event.source,
        data={name: value for name, value in facts.items() if name not in WITHHELD},
        values=None if personal is None else orjson.loads(personal),
        is_erased=event.sealed is not None and personal is None and not is_broken,
    )


def without_values(event: FeedEvent) -> FeedEvent:
    """Return an event without its personal values."""
    return event if event.values is None else event.model_copy(update={"values": None})
