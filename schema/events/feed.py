"""The events about what follows the log from outside: webhooks, and what the service announces by itself."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from schema.events.event import Event

WebhookKind = Literal["webhook", "mail", "push", "poll"]
WebhookFormat = Literal["json", "ocsf", "set"]


class WebhookCreated(Event):
    """Events are sent to a further place. Its whole address may be secret, and is not in the log."""

    webhook_id: UUID
    label: str
    kind: WebhookKind
    host: str | None = None  # Of its URL.
    types: tuple[str, ...] = ()  # Of events; empty: all.
    format: WebhookFormat
    with_values: bool  # Whether personal values are sent.
    after: int  # Events after this position.


class WebhookChanged(Event):
    """A webhook was switched, set back, given another secret, or deleted."""

    webhook_id: UUID
    change: Literal["enabled", "disabled", "replayed", "secretRotated", "deleted"]
    reason: str | None = None
    after: int | None = None  # Replayed: events after this position are sent again.


class TokenExpiring(Event):
    """A token that is in use expires soon. It is announced 30, 14, 7 and 1 days before."""

    token_id: UUID
    account_id: UUID
    expires_at: datetime
    days: int


FeedEvent = WebhookCreated | WebhookChanged | TokenExpiring
