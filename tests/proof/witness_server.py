"""A witness as C2SP tlog-witness describes it, written from that page: it keeps one checkpoint of each log."""

import asyncio
import base64
import hashlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from eventstore.proof.notes import COSIGNATURE, Vkey, public_of
from tests.proof.vectors import private_key

NAME = "witness.customer.example/w1"
PRIVATE = private_key("witness")
VKEY = str(Vkey(NAME, COSIGNATURE, public_of(PRIVATE)))
STRANGER = "\u2014 elsewhere.example/w2 AAAAAAAAAAA=\n"  # Of a key that nobody here knows.
Answer = tuple[int, str]


@dataclass(slots=True)
class WitnessServer:
    """A running witness. `keys` are the public keys of the logs that it knows, by origin."""

    url: str = ""
    keys: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # Origin: size and root.
    asked: list[int] = field(default_factory=list)  # The old sizes of all requests.
    answer: Answer | None = None  # Instead of what it would answer.
    unix_s: int = 1_798_761_601

    async def handle(self, request: web.Request) -> web.Response:
        """Answer POST /add-checkpoint."""
        body = await request.text()
        old = int(body.split("\n", 1)[0].removeprefix("old "))
        self.asked.append(old)
        status, answer = self.answer or self._answer(old, body)
        return web.Response(status=status, text=answer)

    def _answer(self, old: int, text: str) -> Answer:  # noqa: PLR0911 - one for each status.
        head, note = text.split("\n\n", 1)
        proof = [base64.b64decode(line, validate=True) for line in head.split("\n")[1:]]
        signed, signatures = note.split("\n\n", 1)
        origin, size, root = signed.split("\n")
        if origin not in self.keys:
            return HTTPStatus.NOT_FOUND, ""
        if not self._is_signed(origin, f"{signed}\n", signatures):
            return HTTPStatus.FORBIDDEN, ""
        if old > int(size):
            return HTTPStatus.BAD_REQUEST, ""
        held, top = self.known.get(origin, (0, b""))
        if held != old:
            return HTTPStatus.CONFLICT, f"{held}\n"
        new = base64.b64decode(root)
        if old == int(size) and top != new:
            return HTTPStatus.CONFLICT, f"{held}\n"
        if old == 0 and proof:
            return HTTPStatus.UNPROCESSABLE_ENTITY, ""
        if 0 < old < int(size) and not grows(old, int(size), top, new, proof):
            return HTTPStatus.UNPROCESSABLE_ENTITY, ""
        self.known[origin] = (int(size), new)
        return HTTPStatus.OK, STRANGER + self.line(f"{signed}\n")

    def _is_signed(self, origin: str, signed: str, signatures: str) -> bool:
        key = Ed25519PublicKey.from_public_bytes(self.keys[origin])
        for line in signatures.splitlines():
            try:
                key.verify(base64.b64decode(line.split(" ")[2])[4:], signed.encode())
            except InvalidSignature:
                continue
            return True
        return False

    def line(self, signed: str) -> str:
        """Return the witness's signature line."""
        message = f"cosignature/v1\ntime {self.unix_s}\n{signed}".encode()
        public = public_of(PRIVATE)
        identifier = hashlib.sha256(NAME.encode() + b"\n\x04" + public).digest()[:4]
        octets = identifier + struct.pack(">Q", self.unix_s) + PRIVATE.sign(message)
        return f"\u2014 {NAME} {base64.b64encode(octets).decode()}\n"


def grows(first: int, second: int, old: bytes, new: bytes, proof: list[bytes]) -> bool:
    """Return whether a proof shows that a tree extends another, by the recursion of RFC 6962 §2.1.2."""
    left = list(proof)

    def both(low: int, high: int, *, is_whole: bool) -> tuple[bytes, bytes]:
        if first == high:
            found = old if is_whole else left.pop(0)
            return found, found
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if first <= middle:
            before, after = both(low, middle, is_whole=is_whole)
            return before, hashed(after, left.pop(0))
        before, after = both(middle, high, is_whole=False)
        beside = left.pop(0)
        return hashed(beside, before), hashed(beside, after)

    try:
        return both(0, second, is_whole=True) == (old, new) and not left
    except IndexError:
        return False


def hashed(left: bytes, right: bytes) -> bytes:
    """Return a node of the tree."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@asynccontextmanager
async def witnessing() -> AsyncIterator[WitnessServer]:
    """Give a witness on a port of its own for the duration of the block."""
    server, app = WitnessServer(), web.Application()
    app.router.add_post("/w1/add-checkpoint", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/w1"
    try:
        yield server
    finally:
        async with asyncio.timeout(10):
            await runner.cleanup()
