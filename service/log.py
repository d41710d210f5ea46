"""Where the log goes and how it looks: JSON lines on standard error, readable ones on a terminal."""

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

LEVELS = {"exception": "error", "warn": "warning"}  # By the logger's method, where they differ.
RETRY_S = 0.1
WAITING_BYTES_MAX = 2**20
SECRETS = frozenset({"authorization", "dsn", "key", "master_key", "password", "secret", "token"})


def configure(*, json: bool, level: int = logging.INFO) -> None:
    """Send what this process logs to standard error, our own lines and those of the libraries."""
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
    # Their routine says nothing that our lines do not; their warnings surprise us too.
    logging.basicConfig(handlers=[libraries], level=max(level, logging.WARNING), force=True)


def line_writer(event: str) -> Callable[..., None]:
    """Return what writes lines of one event at level info, as a logger does, in half of its time.

    For what each request says. It keeps to the configuration of this moment.
    """
    chosen = structlog.get_config()
    steps, logger = chosen["processors"], chosen["logger_factory"]()
    is_told = structlog.get_logger().is_enabled_for(logging.INFO)

    def write(**fields: object) -> None:
        line: Any = {"event": event, **fields}
        try:
            for step in steps:
                line = step(logger, "info", line)
        except structlog.DropEvent:
            return
        logger.info(line)

    return write if is_told else _say_nothing


def _say_nothing(**_fields: object) -> None:
    """Write no line: the level of the log is above it."""


class Sink:
    """Where lines are written: those of one turn of the event loop together, since each write costs a request.

    Nothing that happens to the stream may fail or hold the request that a line is about. While there is no
    room, as in a pipe that nobody reads, lines wait; when too many wait, they are lost and counted.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._waiting = bytearray()
        self._lost = 0
        self._is_retrying = False
        self._lock = threading.Lock()  # Threads beside the loop write, too.
        self._descriptor = _descriptor(stream)
        # JSON is UTF-8; a terminal shows what its locale says.
        self._encoding = stream.encoding if stream.isatty() else "utf-8"

    def info(self, line: str) -> None:
        """Write a line, at once where no event loop runs, as in a thread beside it."""
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
        """Write the lines that wait, as far as there is room."""
        lines, self._lines = self._lines, []
        if self._write(lines) or self._is_retrying:
            return
        with suppress(RuntimeError):  # No loop: the next line tries again.
            asyncio.get_running_loop().call_later(RETRY_S, self._retry)
            self._is_retrying = True

    def _retry(self) -> None:
        self._is_retrying = False
        self.flush()

    def _write(self, lines: list[str]) -> bool:
        """Tell whether all is written, or will never be."""
        text = "".join(f"{line}\n" for line in lines)
        with self._lock:
            try:
                return self._write_bytes(text.encode(self._encoding, "backslashreplace"))
            except (OSError, ValueError):  # Full, or closed already as the process ends.
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
    """Return where to write for a stream, None for one in memory."""
    try:
        return descriptor_for_writing(stream)
    except (OSError, ValueError, AttributeError):
        return None


class Libraries(logging.Handler):
    """Writes what libraries log to where our lines go."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a line."""
        self._sink.info(self.format(record))


def as_json() -> list[Processor]:
    """Return the steps that make a line of JSON; few, since each request writes one."""
    return [json_line]


def json_line(logger: WrappedLogger, method: str, line: EventDict) -> str:
    """Return the line with its instant as JSON; what JSON has no word for is told as Python prints it."""
    line["level"], line["at"] = LEVELS.get(method, method), datetime.now(UTC)
    if "exc_info" in line:
        # The trace is text: a structured one holds local variables, and so names and tokens.
        line = structlog.processors.format_exc_info(logger, method, line)
    shown = withhold_secrets(logger, method, line)
    text = _dumped(shown)
    return text if text.isprintable() else printable(text)


def _dumped(line: EventDict) -> str:
    try:
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()
    except (
        TypeError
    ):  # Half a surrogate pair, as in a path that is not UTF-8, or a key that is no text.
        shown = {printable(str(name)): printable(str(value)) for name, value in line.items()}
        return orjson.dumps(shown).decode()


def as_columns() -> list[Processor]:
    """Return the steps that make a line for a person."""
    # The default trace shows local variables, and so names and tokens.
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
    """Return the line without the values of fields whose names say that they are secret."""
    if SECRETS.isdisjoint(line):
        return line
    return {name: "(withheld)" if name in SECRETS else value for name, value in line.items()}


def escape_values(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Return the line without what would steer the terminal: clients choose some of its values."""
    return {
        printable(name): value
        if name == "exc_info"
        else printable(value if isinstance(value, str) else str(value))
        for name, value in line.items()
    }


def plain_trace(stream: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """Write a trace without the values of variables, and without what would steer the terminal."""
    held = StringIO()
    structlog.dev.plain_traceback(held, exc_info)
    stream.write(printable_lines(held.getvalue()))
