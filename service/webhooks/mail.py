"""Sends notices as mail: what an administrator should know who does not look at the service every day."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any, Final, Literal

from service.feed.event import FeedEvent
from service.webhooks.outcome import DELIVERED, Outcome
from service.webhooks.senders import Send
from service.webhooks.store import Sealed, Webhook

TIMEOUT_S: Final = 10.0
AT_ONCE_MAX: Final = 4
PERMANENT: Final = 500  # RFC 5321 §4.2.1: from here on a reply is for good.


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail (RFC 5321)."""

    host: str
    port: int
    sender: str
    security: Literal["starttls", "tls", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    console: str = ""  # Where the service is reached, for a link.


def mail_sender(server: MailServer) -> Send:
    """Return what sends notices over a server."""
    places = asyncio.Semaphore(AT_ONCE_MAX)

    async def send(webhook: Webhook, place: Sealed, event: FeedEvent) -> Outcome:
        message = notice(webhook, event, server)
        message["To"] = (place.url or "").removeprefix("mailto:")
        async with places:
            return await asyncio.to_thread(_send, server, message)

    return send


def notice(webhook: Webhook, event: FeedEvent, server: MailServer) -> EmailMessage:
    """Return a notice without its recipient. It holds ids and numbers, and no personal value."""
    subject, lines = _text(event)
    message = EmailMessage()
    message["Subject"] = f"scim-ledger: {subject}"
    message["From"] = server.sender
    message["Message-ID"] = make_msgid(str(event.id), "scim-ledger.invalid")
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a machine, please.
    facts = [
        f"Organization  {event.organization_id}",
        f"Event         #{event.position} {event.type}, {event.recorded_at:%Y-%m-%d %H:%M:%S} UTC",
        f"Request       {event.request_id}",
        *([f"Service       {server.console}"] if server.console else []),
    ]
    foot = f'You get this because of the webhook "{webhook.label}" ({webhook.id}).'
    message.set_content("\n".join([*lines, "", *facts, "", foot, ""]))
    return message


def _text(event: FeedEvent) -> tuple[str, list[str]]:
    """Return the subject and the first lines of a notice."""
    data = event.data
    match event.type:
        case "GuardHeld":
            count = len(data.get("users", ()))
            users = f"{count:,} user{'s' if count != 1 else ''}"
            return f"a {data.get('kind')} of {users} waits for your decision", [
                f"The guard holds a {data.get('kind')} of {users}: it would take access from more people than allowed.",
                f"Before the limit was reached, {data.get('passed', 0):,} others had lost access.",
                "Decide: approve or reject the hold in the console, or on the command line:",
                f"  scim-ledger guard approve {event.resource_id}",
                f"  scim-ledger guard reject {event.resource_id}",
            ]
        case "TokenExpiring":
            return f"a token expires within {data.get('days')} days", [
                f"The token {data.get('tokenId')} expires on {str(data.get('expiresAt'))[:10]}.",
                "Issue its successor before, or provisioning stops:",
                f"  scim-ledger token rotate {data.get('tokenId')}",
            ]
        case "OrganizationSuspended":
            return "the organization is suspended", [
                "Callers of the organization are answered 401 until it is resumed."
            ]
        case "WebhookChanged":
            reason = f": {data['reason']}" if data.get("reason") else "."
            return f"a webhook was {data.get('change')}", [
                f"The webhook {data.get('webhookId')} was {data.get('change')}{reason}"
            ]
        case _:
            return event.type, [f"{event.type}: {event.resource_type} {event.resource_id}."]


def _send(server: MailServer, message: EmailMessage) -> Outcome:
    try:
        with _connected(server) as connection:
            if server.user and server.password:
                connection.login(server.user, server.password)
            connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return _refused(max(codes, default=PERMANENT))
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome("away", f"The mail server cannot be used ({type(error).__name__}).")
    return DELIVERED


def _refused(code: int) -> Outcome:
    return Outcome("refused" if code >= PERMANENT else "away", f"The mail server answers {code}.")


def _connected(server: MailServer) -> Any:
    if server.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    if server.security == "starttls":
        try:
            connection.starttls(context=ssl.create_default_context())
        except BaseException:
            connection.close()
            raise
    return connection
