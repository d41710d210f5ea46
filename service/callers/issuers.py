"""Which issuers may vouch for a client: the operator's rules on their URLs. Pure."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from schema.scim.errors import InvalidValue

URL_LENGTH_MAX = 500
PRINTABLE = frozenset(map(chr, range(0x21, 0x7F)))
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_HOST = "*"


@dataclass(frozen=True, slots=True)
class IssuerRules:
    """The hosts that issuers and their keys may be on. `.example.com` allows each host below it, `*` every host.

    `may_be_private` also allows private addresses, and plain HTTP to this machine itself.
    """

    hosts: frozenset[str]
    may_be_private: bool = False

    def check(self, url: str, what: str = "An issuer") -> None:
        """Refuse a URL. Errors: InvalidValue, which says what is wrong."""
        if len(url) > URL_LENGTH_MAX or not PRINTABLE.issuperset(url):
            raise InvalidValue(
                f"{what} is a URL of at most {URL_LENGTH_MAX} printable ASCII characters."
            )
        parts = _split(url)
        host = parts.hostname or "" if parts else ""
        if parts is None or not host or not self._is_transport_good(parts, host):
            raise InvalidValue(f"{what} is a URL that begins with https:// and a host.")
        if (
            parts.username is not None
            or parts.password is not None
            or parts.query
            or parts.fragment
        ):
            raise InvalidValue(f"{what} is a URL without user, query and fragment.")
        if not self._is_allowed(host):
            raise InvalidValue(
                f"{what} is on a host that is not allowed: SCIM_LEDGER_ISSUER_HOSTS has to name it."
            )

    def _is_transport_good(self, parts: SplitResult, host: str) -> bool:
        if parts.scheme == "https":
            return True
        return parts.scheme == "http" and self.may_be_private and host in LOOPBACK

    def _is_allowed(self, host: str) -> bool:
        return any(
            each in (ANY_HOST, host) or (each.startswith(".") and host.endswith(each))
            for each in self.hosts
        )


def read_rules(hosts: str, *, may_be_private: bool) -> IssuerRules:
    """Return the rules that the settings name: hosts separated by commas or blanks."""
    return IssuerRules(frozenset(hosts.replace(",", " ").lower().split()), may_be_private)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # Reading it checks it.
    except ValueError:
        return None
    return parts
