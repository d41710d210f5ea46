"""Reads the answer of another server, and no more of it than is wanted."""

from collections.abc import AsyncIterable
from typing import Final

PIECE_BYTES: Final = 65_536  # That are read at once.


async def read_at_most(pieces: AsyncIterable[bytes], bytes_max: int) -> bytes | None:
    """Return a whole body, in however many pieces it comes; None as soon as it is larger."""
    parts, size = list[bytes](), 0
    async for piece in pieces:
        size += len(piece)
        if size > bytes_max:
            return None
        parts.append(piece)
    return b"".join(parts)
