"""What commands print about webhooks: lines or JSON."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from service.cli.printing.tokens import instant
from service.cli.process import output
from service.terminal import printable
from service.webhooks.manage import ListedWebhook, MadeWebhook
from service.webhooks.store import DeadLetter

# In place of a URL, by whether the receiver polls.
NO_URL = {True: "(the receiver polls)", False: "(the seal of the address does not open)"}


def made(webhook: MadeWebhook, *, as_json: bool) -> str:
    """Return a webhook that was just made, or has a new secret."""
    if as_json:
        return output.as_json({"id": str(webhook.webhook_id), "secret": webhook.secret})
    lines = [f"Webhook  {webhook.webhook_id}"]
    if webhook.secret is not None:
        lines += [f"Secret   {webhook.secret}", "The secret is shown only once."]
    return "\n".join(lines)


def listed(webhooks: Sequence[ListedWebhook], *, as_json: bool) -> str:
    """Return the webhooks of an organization."""
    if as_json:
        return output.as_json([_document(each) for each in webhooks])
    lines = [line for each in webhooks for line in _lines(each)]
    return (
        "\n".join(lines)
        or "There is no webhook yet: scim-ledger webhook create --label NAME --url URL"
    )


def changed(webhook_id: UUID, *, is_changed: bool, as_json: bool) -> str:
    """Return what a change did."""
    if as_json:
        return output.as_json({"id": str(webhook_id), "isChanged": is_changed})
    return "Changed." if is_changed else "It was so already."


def dead_letters(letters: Sequence[DeadLetter], *, as_json: bool) -> str:
    """Return dead letters."""
    if as_json:
        return output.as_json(
            [
                {
                    "position": each.position,
                    "type": each.type,
                    "error": each.error,
                    "attempts": each.attempts,
                    "diedAt": instant(each.died_at),
                }
                for each in letters
            ]
        )
    lines = [
        f"{each.position:>7}  {each.died_at:%Y-%m-%d %H:%M:%S}  {each.type:<22} {each.attempts} attempts  "
        f"{printable(each.error)}"
        for each in letters
    ]
    return "\n".join(lines) or "There is no dead letter."


def _lines(listed_webhook: ListedWebhook) -> Iterable[str]:
    webhook = listed_webhook.webhook
    yield (
        f"{webhook.id}  {webhook.created_at:%Y-%m-%d}  {webhook.state:<8}  {webhook.kind:<7}  "
        f"{printable(webhook.label)}  {printable(listed_webhook.url or NO_URL[webhook.kind == 'poll'])}"
    )
    yield (
        f"  at #{webhook.position}, {listed_webhook.behind} behind, "
        f"{listed_webhook.dead_letters} dead letters"
    )
    if webhook.types:
        yield f"  types {' '.join(webhook.types)}"
    if webhook.last_error:
        yield f"  {webhook.attempts} attempts failed: {printable(webhook.last_error)}"
    if webhook.reason:
        yield f"  disabled: {printable(webhook.reason)}"


def _document(listed_webhook: ListedWebhook) -> dict[str, object]:
    webhook = listed_webhook.webhook
    return {
        "id": str(webhook.id),
        "label": webhook.label,
        "kind": webhook.kind,
        "url": listed_webhook.url,
        "types": list(webhook.types),
        "format": webhook.format,
        "personal": webhook.with_values,
        "state": webhook.state,
        "reason": webhook.reason,
        "position": webhook.position,
        "behind": listed_webhook.behind,
        "attempts": webhook.attempts,
        "lastError": webhook.last_error,
        "deliveredAt": instant(webhook.delivered_at),
        "deadLetters": listed_webhook.dead_letters,
        "createdAt": instant(webhook.created_at),
    }
