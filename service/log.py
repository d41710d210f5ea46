"""The log: JSON lines on standard error, or readable lines if that is a terminal."""

import asyncio
import atexit
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from service.terminal import (
    descriptor_for_writing,
    is_colorful,
    printable,
    printable_lines,
    write_some,
)
from service.traces import error_of, without_values

LEVELS = {"exception": "error", "warn": "warning"}  # By the logger's method, where they differ.
RETRY_S = 0.1
WAITING_BYTES_MAX = 2**20
SECRETS = frozenset({"authorization", "dsn", "key", "master_key", "password", "secret", "token"})


def configure(*, json: bool, level: int = logging.INFO) -> None:
    """Send all log lines of this process to standard error: our own and those of the libraries."""
    rendering = as_json() if json else as_columns()
    sink = Sink(sys.stderr)
    atexit.register(sink.flush)
    structlog.configure(
        processors=rendering,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: sink,
        cache_logger_on_first_use=True,
    )
    libraries = Libraries(sink)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    # The libraries' routine lines repeat ours; their warnings are news, so those are kept.
    logging.basicConfig(handlers=[libraries], level=max(level, logging.WARNING), force=True)


def line_writer(event: str) -> Callable[..., None]:
    """Return a function that writes lines of one event at level info, in half the time of a logger.

    For the line that each request logs. Later changes of the configuration do not reach it.
    """
    chosen = structlog.get_config()
    steps, logger = chosen["processors"], chosen["logger_factory"]()
    is_enabled = structlog.get_logger().is_enabled_for(logging.INFO)

    def write(**fields: object) -> None:
        line: Any = {"event": event, **fields}
        try:
            for step in steps:
                line = step(logger, "info", line)
        except structlog.DropEvent:
            return
        logger.info(line)

    return write if is_enabled else _write_nothing


def _write_nothing(**_fields: object) -> None:
    """Write no line: the level of the log excludes it."""


class Sink:
    """Writes lines to a stream, those of one turn of the event loop together: each write delays requests.

    A request must neither fail nor wait because of its log line. While the stream has no room, such as a
    pipe that nobody reads, lines wait in memory. When too many wait, further lines are lost and counted.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._waiting = bytearray()
        self._lost = 0
        self._is_retrying = False
        self._lock = threading.Lock()  # Threads beside the loop write too.
        self._descriptor = _descriptor(stream)
        # JSON is UTF-8; a terminal has the encoding of its locale.
        self._encoding = stream.encoding if stream.isatty() else "utf-8"

    def info(self, line: str) -> None:
        """Write a line: at the end of the loop's turn, or at once in a thread without a loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write([line])
            return
        self._lines.append(line)
        if len(self._lines) == 1:
            loop.call_soon(self.flush)

    debug = warning = error = critical = exception = info

    def flush(self) -> None:
        """Write the waiting lines, as far as there is room."""
        lines, self._lines = self._lines, []
        if self._write(lines) or self._is_retrying:
            return
        with suppress(RuntimeError):  # There is no loop; the next line tries again.
            asyncio.get_running_loop().call_later(RETRY_S, self._retry)
            self._is_retrying = True

    def _retry(self) -> None:
        self._is_retrying = False
        self.flush()

    def _write(self, lines: list[str]) -> bool:
        """Return False if bytes still wait to be written; True if all are written, or lost for good."""
        text = "".join(f"{line}\n" for line in lines)
        with self._lock:
            try:
                return self._write_bytes(text.encode(self._encoding, "backslashreplace"))
            except (
                OSError,
                ValueError,
            ):  # The disk is full, or the stream is closed already while the process ends.
                self._waiting.clear()
                return True

    def _write_bytes(self, data: bytes) -> bool:
        if self._descriptor is None:
            self._stream.write(data.decode())
            self._stream.flush()
            return True
        self._wait_or_lose(data)
        while self._waiting and (written := write_some(self._descriptor, self._waiting)):
            del self._waiting[:written]
        return not self._waiting

    def _wait_or_lose(self, data: bytes) -> None:
        if len(self._waiting) + len(data) > WAITING_BYTES_MAX:
            self._lost += data.count(b"\n")
            return
        if self._lost and data:
            self._waiting += b'{"event":"log_lines_lost","count":%d}\n' % self._lost
            self._lost = 0
        self._waiting += data


def _descriptor(stream: TextIO) -> int | None:
    """Return the descriptor of a stream, or None for a stream in memory."""
    try:
        return descriptor_for_writing(stream)
    except (OSError, ValueError, AttributeError):
        return None


class Libraries(logging.Handler):
    """Writes the log lines of libraries to the same place as ours."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a line."""
        self._sink.info(self.format(record))


def as_json() -> list[Processor]:
    """Return the steps that make a line of JSON. There is only one, since each request pays for it."""
    return [json_line]


def json_line(logger: WrappedLogger, method: str, line: EventDict) -> str:
    """Return the line with its time as JSON; values that JSON cannot express are written as Python prints them."""
    line["level"], line["at"] = LEVELS.get(method, method), datetime.now(UTC)
    if "exc_info" in line:
        # As text: a structured trace holds local variables, and with them names and tokens.
        error = error_of(line["exc_info"])
        line = structlog.processors.format_exc_info(logger, method, line)
        line["exception"] = without_values(line.get("exception", ""), error)
    shown = withhold_secrets(logger, method, line)
    text = _dumped(shown)
    return text if text.isprintable() else printable(text)


def _dumped(line: EventDict) -> str:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()
    except (
        TypeError
    ):  # Half a surrogate pair, as in a path that is not UTF-8, or a key that is not text.
        shown = {printable(str(name)): printable(str(value)) for name, value in line.items()}
        return orjson.dumps(shown).decode()


def as_columns() -> list[Processor]:
    """Return the steps that make a line for a person."""
    # The default trace shows local variables, and with them names and tokens.
    colors = is_colorful(sys.stderr)
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        withhold_secrets,
        escape_values,
        structlog.dev.ConsoleRenderer(
            colors=colors, timestamp_key="at", exception_formatter=plain_trace
        ),
    ]


def withhold_secrets(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Return the line without the values of fields whose names mark them as secret."""
    if SECRETS.isdisjoint(line):
        return line
    return {name: "(withheld)" if name in SECRETS else value for name, value in line.items()}


def escape_values(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Return the line without control characters: clients choose some of its values."""
    return {
        printable(name): value
        if name == "exc_info"
        else printable(value if isinstance(value, str) else str(value))
        for name, value in line.items()
    }


def plain_trace(stream: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """Write a trace without the values of variables and without control characters."""
    held = StringIO()
    structlog.dev.plain_traceback(held, exc_info)
    stream.write(printable_lines(without_values(held.getvalue(), exc_info)))
