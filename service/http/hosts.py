"""The scheme and host in the URLs of answers: never those of a Host header that nobody allowed.

Whoever can make a client send another Host header could otherwise let our answers point to a foreign host.
"""

from collections.abc import Iterable

import structlog
from aiohttp import web

from service.addresses import HOST

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
REMEMBERED_MAX = 256

log = structlog.get_logger()


class Hosts:
    """Finds the scheme and host at which a client reaches the service.

    A `public_url` is always used. Else the Host header is, if it names the address on which the service listens,
    loopback, or one of `allowed`: `host` with any port, or `host:port`. For any other, the address is used on
    which the request came in.
    """

    def __init__(self, *, public_url: str | None, listening: str, allowed: Iterable[str]) -> None:
        self._public_url = public_url.rstrip("/") if public_url else None
        self._allowed = frozenset(each.lower() for each in (*allowed, bracketed(listening)))
        self._remembered: dict[tuple[str, str, str], str] = {}
        self._has_warned = False

    def origin(self, request: web.BaseRequest) -> str:
        """Return scheme and host, such as https://scim.example.com, with the path of the public URL. It is safe in JSON."""
        connection = request.protocol
        scheme = "https" if connection.ssl_context else "http"
        return self.origin_at(scheme, request.headers.get("Host", ""), connection.sockname)

    def origin_at(self, scheme: str, host: str, socket_name: object) -> str:
        """Return scheme and host for a Host header, and the name of the socket that a request came in on."""
        if self._public_url is not None:
            return self._public_url
        here = socket_name[:2] if isinstance(socket_name, tuple) else ("localhost", 80)
        key = (scheme, host, str(here[0]))
        found = self._remembered.get(key)
        if found is not None:
            return found
        local = bracketed(str(here[0]))
        if not self._is_allowed(host, local):
            self._warn(host)
            return f"{scheme}://{local}:{here[1]}"
        origin = f"{scheme}://{host}"
        if len(self._remembered) < REMEMBERED_MAX:
            self._remembered[key] = origin
        return origin

    def _is_allowed(self, host: str, local: str) -> bool:
        found = HOST.fullmatch(host)
        if found is None:
            return False
        name = found[1].lower()
        return name in LOOPBACK or name == local or bool({name, host.lower()} & self._allowed)

    def _warn(self, host: str) -> None:
        """Log the first foreign host; the others would only fill the log."""
        if self._has_warned:
            return
        self._has_warned = True
        log.warning(
            "host_not_allowed",
            host=host[:200],
            remedy="Set SCIM_LEDGER_PUBLIC_URL or SCIM_LEDGER_ALLOWED_HOSTS if clients use this host.",
        )


def bracketed(address: str) -> str:
    """Return an address as it stands in a URL: IPv6 in brackets, without its zone."""
    return f"[{address.partition('%')[0]}]" if ":" in address else address.lower()
