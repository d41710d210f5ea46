"""Puts the parts of webhooks together, and keeps them running beside the requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from schema.events.feed import WebhookKind
from service.config import Settings
from service.feed.parts import Feed
from service.proof.record import record
from service.runtime import Runtime, revealed
from service.webhooks.delivery import Courier
from service.webhooks.http import open_session
from service.webhooks.leader import Deliveries
from service.webhooks.mail import MailServer, mail_sender
from service.webhooks.places import PlaceRules
from service.webhooks.senders import Send, push_sender, signed_sender


def place_rules(settings: Settings) -> PlaceRules:
    """Return which places the operator allows."""
    return PlaceRules(
        may_be_private=settings.webhooks_may_be_private, has_mail=settings.smtp_host is not None
    )


def mail_server(settings: Settings) -> MailServer | None:
    """Return the server for mail that the settings name."""
    if settings.smtp_host is None:
        return None
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_from,
        settings.smtp_security,
        settings.smtp_user,
        revealed(settings.smtp_password),
        settings.origin,
    )


@asynccontextmanager
async def delivering(runtime: Runtime, feed: Feed, settings: Settings) -> AsyncIterator[None]:
    """Deliver webhooks for the duration of the block, if this process leads."""
    session = open_session(may_be_private=settings.webhooks_may_be_private)
    senders: dict[WebhookKind, Send] = {
        "webhook": signed_sender(session),
        "push": push_sender(session, lambda: runtime.signing_key, settings.origin),
    }
    if server := mail_server(settings):
        senders["mail"] = mail_sender(server)
    courier = Courier(
        runtime.pool,
        runtime.sealer,
        feed.reader,
        senders,
        partial(record, runtime),
        lambda organization_id: deliveries.leads(organization_id),  # noqa: PLW0108 - it is made below.
    )
    deliveries = Deliveries(runtime.login, runtime.pool, courier)
    feed.wakes.call_always(deliveries.on_events)
    task = asyncio.create_task(deliveries.run(), name="webhooks")
    try:
        yield
    finally:
        await deliveries.stop()
        await task
        await session.close()
