"""The rows of webhooks and of their dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from schema.events.feed import WebhookFormat, WebhookKind

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the master key wraps: where to send, and with which secrets messages are signed."""

    url: str | None  # None: the receiver comes for its events.
    secrets: tuple[str, ...] = ()  # The newest first.
    former_until: datetime | None = None  # Until then the second one is in use, too.
    bearer: str | None = None  # What a receiver of Security Event Tokens wants in Authorization.

    @property
    def in_use(self) -> tuple[str, ...]:
        """Return the secrets that sign now."""
        is_over = self.former_until is None or self.former_until <= datetime.now(UTC)
        return self.secrets[:1] if is_over else self.secrets


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook, as its row has it."""

    organization_id: UUID
    id: UUID
    label: str
    kind: WebhookKind
    sealed: bytes
    types: Sequence[str]
    format: WebhookFormat
    with_values: bool
    state: str
    reason: str | None
    position: int
    generation: int
    attempts: int
    is_waiting: bool  # For its next attempt.
    last_error: str | None
    delivered_at: datetime | None
    created_at: datetime

    def open(self, sealer: Sealer) -> Sealed:
        """Return where to send, and the secrets. Errors: BrokenSeal."""
        found = orjson.loads(sealer.unwrap_secret(self.sealed, context=context_of(self.id)))
        until = found.get("formerUntil")
        return Sealed(
            found["url"],
            tuple(found["secrets"]),
            datetime.fromisoformat(until) if until else None,
            found.get("bearer"),
        )


class DeadLetter(NamedTuple):
    """An event that a webhook refused again and again."""

    position: int
    type: str
    error: str
    attempts: int
    died_at: datetime


class Due(NamedTuple):
    """A webhook that may be sent to now."""

    organization_id: UUID
    id: UUID
    position: int


def context_of(webhook_id: UUID) -> str:
    """Return what binds a seal to its webhook."""
    return f"webhook {webhook_id}"


def seal(sealer: Sealer, webhook_id: UUID, sealed: Sealed) -> bytes:
    """Return the address and the secrets, wrapped."""
    text: dict[str, Any] = {
        "url": sealed.url,
        "secrets": sealed.secrets,
        "formerUntil": sealed.former_until,
        "bearer": sealed.bearer,
    }
    return sealer.wrap_secret(orjson.dumps(text), context=context_of(webhook_id))


async def list_webhooks(connection: Connection, organization_id: UUID) -> list[Webhook]:
    """Return the webhooks of an organization, oldest first."""
    rows = await connection.fetch(statement("list_webhooks"), organization_id)
    return [Webhook(*row) for row in rows]


async def find_webhook(
    connection: Connection, organization_id: UUID, webhook_id: UUID
) -> Webhook | None:
    """Return a webhook; None if the organization has no such."""
    row = await connection.fetchrow(statement("find_webhook"), organization_id, webhook_id)
    return Webhook(*row) if row else None


async def find_due(connection: Connection) -> list[Due]:
    """Return the webhooks of all organizations that may be sent to now."""
    return [Due(*row) for row in await connection.fetch(statement("find_due"))]


async def find_lowest(connection: Connection) -> dict[UUID, int]:
    """Return how far the enabled webhook that is furthest behind has got, by organization."""
    return dict(await connection.fetch(statement("find_lowest")))


async def set_back_beyond(connection: Connection, tails: Mapping[UUID, int]) -> None:
    """Let no webhook be beyond the end of its log, after a restore of an older log.

    Events that are appended there later would have positions that the webhook has passed, and would never be sent.
    """
    await connection.execute(statement("set_back_beyond"), list(tails.keys()), list(tails.values()))


async def advance(
    connection: Connection, webhook: Webhook, *, position: int, is_delivered: bool
) -> bool:
    """Note how far a webhook has got; return False if somebody else has changed it meanwhile."""
    place = (webhook.organization_id, webhook.id, webhook.generation, webhook.position)
    found = await connection.fetchval(statement("advance_webhook"), *place, position, is_delivered)
    return found is not None


async def note_failure(
    connection: Connection, webhook: Webhook, error: str, *, wait_s: float
) -> None:
    """Note that an attempt failed, and when to try again; nothing if somebody else has changed it meanwhile."""
    place = (webhook.organization_id, webhook.id, webhook.generation, webhook.position)
    await connection.execute(statement("note_failure"), *place, error, wait_s)


async def bury(
    connection: Connection, webhook: Webhook, *, position: int, event_type: str, error: str
) -> bool:
    """Make an event a dead letter; return False if somebody else has changed the webhook meanwhile."""
    place = (webhook.organization_id, webhook.id, webhook.generation, webhook.position)
    found = await connection.fetchval(statement("bury_event"), *place, position, event_type, error)
    return found is not None


async def list_dead_letters(
    connection: Connection,
    organization_id: UUID,
    webhook_id: UUID,
    *,
    after: int,
    limit: int,
) -> list[DeadLetter]:
    """Return the dead letters of a webhook after a position, in order."""
    rows = await connection.fetch(
        statement("list_dead_letters"), organization_id, webhook_id, after, limit
    )
    return [DeadLetter(*row) for row in rows]


async def count_dead_letters(connection: Connection, organization_id: UUID) -> dict[UUID, int]:
    """Return how many dead letters each webhook of an organization has; those that have none are left out."""
    return dict(await connection.fetch(statement("count_dead_letters"), organization_id))
