"""What commands print to standard output, and how they detect that nobody can read it."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import orjson

from service.terminal import (
    code_units,
    descriptor_for_writing,
    has_lost_reader,
    is_closed_early,
    is_utf8,
    printable_lines,
    silence,
    write_some,
)

ROOM_INTERVAL_S = 0.02
READER_INTERVAL_S = 0.25
GONE = "Whoever read standard output has gone."


class OutputClosed(Exception):
    """The reader of standard output has gone: `events tail | head` has read enough."""


class OutputFailed(Exception):
    """Standard output cannot be written; the message says why."""


def say(text: str) -> None:
    """Print lines. Errors: OutputClosed, OutputFailed."""
    try:
        sys.stdout.write(f"{printable_lines(text)}\n")
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        raise _failure(error) from error


async def show(text: str) -> None:
    """Print lines. While the output is full, wait without blocking the event loop. Errors: as `say`."""
    data = f"{printable_lines(text)}\n".encode(sys.stdout.encoding, sys.stdout.errors or "strict")
    try:
        sys.stdout.flush()
        descriptor = _descriptor()
    except (OSError, ValueError) as error:
        raise _failure(error) from error
    while data:
        try:
            written = write_some(descriptor, data)
        except OSError as error:
            raise _failure(error) from error
        data = data[written:]
        if not written:
            await asyncio.sleep(ROOM_INTERVAL_S)


def mention(text: str) -> None:
    """Print a line if the output has room for it now; otherwise drop it. Errors: as `say`."""
    data = f"{printable_lines(text)}\n".encode(sys.stdout.encoding, sys.stdout.errors or "strict")
    try:
        write_some(_descriptor(), data)
    except (OSError, ValueError) as error:
        raise _failure(error) from error


async def while_read(work: Coroutine[Any, Any, None]) -> None:
    """Do work that prints, for as long as anybody reads it: it may have nothing to print for long.

    Errors: OutputClosed, and those of the work.
    """
    doing = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([doing], timeout=READER_INTERVAL_S))[0]:
            if has_lost_reader(sys.stdout.fileno()):
                raise OutputClosed(GONE)
        doing.result()
    finally:
        doing.cancel()
        await asyncio.wait([doing])


_opened: dict[int, int] = {}


def _descriptor() -> int:
    number = sys.stdout.fileno()
    if number not in _opened:
        _opened[number] = descriptor_for_writing(sys.stdout)
    return _opened[number]


def _failure(error: OSError | ValueError) -> Exception:
    silence(sys.stdout)
    if isinstance(error, OSError) and is_closed_early(error):
        return OutputClosed(GONE)
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return OutputFailed(f"Standard output cannot be written: {reason}.")


def check_output() -> None:
    """Raise OutputFailed if standard output is closed. Call it before making a secret that is shown only once."""
    try:
        write_some(sys.stdout.fileno(), b"")
    except (OSError, ValueError) as error:
        raise _failure(error) from error


def complain(line: str) -> None:
    """Print to standard error. If that cannot be written, only the exit code reports the error."""
    try:
        sys.stderr.write(f"{printable_lines(line)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


def as_json(value: object) -> str:
    """Return a value as JSON that is safe on a terminal and on a stream with a small character set."""
    # asyncpg's ids are a class of their own, which orjson does not know.
    return showable_json(orjson.dumps(value, default=str).decode())


def showable_json(text: str) -> str:
    """Return JSON in which every character that is not printable, or not in the stream's encoding, is escaped."""
    is_whole = is_utf8(sys.stdout)
    if text.isprintable() and (is_whole or text.isascii()):
        return text
    return "".join(
        each if each.isprintable() and (is_whole or each.isascii()) else code_units(each)
        for each in text
    )
