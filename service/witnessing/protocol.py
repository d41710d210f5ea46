"""The protocol of a witness: `POST <url>/add-checkpoint`, as C2SP tlog-witness has it. Redirects are not followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp

from eventstore.proof.notes import SIZE_DIGITS_MAX
from service.limits.read_at_most import PIECE_BYTES, read_at_most

TIMEOUT: Final = aiohttp.ClientTimeout(total=10.0)
ANSWER_BYTES_MAX: Final = 65_536
HEADERS: Final = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "scim-ledger"}


@dataclass(frozen=True, slots=True)
class Lines:
    """It cosigned: signature lines, of which one may be its own."""

    text: str


@dataclass(frozen=True, slots=True)
class OtherSize:
    """It knows a checkpoint of another size than the proof begins at, or another one of this size."""

    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The proof does not hold good: what it knows is no prefix of this log."""


Answered = Lines | OtherSize | Refused


class NotCosigned(OSError):
    """The witness did not answer, or not as it should; the message says how."""


def submission(old: int, hashes: Sequence[str], note: str) -> bytes:
    """Return the body of a request: the size that the witness knows, the proof from there on, and the checkpoint."""
    return "".join([f"old {old}\n", *(f"{each}\n" for each in hashes), "\n", note]).encode()


async def submit(session: aiohttp.ClientSession, url: str, body: bytes) -> Answered:
    """Send a checkpoint to a witness; return what it answers. Errors: NotCosigned."""
    place = f"{url.rstrip('/')}/add-checkpoint"
    try:
        async with session.post(
            place, data=body, headers=HEADERS, allow_redirects=False, timeout=TIMEOUT
        ) as answer:
            pieces = answer.content.iter_chunked(PIECE_BYTES)
            octets = await read_at_most(pieces, ANSWER_BYTES_MAX)
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise NotCosigned(f"It does not answer: {type(error).__name__}.") from error
    if octets is None:
        raise NotCosigned(f"It answers with more than {ANSWER_BYTES_MAX:,} bytes.")
    return _read(status, octets)


def _read(status: int, octets: bytes) -> Answered:
    text = octets.decode("utf-8", errors="replace")
    match status:
        case HTTPStatus.OK:
            return Lines(text)
        case HTTPStatus.UNPROCESSABLE_ENTITY:
            return Refused()
        case HTTPStatus.CONFLICT:
            size = text.removesuffix("\n")
            if size.isascii() and size.isdecimal() and len(size) <= SIZE_DIGITS_MAX:
                return OtherSize(int(size))
    raise NotCosigned(f"It answers with status {status}{_meaning(status)}.")


def _meaning(status: int) -> str:
    match status:
        case HTTPStatus.NOT_FOUND:
            return ": it does not know this log. Give its owner the origin and a key of the log"
        case HTTPStatus.FORBIDDEN:
            return ": it trusts no key that signed. Give its owner the present key of the log"
        case HTTPStatus.CONFLICT:
            return " and names no size"
        case _:
            return ""
