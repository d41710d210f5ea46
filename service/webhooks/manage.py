"""What administrators do with webhooks. Each change is an event; the row follows it.

Only a new webhook has its row first, disabled: a process that dies leaves no event of a webhook that nobody can see.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from eventstore.errors import BrokenSeal
from eventstore.events import Provenance
from eventstore.read import read_tail
from schema.events.codec import TYPES
from schema.events.feed import WebhookChanged, WebhookCreated, WebhookFormat, WebhookKind
from schema.events.organization import Organization
from schema.scim.errors import Conflict, InvalidValue, NotFound, ScimError, Unavailable
from service.ids import new_id
from service.proof.record import record
from service.runtime import Runtime
from service.webhooks import store
from service.webhooks.places import PlaceRules, host_of, kind_of
from service.webhooks.secret import make_secret
from service.webhooks.store import DeadLetter, Sealed, Webhook, statement

WEBHOOKS_MAX: Final = 20  # Of one organization.
LABEL_LENGTH_MAX: Final = 200
# The reason of a webhook that is disabled until its event is written. Nobody has seen its secret.
UNFINISHED: Final = "It was not created to the end: delete it, and create it again."
OVERLAP: Final = timedelta(hours=24)  # In which a former secret still signs.
# What a mail announces if nothing else is asked.
NOTICES: Final = ("GuardHeld", "TokenExpiring", "OrganizationSuspended", "WebhookChanged")


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What an administrator says of a new webhook."""

    label: str
    url: str | None  # None: the receiver comes for its events (RFC 8936).
    types: Sequence[str] = ()
    format: WebhookFormat = "json"
    with_values: bool = True
    after: int | None = None  # Events after this position; None: from now on.
    bearer: str | None = None  # For a receiver of Security Event Tokens.


@dataclass(frozen=True, slots=True)
class ListedWebhook:
    """A webhook, with what only an administrator of it may see."""

    webhook: Webhook
    url: str | None  # None too if its seal does not open.
    dead_letters: int
    tail: int  # Of the log.

    @property
    def behind(self) -> int:
        """Return how many events it still lacks or has to pass over."""
        return max(0, self.tail - self.webhook.position)


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A webhook with a secret that is shown only once; None if nothing is signed with one."""

    webhook_id: UUID
    secret: str | None


async def create_webhook(
    runtime: Runtime,
    organization: Organization,
    wanted: NewWebhook,
    *,
    rules: PlaceRules,
    provenance: Provenance,
) -> MadeWebhook:
    """Send events to a further place from now on. Errors: InvalidValue, Conflict."""
    form: WebhookFormat = "set" if wanted.url is None else wanted.format
    kind = kind_of(wanted.url, form)
    _refuse_unusable(wanted, kind, rules)
    async with runtime.pool.acquire() as connection:
        if len(await store.list_webhooks(connection, organization.id)) >= WEBHOOKS_MAX:
            raise Conflict(
                f"An organization has at most {WEBHOOKS_MAX} webhooks; delete one first."
            )
        tail = (await read_tail(connection, organization.id)).position
    after = tail if wanted.after is None else wanted.after
    _refuse_beyond(after, tail)
    types = tuple(dict.fromkeys(wanted.types)) or (NOTICES if kind == "mail" else ())
    webhook_id = new_id()
    secret = make_secret() if kind == "webhook" else None
    sealed = Sealed(wanted.url, (secret,) if secret else (), bearer=wanted.bearer)
    event = WebhookCreated(
        webhook_id=webhook_id,
        label=wanted.label,
        kind=kind,
        host=host_of(wanted.url) if kind != "mail" else None,
        types=types,
        format=form,
        with_values=wanted.with_values,
        after=after,
    )
    async with runtime.pool.acquire() as connection:
        await connection.execute(
            statement("add_webhook"),
            *(organization.id, webhook_id, wanted.label, kind),
            store.seal(runtime.sealer, webhook_id, sealed),
            *(list(types), form, wanted.with_values, after, UNFINISHED),
        )
    try:
        await record(runtime, organization.id, event, provenance)
    except Unavailable:
        raise  # The event may be there.
    except ScimError:
        async with runtime.pool.acquire() as connection:
            await connection.execute(statement("delete_webhook"), organization.id, webhook_id)
        raise
    async with runtime.pool.acquire() as connection:
        await connection.execute(
            statement("switch_webhook"), organization.id, webhook_id, "enabled", None
        )
    return MadeWebhook(webhook_id, secret)


async def list_webhooks(runtime: Runtime, organization: Organization) -> list[ListedWebhook]:
    """Return the webhooks of an organization, oldest first."""
    async with runtime.pool.acquire() as connection:
        found = await store.list_webhooks(connection, organization.id)
        letters = await store.count_dead_letters(connection, organization.id)
        tail = (await read_tail(connection, organization.id)).position
    return [
        ListedWebhook(each, _url_of(runtime, each), letters.get(each.id, 0), tail) for each in found
    ]


async def find_webhook(
    runtime: Runtime, organization: Organization, webhook_id: UUID
) -> ListedWebhook:
    """Return a webhook. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        found = await store.find_webhook(connection, organization.id, webhook_id)
        if found is None:
            raise _missing(webhook_id)
        letters = await store.count_dead_letters(connection, organization.id)
        tail = (await read_tail(connection, organization.id)).position
    return ListedWebhook(found, _url_of(runtime, found), letters.get(webhook_id, 0), tail)


def _url_of(runtime: Runtime, webhook: Webhook) -> str | None:
    """Return where a webhook sends to. A seal that does not open concerns one webhook, and no list of them."""
    try:
        return webhook.open(runtime.sealer).url
    except BrokenSeal:
        return None


def _opened(runtime: Runtime, webhook: Webhook) -> Sealed:
    """Return where a webhook sends to, and its secrets. Errors: Conflict, if the seal does not open."""
    try:
        return webhook.open(runtime.sealer)
    except BrokenSeal as error:
        raise Conflict(
            "The seal of the webhook's address does not open: delete the webhook, and create it again."
        ) from error


async def switch_webhook(
    runtime: Runtime,
    organization: Organization,
    webhook_id: UUID,
    *,
    is_enabled: bool,
    reason: str | None = None,
    provenance: Provenance,
) -> bool:
    """Enable or disable a webhook; return whether it was otherwise. It keeps its place.

    Errors: NotFound, and Conflict for one that cannot be used.
    """
    found = await find_webhook(runtime, organization, webhook_id)
    if is_enabled:
        _opened(runtime, found.webhook)
    state = "enabled" if is_enabled else "disabled"
    is_changed = found.webhook.state != state
    if is_changed:
        change = WebhookChanged(
            webhook_id=webhook_id, change="enabled" if is_enabled else "disabled", reason=reason
        )
        await record(runtime, organization.id, change, provenance)
    async with runtime.pool.acquire() as connection:
        await connection.execute(
            statement("switch_webhook"),
            *(organization.id, webhook_id, state, None if is_enabled else reason),
        )
    return is_changed


async def replay_webhook(
    runtime: Runtime,
    organization: Organization,
    webhook_id: UUID,
    *,
    after: int,
    provenance: Provenance,
) -> None:
    """Let a webhook have all events after a position again; dead letters among them are tried again.

    Errors: NotFound, InvalidValue.
    """
    found = await find_webhook(runtime, organization, webhook_id)
    _refuse_beyond(after, found.tail)
    change = WebhookChanged(webhook_id=webhook_id, change="replayed", after=after)
    await record(runtime, organization.id, change, provenance)
    async with runtime.pool.acquire() as connection:
        await connection.execute(statement("set_back_webhook"), organization.id, webhook_id, after)


async def rotate_secret(
    runtime: Runtime, organization: Organization, webhook_id: UUID, *, provenance: Provenance
) -> MadeWebhook:
    """Give a webhook another secret; for a day messages are signed with both. Errors: NotFound, Conflict."""
    found = await find_webhook(runtime, organization, webhook_id)
    if found.webhook.kind != "webhook":
        raise Conflict(
            "Only messages of a webhook with an https:// address are signed with a secret."
        )
    _opened(runtime, found.webhook)
    change = WebhookChanged(webhook_id=webhook_id, change="secretRotated")
    await record(runtime, organization.id, change, provenance)
    secret = make_secret()
    while not await _save_secret(runtime, organization.id, webhook_id, secret):
        pass  # Somebody else has changed it meanwhile.
    return MadeWebhook(webhook_id, secret)


async def _save_secret(
    runtime: Runtime, organization_id: UUID, webhook_id: UUID, secret: str
) -> bool:
    """Put a secret before those of a webhook; return False if somebody else has changed it meanwhile."""
    async with runtime.pool.acquire() as connection:
        webhook = await store.find_webhook(connection, organization_id, webhook_id)
        if webhook is None:
            raise _missing(webhook_id)
        former = _opened(runtime, webhook)
        sealed = replace(
            former,
            secrets=(secret, *former.secrets[:1]),
            former_until=datetime.now(UTC) + OVERLAP,
        )
        saved = await connection.fetchval(
            statement("save_sealed"),
            *(organization_id, webhook_id, webhook.generation),
            store.seal(runtime.sealer, webhook_id, sealed),
        )
    return saved is not None


async def delete_webhook(
    runtime: Runtime, organization: Organization, webhook_id: UUID, *, provenance: Provenance
) -> None:
    """Forget a webhook and its dead letters. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        if await store.find_webhook(connection, organization.id, webhook_id) is None:
            raise _missing(webhook_id)
    change = WebhookChanged(webhook_id=webhook_id, change="deleted")
    await record(runtime, organization.id, change, provenance)
    async with runtime.pool.acquire() as connection:
        await connection.execute(statement("delete_webhook"), organization.id, webhook_id)


async def list_dead_letters(
    runtime: Runtime,
    organization: Organization,
    webhook_id: UUID,
    *,
    after: int = 0,
    limit: int,
) -> list[DeadLetter]:
    """Return the dead letters of a webhook after a position, in the order of the log. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        if await store.find_webhook(connection, organization.id, webhook_id) is None:
            raise _missing(webhook_id)
        return await store.list_dead_letters(
            connection, organization.id, webhook_id, after=after, limit=limit
        )


def _missing(webhook_id: UUID) -> NotFound:
    return NotFound(f"There is no webhook {webhook_id}.")


def _refuse_unusable(wanted: NewWebhook, kind: WebhookKind, rules: PlaceRules) -> None:
    label = wanted.label
    if not label.strip() or len(label) > LABEL_LENGTH_MAX or not label.isprintable():
        raise _about(
            "label",
            f"A label has 1 to {LABEL_LENGTH_MAX} characters, none of them a control character.",
        )
    if wanted.url is not None:
        rules.check(kind, wanted.url)
    if unknown := sorted(set(wanted.types) - TYPES.keys()):
        raise _about(
            "types", f"There is no type {unknown[0][:60]!r} of events; see the reference of events."
        )
    if kind == "mail" and wanted.format != "json":
        raise _about("format", "A mail is text; leave the format out.")
    if wanted.bearer is not None and kind != "push":
        raise _about("bearer", "Only the push of Security Event Tokens sends a bearer token.")
    if wanted.bearer is not None and not (wanted.bearer.isascii() and wanted.bearer.isprintable()):
        raise _about("bearer", "A bearer token has printable ASCII characters only.")


def _refuse_beyond(after: int, tail: int) -> None:
    if not 0 <= after <= tail:
        raise _about("after", f"after is a position from 0 to {tail}, where the log ends.")


def _about(field: str, detail: str) -> ScimError:
    refusal = InvalidValue(detail)
    refusal.attribute = field
    return refusal
