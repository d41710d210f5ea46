"""The messages about webhooks."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from eventstore.events import POSITION_MAX
from schema.events.feed import WebhookFormat, WebhookKind
from service.api.models import ListQuery, Message

TYPES_MAX = 60
Type = Annotated[str, Field(min_length=1, max_length=60)]


class NewWebhookBody(Message):
    """A webhook to create."""

    label: str = Field(min_length=1, max_length=200, description="What it is for.")
    url: str | None = Field(
        None,
        max_length=2_000,
        description="Where to send: https://…, or mailto: and one address. Null: the receiver polls (RFC 8936).",
    )
    types: list[Type] = Field(
        [],
        max_length=TYPES_MAX,
        description="Types of events; empty for all, of a mail for notices.",
    )
    format: WebhookFormat = Field(
        "json", description="`set` for Security Event Tokens (RFC 8417), `ocsf` for a SIEM."
    )
    personal: bool = Field(True, description="false leaves personal values out.")
    after: int | None = Field(
        None,
        ge=0,
        le=POSITION_MAX,
        description="Events after this position; null for those from now on.",
    )
    bearer: str | None = Field(
        None, min_length=1, max_length=2_000, description="The token that a receiver of SETs wants."
    )


class Replay(Message):
    """From where to send again."""

    after: int = Field(
        ge=0, le=POSITION_MAX, description="All events after this position are sent again."
    )


class WebhookRow(Message):
    """A webhook."""

    id: UUID
    label: str
    kind: WebhookKind
    url: str | None = Field(
        description="Null if the receiver polls, and if the seal of the address does not open."
    )
    types: list[str]
    format: WebhookFormat
    personal: bool
    state: Literal["enabled", "disabled"]
    reason: str | None = Field(description="Why it is disabled.")
    position: int = Field(description="Up to here, every event was delivered or is a dead letter.")
    behind: int = Field(description="So many events of the log come after that.")
    attempts: int = Field(description="That failed since the last success.")
    last_error: str | None
    delivered_at: AwareDatetime | None
    dead_letters: int
    created_at: AwareDatetime


class MadeWebhookRow(WebhookRow):
    """A webhook with a new secret, which is shown this once."""

    secret: str | None = Field(
        description="Shown this once; null if messages are not signed with one."
    )


class DeadLetterRow(Message):
    """An event that a webhook refused again and again."""

    position: int
    type: str
    error: str
    attempts: int
    died_at: AwareDatetime


class DeadLettersQuery(ListQuery):
    """A page of dead letters."""
