"""Fetch JSON from an issuer: bounded in time and size, from public addresses only, and without following anything.

Redirects, proxies and cookies are not followed or kept.
"""

from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson

from schema.scim.errors import InvalidValue
from service.callers.issuers import IssuerRules
from service.limits.read_at_most import PIECE_BYTES, read_at_most
from service.oauth.sockets import is_private, public_socket

BODY_BYTES_MAX = 262_144
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "scim-ledger"}
OK, BAD_REQUEST, TOO_MANY, SERVER_ERRORS = 200, 400, 429, 500


class KeysUnavailable(Exception):
    """The issuer does not answer now. A later attempt may succeed."""


class KeysUnusable(Exception):
    """What the issuer publishes cannot be used, or may not be fetched. Somebody has to change something."""


async def fetch_json(url: str, rules: IssuerRules) -> Any:
    """Return the JSON at a URL. The caller bounds the time. Errors: KeysUnavailable, KeysUnusable."""
    try:
        rules.check(url, "The address of the keys")
    except InvalidValue as refusal:
        raise KeysUnusable(refusal.detail) from None
    connector = aiohttp.TCPConnector(
        force_close=True,
        use_dns_cache=False,
        socket_factory=None if rules.may_be_private else public_socket,
    )
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                headers=HEADERS,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            ) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            return _parsed(await _read(response))
    except (aiohttp.ClientError, OSError) as error:
        if is_private(error):
            raise KeysUnusable("The issuer is at an address that is not public.") from None
        raise KeysUnavailable(f"The issuer cannot be reached ({type(error).__name__}).") from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return a body of a bounded size. Errors: KeysUnavailable, KeysUnusable."""
    if response.status == TOO_MANY or response.status >= SERVER_ERRORS:
        raise KeysUnavailable(f"The issuer answers with status {response.status}.")
    if response.status != OK:
        raise KeysUnusable(f"The issuer answers with status {response.status}.")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise KeysUnusable("The issuer compresses its answer unasked.")
    body = await read_at_most(response.content.iter_chunked(PIECE_BYTES), BODY_BYTES_MAX)
    if body is None:
        raise KeysUnusable(f"The answer of the issuer has more than {BODY_BYTES_MAX} bytes.")
    return body


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise KeysUnusable("The answer of the issuer is not JSON.") from None


def text_at(document: Any, name: str) -> str:
    """Return a text in a JSON object. Errors: KeysUnusable."""
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise KeysUnusable(f"The answer of the issuer has no {name}.")
    return value


def list_at(document: Any, name: str, most: int) -> Sequence[Any]:
    """Return a list in a JSON object. Errors: KeysUnusable, also for one of more than `most` values."""
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, list):
        raise KeysUnusable(f"The answer of the issuer has no list {name}.")
    if len(value) > most:
        raise KeysUnusable(f"The answer of the issuer has more than {most} {name}.")
    return value
