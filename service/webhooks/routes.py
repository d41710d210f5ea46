"""The routes of webhooks, which belong to the admin API."""

from typing import Final
from uuid import UUID

from aiohttp import web

from service.api.call import Call
from service.api.cursor import a_position, page_of, read_key
from service.api.models import Page
from service.api.route import Api, Route
from service.callers.scopes import ADMIN, ADMIN_READ
from service.webhooks import manage
from service.webhooks.manage import ListedWebhook, MadeWebhook, NewWebhook
from service.webhooks.messages import (
    DeadLetterRow,
    DeadLettersQuery,
    MadeWebhookRow,
    NewWebhookBody,
    Replay,
    WebhookRow,
)
from service.webhooks.places import PlaceRules

RULES: Final = web.AppKey("rules of webhooks", PlaceRules)
DEAD_LETTERS: Final = "dead letters"  # The kind of cursors.


async def list_them(call: Call) -> Page[WebhookRow]:
    """GET /webhooks."""
    found = await manage.list_webhooks(call.runtime, call.organization)
    return Page[WebhookRow](items=[_row(each) for each in found], next_cursor=None)


async def create(call: Call, body: NewWebhookBody) -> MadeWebhookRow:
    """POST /webhooks."""
    wanted = NewWebhook(
        label=body.label,
        url=body.url,
        types=body.types,
        format=body.format,
        with_values=body.personal,
        after=body.after,
        bearer=body.bearer,
    )
    made = await manage.create_webhook(
        call.runtime,
        call.organization,
        wanted,
        rules=call.request.app[RULES],
        provenance=call.provenance,
    )
    return await _made(call, made)


async def read(call: Call, webhook_id: UUID) -> WebhookRow:
    """GET /webhooks/{id}."""
    return _row(await manage.find_webhook(call.runtime, call.organization, webhook_id))


async def enable(call: Call, webhook_id: UUID) -> WebhookRow:
    """POST /webhooks/{id}/enable."""
    return await _switch(call, webhook_id, is_enabled=True)


async def disable(call: Call, webhook_id: UUID) -> WebhookRow:
    """POST /webhooks/{id}/disable."""
    return await _switch(call, webhook_id, is_enabled=False)


async def replay(call: Call, webhook_id: UUID, body: Replay) -> WebhookRow:
    """POST /webhooks/{id}/replay."""
    await manage.replay_webhook(
        call.runtime, call.organization, webhook_id, after=body.after, provenance=call.provenance
    )
    return await read(call, webhook_id)


async def rotate(call: Call, webhook_id: UUID) -> MadeWebhookRow:
    """POST /webhooks/{id}/rotate-secret."""
    made = await manage.rotate_secret(
        call.runtime, call.organization, webhook_id, provenance=call.provenance
    )
    return await _made(call, made)


async def delete(call: Call, webhook_id: UUID) -> None:
    """DELETE /webhooks/{id}."""
    await manage.delete_webhook(
        call.runtime, call.organization, webhook_id, provenance=call.provenance
    )


async def dead_letters(
    call: Call, webhook_id: UUID, query: DeadLettersQuery
) -> Page[DeadLetterRow]:
    """GET /webhooks/{id}/dead-letters."""
    key = read_key(DEAD_LETTERS, query.cursor, a_position) or [0]
    found = await manage.list_dead_letters(
        call.runtime, call.organization, webhook_id, after=key[0], limit=query.limit + 1
    )
    rows = [DeadLetterRow(**each._asdict()) for each in found]
    return page_of(rows, query.limit, DEAD_LETTERS, lambda row: [row.position])


async def _switch(call: Call, webhook_id: UUID, *, is_enabled: bool) -> WebhookRow:
    await manage.switch_webhook(
        call.runtime,
        call.organization,
        webhook_id,
        is_enabled=is_enabled,
        provenance=call.provenance,
    )
    return await read(call, webhook_id)


async def _made(call: Call, made: MadeWebhook) -> MadeWebhookRow:
    row = await read(call, made.webhook_id)
    return MadeWebhookRow(**row.model_dump(by_alias=False), secret=made.secret)


def _row(listed: ListedWebhook) -> WebhookRow:
    webhook = listed.webhook
    return WebhookRow(
        id=webhook.id,
        label=webhook.label,
        kind=webhook.kind,
        url=listed.url,
        types=list(webhook.types),
        format=webhook.format,
        personal=webhook.with_values,
        state="enabled" if webhook.state == "enabled" else "disabled",
        reason=webhook.reason,
        position=webhook.position,
        behind=listed.behind,
        attempts=webhook.attempts,
        last_error=webhook.last_error,
        delivered_at=webhook.delivered_at,
        dead_letters=listed.dead_letters,
        created_at=webhook.created_at,
    )


WEBHOOKS_API: Final = Api(
    prefix="/api/admin/v1",
    title="Webhooks",
    routes=(
        Route(
            *("GET", "/webhooks", ADMIN_READ, list_them),
            "List the webhooks, oldest first, and how far each has got.",
            answer=Page[WebhookRow],
        ),
        Route(
            *("POST", "/webhooks", ADMIN, create),
            "Create a webhook. Its secret is in this answer only.",
            body=NewWebhookBody,
            answer=MadeWebhookRow,
            status=201,
        ),
        Route(
            *("GET", "/webhooks/{id}", ADMIN_READ, read),
            "Read a webhook, without its secret.",
            answer=WebhookRow,
        ),
        Route(
            *("DELETE", "/webhooks/{id}", ADMIN, delete),
            "Delete a webhook and its dead letters.",
            status=204,
        ),
        Route(
            *("POST", "/webhooks/{id}/enable", ADMIN, enable),
            "Enable a webhook: it goes on where it was.",
            answer=WebhookRow,
        ),
        Route(
            *("POST", "/webhooks/{id}/disable", ADMIN, disable),
            "Disable a webhook: it keeps its place.",
            answer=WebhookRow,
        ),
        Route(
            *("POST", "/webhooks/{id}/replay", ADMIN, replay),
            "Send all events after a position again.",
            body=Replay,
            answer=WebhookRow,
        ),
        Route(
            *("POST", "/webhooks/{id}/rotate-secret", ADMIN, rotate),
            "Give a webhook another secret; for a day messages are signed with both.",
            answer=MadeWebhookRow,
        ),
        Route(
            *("GET", "/webhooks/{id}/dead-letters", ADMIN_READ, dead_letters),
            "List the events that a webhook refused again and again.",
            query=DeadLettersQuery,
            answer=Page[DeadLetterRow],
        ),
    ),
)
