"""The receiver comes for its Security Event Tokens (RFC 8936): it acknowledges what it has, and gets what follows.

The service keeps the position up to which everything is acknowledged. What comes after it is given out again.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from aiohttp import web
from pydantic import Field

from eventstore.postgres.pool import borrowed
from schema.scim.errors import Conflict, NotFound
from service.api.call import Call
from service.api.models import Message
from service.api.route import Api, Route
from service.callers.scopes import FEED_READ
from service.feed.event import without_values
from service.feed.parts import FEED, Feed
from service.feed.poll import give_back_turn, read
from service.runtime import Runtime
from service.webhooks import store
from service.webhooks.sets import claims_of, jti_of, jwk_of, signed
from service.webhooks.store import Webhook

ISSUER: Final = web.AppKey("issuer of event tokens", str)
KEYS_PATH: Final = "/api/feed/v1/jwks"
EVENTS_MAX: Final = 100
WAIT_S: Final = 30.0
TIMEOUT_S: Final = 10.0
KNOWN_ERRORS: Final = frozenset(  # RFC 8935 §2.4
    {"invalid_request", "invalid_key", "invalid_issuer", "invalid_audience"}
    | {"authentication_failed", "access_denied"}
)


class SetError(Message):
    """Why a receiver does not take a token."""

    err: str = Field(max_length=100)
    description: str | None = Field(None, max_length=1_000)


class PollBody(Message):
    """What a receiver has, and what it wants (RFC 8936 §2.2)."""

    max_events: int = Field(EVENTS_MAX, ge=0, le=1_000, description="0 only acknowledges.")
    return_immediately: bool = Field(False, description="Do not wait if there is nothing.")
    ack: list[str] = Field([], max_length=1_000, description="Tokens that the receiver keeps.")
    set_errs: dict[str, SetError] = Field(
        {}, max_length=1_000, description="Tokens that it does not take: they become dead letters."
    )


class PollAnswer(Message):
    """Tokens that are not acknowledged yet, the first ones (RFC 8936 §2.3)."""

    sets: dict[str, str] = Field(description="Signed tokens, by their id.")
    more_available: bool


async def poll(call: Call, webhook_id: UUID, body: PollBody) -> PollAnswer:
    """POST /sets/{id}. Errors: NotFound, Conflict, TooManyRequests, Unavailable."""
    feed, organization_id = call.request.app[FEED], call.organization.id
    webhook = await _find(call.runtime, organization_id, webhook_id)
    webhook = await _acknowledge(call, feed, webhook, body)
    if body.max_events == 0:
        return PollAnswer(sets={}, more_available=False)
    limit = min(body.max_events, EVENTS_MAX)
    loop = asyncio.get_running_loop()
    until_s = loop.time() + (0.0 if body.return_immediately else WAIT_S)
    after = webhook.position
    with (
        feed.consumers.place(organization_id, "poll"),
        feed.wakes.watching(organization_id) as woken,
    ):
        while True:
            woken.clear()
            batch = await read(feed, call, after=after, limit=limit, types=webhook.types or None)
            if batch.events:
                key, issuer = call.runtime.signing_key, call.request.app[ISSUER]
                sets = {}
                for event in batch.events:
                    sent = event if webhook.with_values else without_values(event)
                    claims = claims_of(webhook, sent, issuer)
                    sets[claims["jti"]] = signed(claims, key)
                return PollAnswer(sets=sets, more_available=len(batch.events) == limit)
            if batch.position > after:
                after = batch.position
                continue
            if feed.stopping.is_set() or (left_s := until_s - loop.time()) <= 0:
                return PollAnswer(sets={}, more_available=False)
            give_back_turn(call)
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await woken.wait()


async def keys(request: web.Request) -> web.Response:
    """GET /jwks: the keys that sign event tokens (RFC 7517). Nobody needs a token to read them."""
    runtime: Runtime = request.app[RUNTIME]
    found = [jwk_of(runtime.signing_keys[kid]) for kid in sorted(runtime.signing_keys)]
    return web.json_response({"keys": found}, headers={"Cache-Control": "max-age=300"})


RUNTIME: Final = web.AppKey("runtime of event tokens", Runtime)


async def _find(runtime: Runtime, organization_id: UUID, webhook_id: UUID) -> Webhook:
    async with borrowed(runtime.pool, timeout_s=TIMEOUT_S) as connection:
        found = await store.find_webhook(connection, organization_id, webhook_id)
    if found is None or found.kind != "poll":
        raise NotFound(f"There is no webhook {webhook_id} that a receiver polls.")
    if found.state != "enabled":
        raise Conflict("This webhook is disabled; enable it first.")
    return found


async def _acknowledge(call: Call, feed: Feed, webhook: Webhook, body: PollBody) -> Webhook:
    """Go on behind the first events as far as all of them are acknowledged; return the webhook as it is then."""
    acknowledged = set(body.ack)
    refused = {jti: error.err for jti, error in body.set_errs.items()}
    while acknowledged or refused:
        batch = await read(
            feed, call, after=webhook.position, limit=EVENTS_MAX, types=webhook.types or None
        )
        position = webhook.position
        for event in batch.events:
            if (jti := jti_of(event)) in refused:
                if not await _save(call, webhook, position):
                    break
                webhook = await _bury(call, webhook, event, refused[jti])
            elif jti not in acknowledged:
                break
            position = event.position
        else:
            position = max(batch.position, position)
        is_all = position == batch.position and batch.position > webhook.position
        await _save(call, webhook, position)
        webhook = await _find(call.runtime, webhook.organization_id, webhook.id)
        if not is_all:
            break
    return webhook


async def _save(call: Call, webhook: Webhook, position: int) -> bool:
    if position == webhook.position:
        return True
    async with borrowed(call.runtime.pool, timeout_s=TIMEOUT_S) as connection:
        return await store.advance(connection, webhook, position=position, is_delivered=True)


async def _bury(call: Call, webhook: Webhook, event: Any, error: str) -> Webhook:
    """Make an event a dead letter; return the webhook as it is then."""
    webhook = await _find(call.runtime, webhook.organization_id, webhook.id)
    named = error if error in KNOWN_ERRORS else "another error"
    async with borrowed(call.runtime.pool, timeout_s=TIMEOUT_S) as connection:
        await store.bury(
            connection,
            webhook,
            position=event.position,
            event_type=event.type,
            error=f"The receiver answers {named}.",
        )
    return await _find(call.runtime, webhook.organization_id, webhook.id)


SETS_API: Final = Api(
    prefix="/api/feed/v1",
    title="Security Event Tokens",
    routes=(
        Route(
            *("POST", "/sets/{id}", FEED_READ, poll),
            "Acknowledge Security Event Tokens, and get what follows (RFC 8936).",
            body=PollBody,
            may_omit_body=True,
            answer=PollAnswer,
        ),
    ),
)
