"""The copy outside at a URL: notes come in any pieces, and redirects are not followed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventstore.proof.leaf import origin_of
from eventstore.proof.notes import body_of, signed_note
from service.proof.outside import Update
from service.proof.web_copy import NOTE_BYTES_MAX, WebCopy, WebWebhook
from tests.database.events import ORGANIZATION

PAUSE_S = 0.05  # Between two pieces, so that they do not arrive together.
NOTE = signed_note(
    body_of(origin_of(ORGANIZATION, 1), 7, bytes(32)), [Ed25519PrivateKey.generate()]
)
UPDATE = Update(ORGANIZATION, NOTE, datetime(2026, 4, 1, tzinfo=UTC))


@dataclass(slots=True)
class Place:
    """A server that answers every request alike, in pieces, and notes what it was asked."""

    status: str
    pieces: list[bytes]
    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.partition(" HTTP")[0])
        size = sum(map(len, self.pieces))
        lines = f"Content-Length: {size}\r\nLocation: {self.url}/elsewhere\r\nConnection: close"
        writer.write(f"HTTP/1.1 {self.status}\r\n{lines}\r\n\r\n".encode())
        for each in self.pieces:
            await writer.drain()
            await asyncio.sleep(PAUSE_S)
            writer.write(each)
        writer.close()


@asynccontextmanager
async def serving(status: str, *pieces: bytes) -> AsyncIterator[Place]:
    """Serve on a socket of its own for the duration of the block."""
    place = Place(status, list(pieces))
    server = await asyncio.start_server(place.answer, "127.0.0.1", 0)
    async with server:
        place.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield place


async def test_a_note_in_two_pieces_is_read_whole() -> None:
    text = NOTE.encode()
    async with serving("200 OK", text[:50], text[50:]) as place:
        found = await WebCopy(place.url).load([ORGANIZATION])

    assert found[ORGANIZATION].latest == NOTE


async def test_a_note_that_is_too_large_is_an_error() -> None:
    async with serving("200 OK", b"x" * NOTE_BYTES_MAX, b"x") as place:
        with pytest.raises(OSError, match="more than 65,536 bytes"):
            await WebCopy(place.url).load([ORGANIZATION])


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    async with serving(status) as place:
        with pytest.raises(OSError, match="not followed"):
            await WebCopy(place.url).load([ORGANIZATION])
        with pytest.raises(OSError, match="not followed"):
            await WebCopy(place.url).save(UPDATE)
        with pytest.raises(OSError, match="not followed"):
            await WebWebhook(place.url).send(UPDATE)

    assert all("elsewhere" not in each for each in place.asked)
    assert len(place.asked) == 3


async def test_a_place_without_the_note_gets_it() -> None:
    async with serving("404 Not Found") as place:
        with pytest.raises(OSError, match="does not take it"):
            await WebCopy(place.url).save(UPDATE)

    assert place.asked == [f"GET /{ORGANIZATION}/latest", f"PUT /{ORGANIZATION}/1/7"]
