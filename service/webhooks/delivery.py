"""Brings one webhook up to the end of its log: event by event, in order, and no further after one that failed.

A receiver that is away keeps the webhook where it is, however long that takes. A receiver that refuses one event ten
times gets the next: the event becomes a dead letter. How far a webhook has got is written after what was delivered,
so a crash in between delivers again.
"""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter, Histogram

from eventstore.errors import BrokenSeal
from eventstore.events import Provenance
from eventstore.postgres.pool import borrowed
from eventstore.sealing.sealer import Sealer
from schema.events.feed import FeedEvent as RecordedChange
from schema.events.feed import WebhookChanged
from schema.scim.errors import ScimError
from service.feed.event import FeedEvent, without_values
from service.feed.reader import FeedReader
from service.ids import new_id
from service.webhooks import store
from service.webhooks.outcome import LONGEST_S, REFUSALS_MAX, Outcome, wait_s
from service.webhooks.senders import Senders
from service.webhooks.store import Sealed, Webhook

READ_MAX: Final = 100
SAVED_EVERY: Final = 20  # Events: so many are delivered again after a crash.
TIMEOUT_S: Final = 10.0
RUN_S_MAX: Final = 20.0  # Then another webhook has a turn: a receiver may be slow with every event.
ERASED: Final = "OrganizationErased"  # The last event that a webhook gets.
FAILING_AT: Final = 5  # Attempts, after which the log says so.
Record = Callable[[UUID, RecordedChange, Provenance], Awaitable[None]]
Step = Literal["on", "stop"]

log = structlog.get_logger()

ATTEMPTS = Counter(
    "scim_ledger_webhook_attempts_total",
    "Attempts to deliver an event, by what came of them: delivered, away, refused or gone.",
    ["outcome"],
)
DELAY = Histogram(
    "scim_ledger_webhook_delay_seconds",
    "Time from the append of an event until its receiver took it.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3_600, 86_400),
)


@dataclass(frozen=True, slots=True)
class Courier:
    """What deliveries share."""

    pool: asyncpg.Pool
    sealer: Sealer
    reader: FeedReader
    senders: Senders
    record: Record
    is_leading: Callable[[UUID], bool]  # Whether this process may go on with an organization.


async def deliver(courier: Courier, organization_id: UUID, webhook_id: UUID) -> bool:
    """Deliver what a webhook lacks, for a while; return whether it is to go on. Errors: asyncpg's, TimeoutError."""
    async with borrowed(courier.pool, timeout_s=TIMEOUT_S) as connection:
        webhook = await store.find_webhook(connection, organization_id, webhook_id)
    if webhook is None or webhook.state != "enabled" or webhook.is_waiting:
        return False
    if webhook.kind not in courier.senders:
        return False
    try:
        place = webhook.open(courier.sealer)
    except BrokenSeal:
        await _disable(courier, webhook, "The seal of its address does not open.")
        return False
    run = Run(courier, webhook, place)
    while (step := await run.step()) == "on" and run.may_go_on:
        pass
    return step == "on"


class Run:
    """One run of deliveries to a webhook. It owns how far the webhook has got meanwhile."""

    def __init__(self, courier: Courier, webhook: Webhook, place: Sealed) -> None:
        self._courier, self._webhook, self._place = courier, webhook, place
        self._until_s = time.monotonic() + RUN_S_MAX

    @property
    def may_go_on(self) -> bool:
        """Return whether this process leads, and the time of the run is not over."""
        is_leading = self._courier.is_leading(self._webhook.organization_id)
        return is_leading and time.monotonic() < self._until_s

    async def step(self) -> Step:
        """Deliver the next batch; return whether there may be more to deliver now."""
        webhook = self._webhook
        batch = await self._courier.reader.read(
            webhook.organization_id,
            after=webhook.position,
            limit=READ_MAX,
            types=webhook.types or None,
        )
        if batch.position == webhook.position:
            return "stop"
        unsaved, position = 0, webhook.position
        for event in batch.events:
            if not self.may_go_on:
                break
            outcome = await self._send(event)
            if outcome.what != "delivered":
                if unsaved and not await self._save(position, is_delivered=True):
                    return "stop"
                return await self._fail(event, outcome)
            unsaved, position = unsaved + 1, event.position
            if event.type == ERASED:
                await self._forget()
                return "stop"
            if unsaved == SAVED_EVERY:
                if not await self._save(position, is_delivered=True):
                    return "stop"
                unsaved = 0
        else:
            position = batch.position
        is_saved = await self._save(position, is_delivered=unsaved > 0)
        return "on" if is_saved else "stop"

    async def _send(self, event: FeedEvent) -> Outcome:
        webhook = self._webhook
        sent = event if webhook.with_values else without_values(event)
        outcome = await self._courier.senders[webhook.kind](webhook, self._place, sent)
        ATTEMPTS.labels(outcome.what).inc()
        if outcome.what == "delivered":
            DELAY.observe(max(0.0, time.time() - event.recorded_at.timestamp()))
        return outcome

    async def _save(self, position: int, *, is_delivered: bool) -> bool:
        """Write how far the webhook has got; return False if somebody else has changed it."""
        if position == self._webhook.position:
            return True
        async with borrowed(self._courier.pool, timeout_s=TIMEOUT_S) as connection:
            is_saved = await store.advance(
                connection, self._webhook, position=position, is_delivered=is_delivered
            )
        attempts = 0 if is_delivered else self._webhook.attempts
        self._webhook = replace(self._webhook, position=position, attempts=attempts)
        return is_saved

    async def _fail(self, event: FeedEvent, outcome: Outcome) -> Step:
        """Note an attempt that failed. A refusal that was one too many lets the webhook go on with the next event."""
        webhook = self._webhook
        attempts = webhook.attempts + 1
        if outcome.what == "gone":
            await _disable(self._courier, webhook, outcome.error)
            return "stop"
        if outcome.what == "refused" and attempts >= REFUSALS_MAX:
            log.error("webhook_event_buried", **_named(webhook), position=event.position)
            async with borrowed(self._courier.pool, timeout_s=TIMEOUT_S) as connection:
                is_buried = await store.bury(
                    connection,
                    webhook,
                    position=event.position,
                    event_type=event.type,
                    error=outcome.error,
                )
            self._webhook = replace(webhook, position=event.position, attempts=0)
            return "on" if is_buried else "stop"
        if attempts == FAILING_AT:
            log.warning("webhook_failing", **_named(webhook), error=outcome.error)
        wait = wait_s(attempts, outcome, random.random())  # noqa: S311 - it guards nothing.
        async with borrowed(self._courier.pool, timeout_s=TIMEOUT_S) as connection:
            await store.note_failure(connection, webhook, outcome.error, wait_s=wait)
        return "stop"

    async def _forget(self) -> None:
        """Delete the webhook of an organization that was erased."""
        webhook = self._webhook
        async with borrowed(self._courier.pool, timeout_s=TIMEOUT_S) as connection:
            await connection.execute(
                store.statement("delete_webhook"), webhook.organization_id, webhook.id
            )


async def _disable(courier: Courier, webhook: Webhook, reason: str) -> None:
    """Disable a webhook that cannot be used any more, unless somebody has changed it meanwhile. The log says so first."""
    place = (webhook.organization_id, webhook.id)
    async with borrowed(courier.pool, timeout_s=TIMEOUT_S) as connection:
        found = await store.find_webhook(connection, *place)
    if found is None or found.generation != webhook.generation:
        return
    change = WebhookChanged(webhook_id=webhook.id, change="disabled", reason=reason)
    system = Provenance("system", None, new_id(), "system")
    try:
        await courier.record(webhook.organization_id, change, system)
    except ScimError:  # The log takes no event now: it is held, or there is an outage.
        async with borrowed(courier.pool, timeout_s=TIMEOUT_S) as connection:
            await store.note_failure(connection, found, reason, wait_s=LONGEST_S)
        return
    log.error("webhook_disabled", **_named(webhook), reason=reason)
    async with borrowed(courier.pool, timeout_s=TIMEOUT_S) as connection:
        await connection.execute(store.statement("switch_webhook"), *place, "disabled", reason)


def _named(webhook: Webhook) -> dict[str, str]:
    return {"organization_id": str(webhook.organization_id), "webhook_id": str(webhook.id)}
