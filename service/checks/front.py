"""Looks at the address that clients use: whether it leads here, and whether the proxy shows too much or passes too little."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from service.checks.findings import Finding, ok, problem, warning
from service.config import Settings

TIMEOUT_S = 5.0
DISCOVERY = "/api/scim/v2/ServiceProviderConfig"
HIDDEN = ("/metrics", "/readyz", "/healthz")


async def check_front(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what there is to say about the public URL, if there is one."""
    if not settings.public_url:
        yield ok("proxy", "no public URL is set: clients reach the service directly")
        return
    # A client of HTTP takes commands half a second to import.
    import aiohttp  # noqa: PLC0415

    origin = settings.origin
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            async with session.get(origin + DISCOVERY) as answer:
                body = (
                    await answer.json(content_type=None) if answer.status == HTTPStatus.OK else {}
                )
                location = (body.get("meta") or {}).get("location", "")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            name = type(error).__name__
            yield problem(
                "proxy", f"{origin} does not answer ({name})", "Check proxy, DNS and TLS."
            )
            return
        if not location.startswith(origin):
            yield problem(
                "proxy",
                f"{origin}{DISCOVERY} answers {answer.status}, and not as this service",
                "Let the proxy pass /api/scim/v2/ on, with its path unchanged.",
            )
            return
        shown = [each for each in HIDDEN if await _is_shown(session, origin + each)]
    if shown:
        yield warning(
            "proxy",
            f"{', '.join(shown)} can be read at {origin} without a token",
            "Let the proxy pass on /api/, /oauth2/ and /.well-known/ only.",
        )
    else:
        yield ok("proxy", f"{origin} leads here, and shows nothing that needs no token")


async def _is_shown(session: Any, url: str) -> bool:
    """Return whether something is there. `session` is aiohttp's."""
    try:
        async with session.get(url) as answer:
            return answer.status in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
    except OSError:  # Those of aiohttp's connections, and a timeout, are such.
        return False
