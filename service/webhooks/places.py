"""Where events may be sent to: which URLs and mail addresses an administrator may name. Pure."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from schema.events.feed import WebhookKind
from schema.scim.errors import InvalidValue
from service.oauth.addresses import is_public

URL_LENGTH_MAX: Final = 2_000
PRINTABLE: Final = frozenset(map(chr, range(0x21, 0x7F)))
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
MAIL: Final = re.compile(r"[^@\s<>,;:\"\\]{1,64}@[A-Za-z0-9.-]{1,250}")


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """The operator's rules. `may_be_private` allows private addresses, and plain HTTP to this machine itself."""

    may_be_private: bool = False
    has_mail: bool = False  # Whether a server for mail is set.

    def check(self, kind: WebhookKind, url: str) -> None:
        """Refuse a place. Errors: InvalidValue, which names the field."""
        problem = self._mail_problem(url) if kind == "mail" else self._url_problem(url)
        if problem:
            refusal = InvalidValue(problem)
            refusal.attribute = "url"
            raise refusal

    def _mail_problem(self, url: str) -> str:
        if not MAIL.fullmatch(url.removeprefix("mailto:")) or not url.startswith("mailto:"):
            return "The place of a webhook by mail is like mailto:it@contoso.com, with one address."
        if not self.has_mail:
            return "This service sends no mail: the operator sets SCIM_LEDGER_SMTP_HOST first."
        return ""

    def _url_problem(self, url: str) -> str:
        if len(url) > URL_LENGTH_MAX or not PRINTABLE.issuperset(url):
            return f"A webhook has a URL of at most {URL_LENGTH_MAX:,} printable ASCII characters."
        parts = _split(url)
        host = (parts.hostname or "") if parts else ""
        if parts is None or not host or not self._is_transport_good(parts, host):
            return "A webhook has a URL that begins with https:// and a host."
        if parts.username is not None or parts.password is not None or parts.fragment:
            return "A webhook has a URL without user and fragment."
        if not self.may_be_private and _is_private(host):
            return "A webhook is at a public address: this one is private."
        return ""

    def _is_transport_good(self, parts: SplitResult, host: str) -> bool:
        if parts.scheme == "https":
            return True
        return parts.scheme == "http" and self.may_be_private and host in LOOPBACK


def kind_of(url: str | None, form: str) -> WebhookKind:
    """Return how events go to a place: by mail, as Security Event Tokens, or as signed messages."""
    if url is None:
        return "poll"
    if url.startswith("mailto:"):
        return "mail"
    return "push" if form == "set" else "webhook"


def host_of(url: str | None) -> str | None:
    """Return the host of a URL, which may be logged; None for a mail address."""
    parts = _split(url) if url else None
    return parts.hostname if parts else None


def _is_private(host: str) -> bool:
    """Return whether a host is written as an address that is not public, or names this machine."""
    if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # Reading it checks it.
    except ValueError:
        return None
    return parts
