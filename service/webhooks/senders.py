"""How an event goes to a place: the message, its headers, and who carries it."""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from typing import Final

import aiohttp
import orjson

from schema.events.feed import WebhookKind
from service.callers.signing_keys import SigningKey
from service.feed.event import FeedEvent
from service.feed.ocsf import ocsf_event
from service.webhooks.http import post
from service.webhooks.outcome import Outcome
from service.webhooks.secret import headers
from service.webhooks.sets import TYPE, claims_of, signed
from service.webhooks.store import Sealed, Webhook

JSON: Final = {"Content-Type": "application/json"}
# Sends one event; the outcome says what came of it. An exception is a fault of ours.
Send = Callable[[Webhook, Sealed, FeedEvent], Awaitable[Outcome]]
Senders = Mapping[WebhookKind, Send]


def message(webhook: Webhook, event: FeedEvent) -> bytes:
    """Return the body of a signed message."""
    if webhook.format == "ocsf":
        return orjson.dumps(ocsf_event(event))
    return orjson.dumps(
        {
            "type": event.type,
            "timestamp": event.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": event.model_dump(mode="json"),
        }
    )


def signed_sender(session: aiohttp.ClientSession) -> Send:
    """Return what sends signed messages (Standard Webhooks)."""

    async def send(webhook: Webhook, place: Sealed, event: FeedEvent) -> Outcome:
        body = message(webhook, event)
        signed = headers(place.in_use, str(event.id), int(time.time()), body)
        return await post(session, place.url or "", body, {**JSON, **signed})

    return send


def push_sender(session: aiohttp.ClientSession, key: Callable[[], SigningKey], issuer: str) -> Send:
    """Return what pushes Security Event Tokens (RFC 8935)."""

    async def send(webhook: Webhook, place: Sealed, event: FeedEvent) -> Outcome:
        token = signed(claims_of(webhook, event, issuer), key())
        sent = {"Content-Type": f"application/{TYPE}", "Accept": "application/json"}
        if place.bearer:
            sent["Authorization"] = f"Bearer {place.bearer}"
        return await post(session, place.url or "", token.encode(), sent)

    return send
