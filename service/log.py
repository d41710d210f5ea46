"""Where the log goes and how it looks: JSON lines on standard error, readable ones on a terminal."""

import asyncio
import atexit
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"exception": "error", "warn": "warning"}  # By the logger's method, where they differ.
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
    libraries = logging.StreamHandler(sys.stderr)
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

    The stream may be full: a line that finds no room must not fail the request it tells of.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []

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
        self._write(lines)

    def _write(self, lines: list[str]) -> None:
        with suppress(OSError, ValueError):  # Full, or closed already as the process ends.
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()


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
    return orjson.dumps(shown, default=str, option=orjson.OPT_UTC_Z).decode()


def as_columns() -> list[Processor]:
    """Return the steps that make a line for a person."""
    # The default trace shows local variables, and so names and tokens.
    plain = structlog.dev.plain_traceback
    colors = sys.stderr.isatty()
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        withhold_secrets,
        structlog.dev.ConsoleRenderer(colors=colors, timestamp_key="at", exception_formatter=plain),
    ]


def withhold_secrets(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Return the line without the values of fields whose names say that they are secret."""
    if SECRETS.isdisjoint(line):
        return line
    return {name: "(withheld)" if name in SECRETS else value for name, value in line.items()}
