"""Compressed bodies (RFC 9110 §8.4): inflated here, and never beyond the size that a body may have.

aiohttp would inflate every body, even that of an unknown caller, and would not stop at the part that nobody reads:
a small file of blanks inflates to gigabytes.
"""

import zlib

from schema.scim.errors import InvalidSyntax, UnsupportedMediaType

GZIP, ZLIB, RAW = 31, 15, -15  # zlib's numbers for the three wrappings.
DEFLATE = 8
NONE = frozenset({"", "identity"})


class Inflater:
    """Inflates a body, piece by piece."""

    def __init__(self, encoding: str) -> None:
        self._is_gzip = encoding in ("gzip", "x-gzip")
        self._stream = zlib.decompressobj(GZIP) if self._is_gzip else None

    def take(self, piece: bytes, most: int) -> bytes:
        """Inflate a piece; return at most `most` bytes and drop the rest. Errors: InvalidSyntax."""
        if self._stream is None:
            # Some clients send deflate without the wrapping that the RFC demands.
            self._stream = zlib.decompressobj(ZLIB if _is_wrapped(piece) else RAW)
        try:
            return self._stream.decompress(piece, max(1, most))
        except zlib.error:
            raise _malformed() from None

    def end(self) -> None:
        """Raise InvalidSyntax if the body ends too early, or continues after its end."""
        if self._stream is None or not self._stream.eof or self._stream.unused_data:
            raise _malformed()


def _is_wrapped(piece: bytes) -> bool:
    """Return whether a stream has the header of RFC 1950 §2.2: the method, and a number that 31 divides."""
    return piece[0] & 15 == DEFLATE and int.from_bytes(piece[:2], "big") % 31 == 0


def inflater(content_encoding: str) -> Inflater | None:
    """Return the inflater for an encoding, or None if the body is not compressed. Errors: UnsupportedMediaType."""
    encoding = content_encoding.strip().lower()
    if encoding in NONE:
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UnsupportedMediaType(
            f"Content-Encoding {encoding[:100]!r} is not understood; send gzip, deflate, or plain JSON."
        )
    return Inflater(encoding)


def _malformed() -> InvalidSyntax:
    return InvalidSyntax("The body is not compressed as Content-Encoding says; send plain JSON.")
