"""Bodies of requests: read within limits, inflated, checked and parsed as JSON."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import StreamReader, web

from schema.scim.errors import (
    InvalidSyntax,
    PayloadTooLarge,
    ScimError,
    UnsupportedMediaType,
)
from schema.scim.json_slices import NotJson, loads
from schema.scim.json_text import without_mark
from schema.scim.json_values import count_values
from schema.scim.value import refuse_nul
from service.http.compression import Limits, check_encoding, inflate, inflated_max
from service.http.connections.handler import BodyTooSlow
from service.http.parts import SERVICE
from service.http.request_state import STATE, Held, RequestState
from service.limits.inflow import DROPPED, INFLOW
from service.limits.memory_share import Holding
from service.limits.offload import LONG_BYTES, offload

BODY_LIMIT_BYTES = 1_048_576  # Of a user, a PATCH of a user, or a search.
# So much of a body that is too large is read and dropped: otherwise its sender would not get the refusal.
DRAIN_LIMIT_BYTES = 67_108_864
BODY_TIMEOUT_S = 60.0  # For a whole body; Entra gives up after the same time.
# Of the limit of a body, for each JSON value in it. Members of a group take 25 and more with all that clients send.
BYTES_PER_VALUE = 16
# What a body is expected to take in memory: its text twice, and each value.
COPIES, VALUE_BYTES = 2, 150
T = TypeVar("T", bytes, bytearray)
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

    The limit applies to the body once it is inflated. A long body is inflated and parsed beside the event loop, when
    there is memory for it; the request holds that memory until `release`.
    Errors: UnsupportedMediaType, PayloadTooLarge, InvalidSyntax (also for a key that is given twice), InvalidValue
    for a NUL in a text, Unavailable.
    """
    _check_media_type(request, media_types)
    encoding, content = _encoding_of(request), request.content
    if encoding is None and content.is_eof():  # Most bodies are plain, and have arrived as a whole.
        sent = _arrived(content, limit_bytes)
        if len(sent) <= LONG_BYTES:
            return _parse(sent)
        return await _parse_long(request, sent, None, limit_bytes)
    with request.app[SERVICE].bodies.holding(_holder(request)) as holding:
        sent = await _read_sent(content, limit_bytes, holding)
        if encoding is None and len(sent) <= LONG_BYTES:
            return _parse(sent)
        return await _parse_long(request, sent, encoding, limit_bytes)


async def _parse_long(
    request: web.Request, sent: bytes, encoding: str | None, limit_bytes: int
) -> Any:
    limits = Limits(limit_bytes, limit_bytes // BYTES_PER_VALUE)
    size = inflated_max(len(sent), limits) if encoding else len(sent)
    await _hold(request, size * COPIES + min(size, limits.values_max) * VALUE_BYTES)
    text = await offload(inflate, True, sent, encoding, limits) if encoding else sent
    request[STATE].text_bytes = len(text)
    count = await offload(count_values, True, text, limits.values_max)
    _hold_less(request, len(text) * COPIES + count * VALUE_BYTES)
    return await offload(_parse, True, text)


def _holder(request: web.Request) -> UUID | None:
    """Return the organization that a body counts for."""
    origin = request[STATE].origin
    return origin.organization_id if origin else None


async def _hold(request: web.Request, size: int) -> None:
    """Wait until a request may hold so much memory. Errors: Unavailable."""
    memory, holder = request.app[SERVICE].memory, _holder(request)
    await memory.take(holder, size)
    request[STATE].held = Held(memory, holder, size)


def _hold_less(request: web.Request, size: int) -> None:
    """Return the memory that a body turned out not to need."""
    state = request[STATE]
    held = state.held
    assert held is not None
    if size < held.size:
        state.held = held._replace(size=size)
        held.memory.give_back(held.holder, held.size - size)


def release(state: RequestState) -> None:
    """Return the memory that a request holds for its body, if any."""
    held, state.held = state.held, None
    if held is not None:
        held.memory.give_back(held.holder, held.size)


def is_long(request: web.Request) -> bool:
    """Return whether the body that was read may take long to read into a command."""
    return request[STATE].text_bytes > LONG_BYTES


def _parse(sent: bytes) -> Any:
    text = without_mark(sent)
    if not text.strip():
        raise InvalidSyntax("The request needs a body: a JSON object.")
    try:
        body = loads(text)
    except NotJson as error:
        raise _no_json(text, error) from None
    if NUL_ESCAPE in text:
        refuse_nul(body)
    return body


def _no_json(text: bytes, error: NotJson) -> InvalidSyntax:
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
    if sent in media_types:
        return
    media_type = sent.partition(";")[0].strip().lower()
    if media_type and media_type not in media_types:
        raise UnsupportedMediaType(
            f"Send the body as {' or '.join(media_types)}, not {media_type[:100]!r}."
        )


def _encoding_of(request: web.Request) -> str | None:
    """Return how a body is encoded; several headers are one list. Errors: UnsupportedMediaType."""
    headers = request.headers
    if "Content-Encoding" not in headers:
        return None
    return check_encoding(",".join(headers.getall("Content-Encoding")))


async def read_bytes(request: web.Request, limit_bytes: int) -> bytes:
    """Return the body, inflated. One that is too large is still read: otherwise its sender would not get the refusal.

    Errors: UnsupportedMediaType, PayloadTooLarge, InvalidSyntax, BodyTooLate, ClientLeft; Unavailable if too many
    large bodies arrive at once.
    """
    encoding = _encoding_of(request)
    with request.app[SERVICE].bodies.holding(_holder(request)) as holding:
        sent = await _read_sent(request.content, limit_bytes, holding)
        if encoding is None:
            return sent
        return await offload(inflate, True, sent, encoding, Limits(limit_bytes, limit_bytes))


async def _read_sent(content: StreamReader, limit_bytes: int, holding: Holding) -> bytes:
    """Return the body as it was sent."""
    if content.is_eof():
        return _arrived(content, limit_bytes)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _gather(content, limit_bytes, holding)
    except BROKEN as error:
        raise _not_whole(error) from None


def _arrived(content: StreamReader, limit_bytes: int) -> bytes:
    """Return a body that has arrived as a whole."""
    try:
        return _of_size(content.read_nowait(-1), limit_bytes)
    except BROKEN as error:
        raise _not_whole(error) from None


# What a body raises that does not arrive.
BROKEN = (TimeoutError, ConnectionError, web.RequestPayloadError)


def _not_whole(error: Exception) -> ScimError:
    """Return the refusal of a body that did not arrive."""
    # The stream keeps its error. With its traceback, the two would keep all that has arrived, until the garbage
    # collector runs.
    error.__traceback__ = None
    match error:
        case BodyTooSlow():
            return BodyTooLate(str(error))
        case TimeoutError():
            return BodyTooLate(f"The body did not come within {BODY_TIMEOUT_S:g} seconds.")
        case ConnectionError():
            return ClientLeft("The connection was closed before the request was whole.")
        case _:
            return InvalidSyntax(
                "The body is not encoded as Transfer-Encoding says; send plain JSON."
            )


async def _gather(content: StreamReader, limit_bytes: int, holding: Holding) -> bytes:
    """Return a body as it arrives. Errors: PayloadTooLarge, Unavailable; they are raised once the body was dropped."""
    body = bytearray()
    while not content.at_eof():
        part = await content.readany()
        body += part
        try:
            holding.add(len(part))
            _of_size(body, limit_bytes)
        except ScimError as refusal:
            size = len(body)
            body.clear()
            holding.release()
            await _drain(content, size)
            raise refusal.without_origin() from None
        await INFLOW.keep(len(part))
    return bytes(body)


async def _drain(content: StreamReader, size: int) -> None:
    """Drop the rest of a body of which so much has arrived. It comes slowly: what is refused may not take much work."""
    while size <= DRAIN_LIMIT_BYTES and not content.at_eof():
        part = await content.readany()
        size += len(part)
        await DROPPED.keep(len(part))


def _of_size(body: T, limit_bytes: int) -> T:
    if len(body) > limit_bytes:
        raise PayloadTooLarge(f"The body is larger than {limit_bytes:,} bytes; send less at once.")
    return body
