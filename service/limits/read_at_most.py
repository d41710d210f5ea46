"""Reads the answer of another server, and no more of it than is wanted."""

from typing import Final

import aiohttp

PIECE_BYTES: Final = 65_536


async def read_at_most(response: aiohttp.ClientResponse, bytes_max: int) -> bytes | None:
    """Return a whole body, in however many pieces it comes; None as soon as it is larger."""
    parts, size = list[bytes](), 0
    async for piece in response.content.iter_chunked(PIECE_BYTES):
        size += len(piece)
        if size > bytes_max:
            return None
        parts.append(piece)
    return b"".join(parts)
