"""Compressed bodies (RFC 9110 §8.4): inflated here, and never beyond the size that a body may have.

aiohttp would inflate every body, even that of an unknown caller, and would not stop at the part that nobody reads:
a small file of blanks inflates to gigabytes. The limits count what comes out, while it comes out.
"""

import zlib
from typing import NamedTuple

from schema.scim.errors import InvalidSyntax, PayloadTooLarge, UnsupportedMediaType
from schema.scim.json_values import ValueCounter

GZIP, ZLIB, RAW = 31, 15, -15  # zlib's numbers for the three wrappings.
DEFLATE = 8
NONE = frozenset({"", "identity"})
PIECE = 65_536  # Inflated at once: less than a millisecond of work.
RATIO_MAX = 100  # Bytes that come out for each that goes in. JSON of real resources has 5 to 30.
RATIO_FREE_BYTES = 1_048_576  # Up to this size a body may inflate as it likes.


class Limits(NamedTuple):
    """The limits of a body: its bytes once it is inflated, and its JSON values."""

    bytes_max: int
    values_max: int


def check_encoding(content_encoding: str) -> str | None:
    """Return the encoding of a body in lower case, None if it is not compressed. Errors: UnsupportedMediaType."""
    encoding = content_encoding.strip().lower()
    if encoding in NONE:
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UnsupportedMediaType(
            f"Content-Encoding {encoding[:100]!r} is not understood; send gzip, deflate, or plain JSON."
        )
    return encoding


def inflated_max(size: int, limits: Limits) -> int:
    """Return the size that a compressed body of this size may inflate to."""
    return min(limits.bytes_max, max(RATIO_FREE_BYTES, RATIO_MAX * size))


def inflate(sent: bytes, encoding: str, limits: Limits) -> bytes:
    """Return a compressed body inflated. Errors: InvalidSyntax, PayloadTooLarge."""
    # Some clients send deflate without the wrapping that the RFC demands.
    wrapping = GZIP if "gzip" in encoding else ZLIB if _is_wrapped(sent) else RAW
    stream, counter = zlib.decompressobj(wrapping), ValueCounter(limits.values_max)
    body = bytearray()
    for begin in range(0, len(sent), PIECE):
        rest = sent[begin : begin + PIECE]
        is_more = True
        while is_more:
            plain = _take(stream, rest)
            body += plain
            _refuse_too_large(len(body), len(sent), limits)
            counter.add(plain)
            rest = stream.unconsumed_tail
            is_more = bool(rest) or len(plain) == PIECE
    if not stream.eof or stream.unused_data:
        raise _malformed()
    return bytes(body)


def _take(stream: "zlib._Decompress", rest: bytes) -> bytes:
    if stream.eof and rest:
        raise _malformed()
    try:
        return stream.decompress(rest, PIECE)
    except zlib.error:
        raise _malformed() from None


def _refuse_too_large(size: int, sent_size: int, limits: Limits) -> None:
    if size > limits.bytes_max:
        raise PayloadTooLarge(
            f"The body is larger than {limits.bytes_max:,} bytes; send less at once."
        )
    if size > inflated_max(sent_size, limits):
        raise PayloadTooLarge(
            f"The body inflates to more than {RATIO_MAX} times its {sent_size:,} bytes; send it uncompressed."
        )


def _is_wrapped(sent: bytes) -> bool:
    """Return whether a stream has the header of RFC 1950 §2.2: the method, and a number that 31 divides."""
    return bool(sent) and sent[0] & 15 == DEFLATE and int.from_bytes(sent[:2], "big") % 31 == 0


def _malformed() -> InvalidSyntax:
    return InvalidSyntax("The body is not compressed as Content-Encoding says; send plain JSON.")
