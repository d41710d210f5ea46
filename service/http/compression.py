"""Compressed bodies (RFC 9110 §8.4): taken apart here, and never further than a body may be long.

aiohttp would do it for every body, of whoever, and go on with what nobody reads: a small file of blanks is
gigabytes.
"""

import zlib

from schema.scim.errors import InvalidSyntax, UnsupportedMediaType

GZIP, ZLIB, RAW = 31, 15, -15  # zlib's words for the three wrappings.
DEFLATE = 8
NONE = frozenset({"", "identity"})


class Inflater:
    """Takes a body apart, piece by piece."""

    def __init__(self, encoding: str) -> None:
        self._is_gzip = encoding in ("gzip", "x-gzip")
        self._stream = zlib.decompressobj(GZIP) if self._is_gzip else None

    def take(self, piece: bytes, most: int) -> bytes:
        """Return what a piece holds, no more than `most` bytes of it; the rest is dropped. Errors: InvalidSyntax."""
        if self._stream is None:
            # Some send deflate without the wrapping that the RFC asks for.
            self._stream = zlib.decompressobj(ZLIB if _is_wrapped(piece) else RAW)
        try:
            return self._stream.decompress(piece, max(1, most))
        except zlib.error:
            raise _not_as_said() from None

    def end(self) -> None:
        """Raise InvalidSyntax where the body ends too early, or goes on after its end."""
        if self._stream is None or not self._stream.eof or self._stream.unused_data:
            raise _not_as_said()


def _is_wrapped(piece: bytes) -> bool:
    """Tell whether a stream begins as RFC 1950 §2.2 says: with its method, and a number that 31 divides."""
    return piece[0] & 15 == DEFLATE and int.from_bytes(piece[:2], "big") % 31 == 0


def inflater(content_encoding: str) -> Inflater | None:
    """Return what takes a body apart, None where it is not compressed. Errors: UnsupportedMediaType."""
    encoding = content_encoding.strip().lower()
    if encoding in NONE:
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UnsupportedMediaType(
            f"Content-Encoding {encoding[:100]!r} is not understood; send gzip, deflate, or plain JSON."
        )
    return Inflater(encoding)


def _not_as_said() -> InvalidSyntax:
    return InvalidSyntax("The body is not compressed as Content-Encoding says; send plain JSON.")
