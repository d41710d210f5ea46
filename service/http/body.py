"""Bodies of requests: read within limits, inflated, checked and parsed as JSON."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import StreamReader, web

from schema.scim.errors import (
    InvalidSyntax,
    PayloadTooLarge,
    ScimError,
    UnsupportedMediaType,
)
from schema.scim.json_text import refuse_repeated_keys, without_mark
from schema.scim.value import refuse_nul
from service.http.compression import Inflater, inflater
from service.limits.offload import LONG_BYTES, offload

BODY_LIMIT_BYTES = 1_048_576  # Of a user, a PATCH of a user, or a search.
# So much of a body that is too large is read and dropped: otherwise its sender would not get the refusal.
DRAIN_LIMIT_BYTES = 67_108_864
BODY_TIMEOUT_S = 60.0  # For a whole body; Entra gives up after the same time.
NUL_ESCAPE = b"\\u0000"


class ClientLeft(ScimError):
    """The client closed the connection before its request was whole."""

    status = 499  # No standard defines it, but proxies log it. Only our log line shows it: the client is gone.


class BodyTooLate(ScimError):
    """The body came too slowly (RFC 9110 §15.5.9)."""

    status = 408


async def read_json(
    request: web.Request, media_types: Sequence[str], limit_bytes: int = BODY_LIMIT_BYTES
) -> Any:
    """Return the JSON of a request's body, which has one of the media types.

    Errors: UnsupportedMediaType, PayloadTooLarge, InvalidSyntax (also for a key that is given twice), InvalidValue
    for a NUL in a text.
    """
    _check_media_type(request, media_types)
    text = without_mark(await read_bytes(request, limit_bytes))
    if not text.strip():
        raise InvalidSyntax("The request needs a body: a JSON object.")
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _no_json(text, error) from None
    await offload(refuse_repeated_keys, len(text) > LONG_BYTES, text)
    if NUL_ESCAPE in text:
        refuse_nul(body)
    return body


def _no_json(text: bytes, error: orjson.JSONDecodeError) -> InvalidSyntax:
    """Return the refusal of a body that is not JSON, or is in an encoding that RFC 8259 §8.1 rules out."""
    remedy = "send JSON that is encoded as UTF-8"
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        return InvalidSyntax(f"The body is not UTF-8 at byte {wrong.start + 1}; {remedy}.")
    if 0 in text[:2]:
        return InvalidSyntax(f"The body looks like UTF-16 or UTF-32; {remedy}.")
    return InvalidSyntax(f"The body is not JSON: {error}.")


def _check_media_type(request: web.Request, media_types: Sequence[str]) -> None:
    """Accept the media types with any parameters, and a request that names none (azure-docs#116775)."""
    sent = request.headers.get("Content-Type", "")
    media_type = sent.partition(";")[0].strip().lower()
    if media_type and media_type not in media_types:
        raise UnsupportedMediaType(
            f"Send the body as {' or '.join(media_types)}, not {media_type[:100]!r}."
        )


async def read_bytes(request: web.Request, limit_bytes: int) -> bytes:
    """Return the body. One that is too large is still read: otherwise its sender would not get the refusal."""
    content, encoding = request.content, request.headers.get("Content-Encoding")
    try:
        if encoding is None and content.is_eof():  # Most bodies have arrived as a whole.
            return _of_size(content.read_nowait(-1), limit_bytes)
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _gather(content, inflater(encoding or ""), limit_bytes)
    except TimeoutError:
        raise BodyTooLate(f"The body did not come within {BODY_TIMEOUT_S:g} seconds.") from None
    except ConnectionError:
        raise ClientLeft("The connection was closed before the request was whole.") from None
    except web.RequestPayloadError:
        raise InvalidSyntax(
            "The body is not encoded as Transfer-Encoding says; send plain JSON."
        ) from None


async def _gather(content: StreamReader, inflate: Inflater | None, limit_bytes: int) -> bytes:
    parts, size, raw_size = [], 0, 0
    while not content.at_eof():
        part = await content.readany()
        raw_size += len(part)
        if raw_size > DRAIN_LIMIT_BYTES:
            break
        if size <= limit_bytes and part:
            plain = inflate.take(part, limit_bytes + 1 - size) if inflate else part
            size += len(plain)
            parts.append(plain)
    body = _of_size(b"".join(parts), limit_bytes)
    if inflate and raw_size:
        inflate.end()
    return body


def _of_size(body: bytes, limit_bytes: int) -> bytes:
    if len(body) > limit_bytes:
        raise PayloadTooLarge(f"The body is larger than {limit_bytes:,} bytes; send less at once.")
    return body
