"""Lets one process of all deliver the webhooks of an organization. When it dies or hangs, another goes on within seconds.

The lease is that of the followers: advisory locks of a transaction that Postgres ends with its process. It only saves
work: what two processes deliver at once, receivers get twice.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Gauge

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import classify
from eventstore.postgres.pool import borrowed
from eventstore.read import read_tails_of
from projections.followers.lease import Lease
from service.background.periodic import going_on
from service.database.leasing import leasing
from service.database.logins.session import ServiceLogin
from service.limits.fair_share import FairShare
from service.webhooks import store
from service.webhooks.delivery import Courier, deliver

NAME: Final = "webhooks"
TURN_S: Final = 1.0  # Between two looks at what is due.
TIMEOUT_S: Final = 10.0
AT_ONCE_MAX: Final = 50  # Webhooks that are delivered to at the same time,
EACH_MAX: Final = 10  # and of one organization.
COUNTED_EVERY_S: Final = 15.0  # As often as metrics are read.
STOP_TIMEOUT_S: Final = 5.0

log = structlog.get_logger()

FAILING = Gauge(
    "scim_ledger_webhooks_failing",
    "Enabled webhooks whose last attempt failed, of all organizations.",
    multiprocess_mode="livemostrecent",
)
DEAD_LETTERS = Gauge(
    "scim_ledger_webhook_dead_letters",
    "Events that webhooks refused again and again.",
    multiprocess_mode="livemostrecent",
)
BEHIND = Gauge(
    "scim_ledger_webhook_behind_events",
    "Events that the webhook that is furthest behind still lacks.",
    multiprocess_mode="livemostrecent",
)
Key = tuple[UUID, UUID]  # Organization, webhook.


@dataclass(slots=True)
class Deliveries:
    """The deliveries of this process. It owns their tasks."""

    login: ServiceLogin
    pool: asyncpg.Pool
    courier: Courier
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    lease: Lease | None = None
    is_stopping: bool = False
    notified: set[UUID] = field(default_factory=set)
    known: dict[UUID, list[UUID]] = field(default_factory=dict)  # Webhooks by organization.
    running: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    again: set[Key] = field(default_factory=set)  # Notified of while they were running.
    places: FairShare = field(default_factory=lambda: FairShare(AT_ONCE_MAX, EACH_MAX, wait_s=None))
    count_at_s: float = 0.0  # By the loop's clock.

    def on_events(self, organization_id: UUID) -> None:
        """Note that an organization has new events."""
        self.notified.add(organization_id)
        self.woken.set()

    def leads(self, organization_id: UUID) -> bool:
        """Return whether this process may deliver for an organization now."""
        lease = self.lease
        return not self.is_stopping and lease is not None and lease.covers(NAME, organization_id)

    async def run(self) -> None:
        """Deliver until `stop`. Lost connections are made again."""
        while not self.is_stopping:
            try:
                async with leasing(self.login, NAME) as self.lease:
                    await self._lead(self.lease)
            except Exception as error:
                if classify(error).passes:
                    log.warning("webhooks_interrupted", error=repr(error))
                else:
                    log.exception("webhooks_failed")
            finally:
                self.lease = None
            if not self.is_stopping:
                await asyncio.sleep(TURN_S)

    async def stop(self) -> None:
        """Let each delivery end after the event that it is sending."""
        self.is_stopping = True
        self.woken.set()
        if self.running:
            _, pending = await asyncio.wait(self.running.values(), timeout=STOP_TIMEOUT_S)
            for each in pending:
                each.cancel()
            if pending:
                await asyncio.wait(pending)

    async def _lead(self, lease: Lease) -> None:
        loop = asyncio.get_running_loop()
        next_at_s = 0.0
        while not self.is_stopping:
            if loop.time() >= next_at_s:
                next_at_s = loop.time() + TURN_S
                await lease.renew()
                if lease.held:
                    await self._look()
            notified, self.notified = self.notified, set()
            for organization_id in notified:
                for webhook_id in self.known.get(organization_id, ()):
                    self._start((organization_id, webhook_id))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, next_at_s - loop.time())):
                    await self.woken.wait()
            self.woken.clear()

    async def _look(self) -> None:
        """Start what is due: what a notification was lost for, what is new, and what waited for its next attempt."""
        async with borrowed(self.pool, timeout_s=TIMEOUT_S) as connection:
            due = [
                each
                for each in await store.find_due(connection)
                if self.leads(each.organization_id)
            ]
            tails = await read_tails_of(connection, {each.organization_id for each in due})
            if (now_s := asyncio.get_running_loop().time()) >= self.count_at_s:
                self.count_at_s = now_s + COUNTED_EVERY_S
                await count(connection)
        self.known = {}
        for each in due:
            self.known.setdefault(each.organization_id, []).append(each.id)
            if tails.get(each.organization_id, 0) > each.position:
                self._start((each.organization_id, each.id))

    def _start(self, key: Key) -> None:
        if key in self.running:
            self.again.add(key)
        elif self.leads(key[0]):
            self.again.discard(key)
            self.running[key] = asyncio.create_task(self._deliver(key), name=f"webhook {key[1]}")

    async def _deliver(self, key: Key) -> None:
        try:
            async with self.places.slot(key[0]):
                with going_on("webhook_delivery_failed", "webhook_delivery_postponed"):
                    if await deliver(self.courier, *key):
                        self.again.add(key)
        finally:
            del self.running[key]
            if key in self.again:
                self.woken.set()
                self.again.discard(key)
                self.notified.add(key[0])


async def count(connection: Connection) -> None:
    """Set the gauges, which are of all organizations."""
    counts = await connection.fetchrow(store.statement("count_webhooks"))
    lowest = await store.find_lowest(connection)
    tails = await read_tails_of(connection, lowest.keys())
    FAILING.set(counts["failing"])
    DEAD_LETTERS.set(counts["dead_letters"])
    BEHIND.set(max((tails.get(each, 0) - at for each, at in lowest.items()), default=0))
