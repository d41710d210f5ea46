"""The standard streams: made usable even if the caller closed them, and never blocking the service.

It is light to import, because it runs before everything else: otherwise the first file to be opened would take
the number of a closed stream.
"""

import codecs
import errno
import os
import select
import shlex
import string
import sys
from collections.abc import Iterable
from typing import TextIO

STREAMS = {0: "stdin", 1: "stdout", 2: "stderr"}
# A pipe that reports room takes at least this much.
PIECE_BYTES = 512 if sys.platform == "darwin" else 4096
ESCAPING = "scim-ledger"  # Our error handler for characters that a stream cannot encode.
PLAIN_BYTES = f"{string.ascii_letters}{string.digits}/._-".encode()
PLAIN = {"←": "<-", "…": "...", "→": "->"}


def prepare() -> None:
    """Make all three streams usable.

    A closed stream is opened in a way that makes writing fail: a token must not be printed to nowhere.
    """
    codecs.register_error(ESCAPING, _escaped)
    for number in STREAMS:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # The system gives the lowest free number: this one.
    for number, name in STREAMS.items():
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - a descriptor.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=ESCAPING)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Return the replacement for characters that the stream's encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(each) or code_units(each) for each in lacking), error.end


def code_units(text: str) -> str:
    r"""Return each UTF-16 code unit as \uXXXX, which JSON understands too."""
    raw = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{raw[at]:02x}{raw[at + 1]:02x}" for at in range(0, len(raw), 2))


def printable(text: str) -> str:
    r"""Return a text in which \uXXXX replaces every character that could steer a terminal or forge a line.

    These are control characters, line and paragraph separators, and marks that change the direction of text.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else code_units(each) for each in text)


def printable_lines(text: str) -> str:
    """Return a text of several lines with each line made printable."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def shell_quoted(text: str, stream: TextIO) -> str:
    """Return a text quoted for a shell: by its bytes if the stream cannot show it as it is."""
    if text.isprintable() and (text.isascii() or is_utf8(stream)):
        return shlex.quote(text)
    shown = (chr(each) if each in PLAIN_BYTES else f"\\{each:03o}" for each in os.fsencode(text))
    return f"$'{''.join(shown)}'"


def is_screen(stream: TextIO) -> bool:
    """Return whether a stream is a terminal whose cursor can be moved."""
    return os.environ.get("TERM") not in {"dumb", "unknown"} and stream.isatty()


def is_colorful(stream: TextIO) -> bool:
    """Return whether a stream is a terminal whose user wants colors."""
    return not os.environ.get("NO_COLOR") and is_screen(stream)


def is_utf8(stream: TextIO) -> bool:
    """Return whether a stream can show every character."""
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


def silence(stream: TextIO) -> None:
    """Discard all further output: otherwise Python tries again while it ends, and prints an error."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def undecodable(arguments: Iterable[str]) -> str | None:
    """Return the first argument that the locale could not decode, or None if all are text."""
    for each in arguments:
        try:
            each.encode()
        except UnicodeEncodeError:
            return each
    return None


def write_some(descriptor: int, data: bytes | bytearray) -> int:
    """Write without waiting; return how many bytes were written, 0 if there is no room. Errors: OSError."""
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    if not poller.poll(0):
        return 0
    try:
        return os.write(descriptor, data[:PIECE_BYTES])
    except BlockingIOError:
        return 0


def has_lost_reader(descriptor: int) -> bool:
    """Return whether a pipe has no reader any more. Anything else is taken to have one."""
    poller = select.poll()
    poller.register(descriptor, 0)
    return any(found & select.POLLERR for _, found in poller.poll(0))


def descriptor_for_writing(stream: TextIO) -> int:
    """Return a descriptor for writing to a stream that does not block on a stopped terminal.

    A terminal is opened a second time: a flag on the shared descriptor would also change the caller's shell.
    """
    number = stream.fileno()
    if not os.isatty(number):
        return number
    try:
        return os.open(os.ttyname(number), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return number


def is_closed_early(error: OSError) -> bool:
    """Return whether the reader of our output has closed it early, which is not a failure."""
    return error.errno == errno.EPIPE
