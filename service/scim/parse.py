"""Read requests: bodies with limits, query parameters, preconditions."""

import re
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from schema.scim.errors import (
    InvalidSyntax,
    InvalidValue,
    PayloadTooLarge,
    ScimError,
    UnsupportedMediaType,
)
from service.aside import LONG_BYTES
from service.commands import ANY_VERSION, NO_PRECONDITION, Precondition

MEDIA_TYPES = ("application/scim+json", "application/json")
BODY_LIMIT_BYTES = 1_048_576  # Of a user, a search or a PATCH of one.
LARGE_BODY_LIMIT_BYTES = 16_777_216  # Of a group, which may list 100,000 members.
DRAIN_LIMIT_BYTES = (
    67_108_864  # What is read of a body that is too large, so that its sender hears why.
)
PARAMETERS_MAX = 100
VERSION = re.compile(r'\s*(?:W/)?"([0-9]{1,18})"\s*')
NUL_ESCAPE = b"\\u0000"


class ClientLeft(ScimError):
    """The client closed the connection before its request was whole."""

    status = (
        499  # No standard's, but what proxies' logs say: nobody hears it, the log line tells it.
    )


async def read_body(request: web.Request, limit_bytes: int = BODY_LIMIT_BYTES) -> Any:
    """Return the JSON of a request's body.

    Errors: UnsupportedMediaType, PayloadTooLarge, InvalidSyntax, InvalidValue for a NUL in a text.
    """
    _check_media_type(request)
    text = await _read_bytes(request, limit_bytes)
    if not text.strip():
        raise InvalidSyntax("The request needs a body: a JSON object.")
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidSyntax(f"The body is not JSON: {error}.") from None
    if NUL_ESCAPE in text:
        refuse_nul(body)
    return body


def is_long(request: web.Request) -> bool:
    """Tell whether a request's body may take long to make sense of; one of unknown size may."""
    length = request.content_length
    return length is None or length > LONG_BYTES


def _check_media_type(request: web.Request) -> None:
    """Accept both media types with any parameters, and none at all (azure-docs#116775)."""
    sent = request.headers.get("Content-Type", "")
    media_type = sent.partition(";")[0].strip().lower()
    if media_type and media_type not in MEDIA_TYPES:
        raise UnsupportedMediaType(
            f"Send the body as {MEDIA_TYPES[0]} or {MEDIA_TYPES[1]}, not {media_type[:100]!r}."
        )


async def _read_bytes(request: web.Request, limit_bytes: int) -> bytes:
    """Return the body; one that is too large is still read, so that its sender hears why."""
    parts, size, content = [], 0, request.content
    try:
        while not content.at_eof():
            part = await content.readany()
            size += len(part)
            if size <= limit_bytes:
                parts.append(part)
            elif size > DRAIN_LIMIT_BYTES:
                break
    except ConnectionError:
        raise ClientLeft("The connection was closed before the request was whole.") from None
    except web.RequestPayloadError:
        raise InvalidSyntax(
            "The body is not encoded as Content-Encoding and Transfer-Encoding say; send plain JSON."
        ) from None
    if size > limit_bytes:
        raise PayloadTooLarge(f"The body is larger than {limit_bytes:,} bytes; send less at once.")
    return b"".join(parts)


def refuse_nul(value: Any) -> None:
    """Raise InvalidValue if a text in a JSON value holds a NUL, which Postgres cannot store."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text if "\0" in text:
                raise InvalidValue("A string holds the character U+0000; remove it.")
            case dict() as holder:
                waiting += [*holder.keys(), *holder.values()]
            case list() as elements:
                waiting += elements


def query_parameters(request: web.Request) -> dict[str, str]:
    """Return the query parameters by lower-case name, decoded once; the last of a name wins.

    Names of attributes add up: a client that excludes members and meta apart must get neither.

    Parameters that nobody knows are left to be ignored, such as the bare `aadOptscim062020` that
    administrators put into the Tenant URL (reference §2.2).
    """
    raw = request.rel_url.raw_query_string
    if not raw:
        return {}
    try:
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
        for several in ("attributes", "excludedattributes"):
            if several in found:
                found[several] = ",".join(
                    value for name, value in pairs if value and name.lower() == several
                )
    return found


def read_precondition(request: web.Request) -> Precondition:
    """Return what If-Match and If-None-Match ask of a write (RFC 7644 §3.14)."""
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
    """Tell whether If-None-Match names this version (RFC 7644 §3.14)."""
    held = _versions(request.headers.get("If-None-Match"))
    return held is not None and (held == ANY_VERSION or version in held)
