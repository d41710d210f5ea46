"""Read requests: bodies with limits, query parameters, preconditions."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes
from uuid import UUID

import orjson
from aiohttp import StreamReader, web

from schema.scim.errors import (
    InvalidFilter,
    InvalidSyntax,
    InvalidValue,
    PayloadTooLarge,
    ScimError,
    UnsupportedMediaType,
)
from schema.scim.json_text import refuse_repeated_keys, without_mark
from schema.scim.value import refuse_nul
from service.http.compression import Inflater, inflater
from service.http.connections.handler import BodyTooSlow
from service.http.parts import SERVICE
from service.limits.memory_share import Holding
from service.limits.offload import LONG_BYTES, offload
from service.scim.refusal_log import ORIGIN, Origin
from service.write.commands import ANY_VERSION, NO_PRECONDITION, Precondition

MEDIA_TYPES = ("application/scim+json", "application/json")
BODY_LIMIT_BYTES = 1_048_576  # Of a user, a PATCH of a user, or a search.
LARGE_BODY_LIMIT_BYTES = 16_777_216  # Of a group, which may list 100,000 members.
# So much of a body that is too large is read and dropped: otherwise its sender would not get the refusal.
DRAIN_LIMIT_BYTES = 67_108_864
BODY_TIMEOUT_S = 60.0  # For a whole body; Entra gives up after the same time.
PARAMETERS_MAX = 100
VERSION = re.compile(r'\s*(?:W/)?"([0-9]{1,18})"\s*')
NUL_ESCAPE = b"\\u0000"


class ClientLeft(ScimError):
    """The client closed the connection before its request was whole."""

    status = 499  # No standard defines it, but proxies log it. Only our log line shows it: the client is gone.


class BodyTooLate(ScimError):
    """The body came too slowly (RFC 9110 §15.5.9)."""

    status = 408


async def read_body(request: web.Request, limit_bytes: int = BODY_LIMIT_BYTES) -> Any:
    """Return the JSON of a request's body.

    Errors: UnsupportedMediaType, PayloadTooLarge, InvalidSyntax (also for a key that is given twice), InvalidValue
    for a NUL in a text.
    """
    _check_media_type(request)
    with request.app[SERVICE].bodies.holding(_holder(request)) as holding:
        return await _parse(await _read_bytes(request, limit_bytes, holding))


@asynccontextmanager
async def large_body(
    request: web.Request, limit_bytes: int = LARGE_BODY_LIMIT_BYTES
) -> AsyncIterator[Any]:
    """Yield the JSON of a body that may be large. Only few large ones are inside the block at once.

    A body takes its place when all of it is here: one that stalls on its way holds up nobody.
    Errors: as `read_body`, Unavailable.
    """
    _check_media_type(request)
    service, holder = request.app[SERVICE], _holder(request)
    with service.bodies.holding(holder) as holding:
        text = await _read_bytes(request, limit_bytes, holding)
        if len(text) <= BODY_LIMIT_BYTES:
            yield await _parse(text)
            return
        async with service.large.slot(holder):
            yield await _parse(text)


def _holder(request: web.Request) -> UUID | None:
    """Return the organization that a body counts for."""
    origin: Origin = request.get(ORIGIN, Origin())
    return origin.organization_id


async def _parse(sent: bytes) -> Any:
    """Return the JSON of a body."""
    text = without_mark(sent)
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


def is_long(request: web.Request) -> bool:
    """Return whether a body may take long to read into a command; a body of unknown size may."""
    length = request.content_length
    return length is None or length > LONG_BYTES


def _check_media_type(request: web.Request) -> None:
    """Accept both media types with any parameters, and a request that names none (azure-docs#116775)."""
    sent = request.headers.get("Content-Type", "")
    media_type = sent.partition(";")[0].strip().lower()
    if media_type and media_type not in MEDIA_TYPES:
        raise UnsupportedMediaType(
            f"Send the body as {MEDIA_TYPES[0]} or {MEDIA_TYPES[1]}, not {media_type[:100]!r}."
        )


async def _read_bytes(request: web.Request, limit_bytes: int, holding: Holding) -> bytes:
    """Return the body. One that is too large is still read: otherwise its sender would not get the refusal."""
    content, encoding = request.content, request.headers.get("Content-Encoding")
    try:
        if encoding is None and content.is_eof():  # Most bodies have arrived as a whole.
            return _of_size(content.read_nowait(-1), limit_bytes)
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _gather(content, inflater(encoding or ""), limit_bytes, holding)
    except BodyTooSlow as slow:
        raise BodyTooLate(str(slow)) from None
    except TimeoutError:
        raise BodyTooLate(f"The body did not come within {BODY_TIMEOUT_S:g} seconds.") from None
    except ConnectionError:
        raise ClientLeft("The connection was closed before the request was whole.") from None
    except web.RequestPayloadError:
        raise InvalidSyntax(
            "The body is not encoded as Transfer-Encoding says; send plain JSON."
        ) from None


async def _gather(
    content: StreamReader, inflate: Inflater | None, limit_bytes: int, holding: Holding
) -> bytes:
    parts, size, raw_size = [], 0, 0
    while not content.at_eof():
        part = await content.readany()
        raw_size += len(part)
        if raw_size > DRAIN_LIMIT_BYTES:
            break
        if size <= limit_bytes and part:
            plain = inflate.take(part, limit_bytes + 1 - size) if inflate else part
            size += len(plain)
            holding.add(len(plain))
            parts.append(plain)
    body = _of_size(b"".join(parts), limit_bytes)
    if inflate and raw_size:
        inflate.end()
    return body


def _of_size(body: bytes, limit_bytes: int) -> bytes:
    if len(body) > limit_bytes:
        raise PayloadTooLarge(f"The body is larger than {limit_bytes:,} bytes; send less at once.")
    return body


def query_parameters(request: web.Request) -> dict[str, str]:
    """Return the query parameters by lower-case name, decoded once; the last of a name wins.

    Names of attributes add up: a client that excludes members and meta in two parameters must get neither.

    Unknown parameters are returned too, but no caller reads them: administrators put a bare `aadOptscim062020`
    into the Tenant URL, which switches on a feature of Entra's.
    """
    raw = request.rel_url.raw_query_string
    if not raw:
        return {}
    try:
        if (
            "&" not in raw and raw.isascii()
        ):  # A single parameter, such as a filter, takes half the time this way.
            name, _, value = raw.partition("=")
            return {_decoded(name).lower(): _decoded(value)}
        pairs = parse_qsl(
            raw, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except UnicodeDecodeError:
        raise InvalidValue(
            "The query is not UTF-8 when it is decoded; encode it as UTF-8."
        ) from None
    except ValueError:
        raise InvalidValue(f"The query has more than {PARAMETERS_MAX} parameters.") from None
    found = {name.lower(): value for name, value in pairs}
    if len(found) < len(pairs):
        if len({value for name, value in pairs if name.lower() == "filter"}) > 1:
            raise InvalidFilter("There are several filters: join them by `and`, in one.")
        for several in ("attributes", "excludedattributes"):
            if several in found:
                found[several] = ",".join(
                    value for name, value in pairs if value and name.lower() == several
                )
    return found


def _decoded(text: str) -> str:
    """Return the text of a name or value in a query of ASCII. Errors: UnicodeDecodeError."""
    return unquote_to_bytes(text.replace("+", " ")).decode()


def read_precondition(request: web.Request) -> Precondition:
    """Return the precondition in If-Match and If-None-Match (RFC 7644 §3.14)."""
    wanted, barred = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if wanted is None and barred is None:
        return NO_PRECONDITION
    return Precondition(_versions(wanted), _versions(barred))


def _versions(header: str | None) -> frozenset[int] | None:
    """Return the versions that a header names: `*`, or entity tags, weak or strong."""
    if header is None:
        return None
    if header.strip() == "*":
        return ANY_VERSION
    found = [VERSION.fullmatch(tag) for tag in header.split(",")]
    return frozenset(int(each[1]) for each in found if each)


def is_unmodified(request: web.Request, version: int) -> bool:
    """Return whether If-None-Match names this version (RFC 7644 §3.14)."""
    held = _versions(request.headers.get("If-None-Match"))
    return held is not None and (held == ANY_VERSION or version in held)
