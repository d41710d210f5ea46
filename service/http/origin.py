"""The scheme and host at which a client reaches the service."""

import re
from functools import lru_cache

from aiohttp import web

HOST = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


def origin_of(request: web.Request, public_url: str | None) -> str:
    """Return the public URL, or else what the Host header names; it is safe inside JSON."""
    return public_url or _origin(request.scheme, request.headers.get("Host", ""))


@lru_cache(maxsize=256)
def _origin(scheme: str, host: str) -> str:
    return f"{scheme}://{host if HOST.fullmatch(host) else 'localhost'}"
