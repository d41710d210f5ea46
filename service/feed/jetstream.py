"""Publishes all logs to a stream of NATS JetStream, each event once and in order. The stream itself is the checkpoint.

One subject for each organization: its last message says how far the log was published. Each message names the sequence
of the one before it on its subject (`Nats-Expected-Last-Subject-Sequence`), so NATS refuses one out of order, also when
two publishers run at once. The id of the message is that of the event. If the stream has lost its end, what is missing
is sent again by itself.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

import nats
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from eventstore.postgres.outages import classify
from eventstore.postgres.pool import borrowed
from eventstore.read_streams import read_tails
from projections.followers.lease import Lease
from service.database.leasing import leasing
from service.feed.event import FeedEvent, without_values
from service.feed.parts import Feed
from service.feed.wakes import waking
from service.runtime import Runtime

NAME: Final = "nats"
TURN_S: Final = 1.0
READ_MAX: Final = 200
AT_ONCE_MAX: Final = 16  # Logs that are published at the same time.
CONNECT_TIMEOUT_S: Final = 10.0
PUBLISH_TIMEOUT_S: Final = 5.0
POSITION: Final = "Position"

Refusal = NatsError  # What ends the command at its start.

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Target:
    """Where to publish. The URL may hold a password."""

    url: str = field(repr=False)
    stream: str
    subject: str  # Of an organization: this, a dot, and its id.
    credentials: str | None  # The path of a file.
    replicas: int
    with_values: bool


class BeyondLog(Exception):
    """The stream holds events that the log has not: the end of the log was lost, or it is another installation's."""


@dataclass(frozen=True, slots=True)
class _Reached:
    position: int
    sequence: int  # Of the stream: of the last message of the subject.


async def publish(runtime: Runtime, feed: Feed, target: Target) -> None:
    """Publish until the task is cancelled. Outages of either side are waited for. Errors: NatsError at the start."""
    client = await nats.connect(
        target.url,
        name="scim-ledger",
        user_credentials=target.credentials,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        connect_timeout=int(CONNECT_TIMEOUT_S),
        error_cb=_on_error,
    )
    try:
        async with waking(feed.wakes):
            await make_stream(client.jetstream(), target)
            await Publisher(runtime, feed, target, client).run()
    finally:
        with suppress(NatsError, TimeoutError, OSError):
            await client.close()


async def make_stream(stream: JetStreamContext, target: Target) -> None:
    """Make the stream if there is none. One that exists is left as it is. Errors: NatsError."""
    try:
        await stream.stream_info(target.stream)
    except NotFoundError:
        await stream.add_stream(
            StreamConfig(
                name=target.stream,
                subjects=[f"{target.subject}.*"],
                num_replicas=target.replicas,
                deny_delete=True,
            )
        )


async def _on_error(error: Exception) -> None:
    log.warning("nats_unavailable", error=type(error).__name__)


class Publisher:
    """Publishes the logs of all organizations. It owns what it knows of the stream."""

    def __init__(self, runtime: Runtime, feed: Feed, target: Target, client: Client) -> None:
        self._runtime, self._feed, self._target = runtime, feed, target
        self._stream = client.jetstream(timeout=PUBLISH_TIMEOUT_S)
        self._reached: dict[UUID, _Reached] = {}
        self._due: set[UUID] = set()
        self._woken = asyncio.Event()
        self._lease: Lease | None = None
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        feed.wakes.call_always(self._on_events)

    async def run(self) -> None:
        """Publish until the task is cancelled."""
        while True:
            try:
                async with leasing(self._runtime.login, NAME) as self._lease:
                    await self._lead(self._lease)
            except Exception as error:
                if not classify(error).passes:
                    raise
                log.warning("nats_publisher_interrupted", error=repr(error))
            finally:
                self._lease = None
            await asyncio.sleep(TURN_S)

    def _on_events(self, organization_id: UUID) -> None:
        self._due.add(organization_id)
        self._woken.set()

    def _leads(self, organization_id: UUID) -> bool:
        return self._lease is not None and self._lease.covers(NAME, organization_id)

    async def _lead(self, lease: Lease) -> None:
        running: dict[UUID, asyncio.Task[None]] = {}
        loop = asyncio.get_running_loop()
        renew_at_s = 0.0
        try:
            while True:
                if loop.time() >= renew_at_s:
                    renew_at_s = loop.time() + TURN_S
                    await lease.renew()
                    await self._look()
                for organization_id in [
                    each for each in self._due if each not in running and self._leads(each)
                ]:
                    self._due.discard(organization_id)
                    task = asyncio.create_task(self._publish(organization_id))
                    running[organization_id] = task
                    task.add_done_callback(partial(self._ended, running, organization_id))
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, renew_at_s - loop.time())):
                        await self._woken.wait()
                self._woken.clear()
        finally:
            left = list(running.values())
            for each in left:
                each.cancel()
            if left:
                await asyncio.wait(left)

    def _ended(
        self,
        running: dict[UUID, asyncio.Task[None]],
        organization_id: UUID,
        _task: asyncio.Task[None],
    ) -> None:
        del running[organization_id]
        self._woken.set()

    async def _look(self) -> None:
        """Find the logs that are longer than what was published of them: a notification may be lost."""
        async with borrowed(self._runtime.pool, timeout_s=CONNECT_TIMEOUT_S) as connection:
            tails = await read_tails(connection)
        for organization_id, tail in tails.items():
            reached = self._reached.get(organization_id)
            if reached is None or reached.position != tail:
                self._due.add(organization_id)

    async def _publish(self, organization_id: UUID) -> None:
        """Publish what the stream lacks of a log. After a failure, the stream is asked anew at the next look."""
        try:
            async with self._places:
                await self._catch_up(organization_id)
        except (NatsError, TimeoutError, OSError) as error:
            self._reached.pop(organization_id, None)
            log.warning(
                "nats_not_published", organization_id=str(organization_id), error=_named(error)
            )
        except BeyondLog as error:
            log.error(  # noqa: TRY400 - it says all.
                "nats_stream_beyond_log", organization_id=str(organization_id), error=str(error)
            )
        except Exception as error:
            self._reached.pop(organization_id, None)
            if not classify(error).passes:
                log.exception("nats_publishing_failed", organization_id=str(organization_id))

    async def _catch_up(self, organization_id: UUID) -> None:
        subject = f"{self._target.subject}.{organization_id}"
        reached = self._reached.get(organization_id) or await self._ask(subject)
        if reached.position > await self._feed.reader.tail(organization_id):
            raise BeyondLog(BeyondLog.__doc__)
        while self._leads(organization_id):
            self._reached[organization_id] = reached
            batch = await self._feed.reader.read(
                organization_id, after=reached.position, limit=READ_MAX
            )
            if not batch.events:
                return
            for event in batch.events:
                reached = await self._send(subject, event, reached)
                self._reached[organization_id] = reached

    async def _ask(self, subject: str) -> _Reached:
        """Return how far the stream has a log. Errors: NatsError."""
        try:
            last = await self._stream.get_last_msg(self._target.stream, subject)
        except NotFoundError:
            return _Reached(0, 0)
        return _Reached(int((last.headers or {})[POSITION]), last.seq or 0)

    async def _send(self, subject: str, event: FeedEvent, reached: _Reached) -> _Reached:
        sent = event if self._target.with_values else without_values(event)
        headers: dict[str, Any] = {
            "Nats-Msg-Id": str(event.id),
            "Nats-Expected-Last-Subject-Sequence": str(reached.sequence),
            POSITION: str(event.position),
            "Type": event.type,
        }
        ack = await self._stream.publish(
            subject,
            sent.model_dump_json().encode(),
            stream=self._target.stream,
            headers=headers,
        )
        return _Reached(event.position, ack.seq)


def _named(error: Exception) -> str:
    """Return an error without what it may quote."""
    code = getattr(error, "err_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"
