"""A second server on a running service, whose log lines a test can read."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import structlog
from aiohttp import web

from service import log
from service.app import ANSWERING, make_app, shortcut_of
from service.http.server import make_runner
from tests.serving import Scim, Served, settings


@dataclass(frozen=True, slots=True)
class Lines:
    """The log: takes the lines that are written, and returns those that a test asks for."""

    texts: list[str] = field(default_factory=list)

    def info(self, line: str) -> None:
        """Write a line."""
        self.texts.append(line)

    debug = warning = error = critical = exception = info

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of an event, without the fields that every line has."""
        lines = [orjson.loads(each) for each in self.texts]
        common = ("event", "level", "at")
        return [
            {name: value for name, value in each.items() if name not in common}
            for each in lines
            if each["event"] == event
        ]

    def __contains__(self, text: str) -> bool:
        """Return whether a text is anywhere in the log."""
        return any(text in each for each in self.texts)


@asynccontextmanager
async def logged(
    served: Served, token: str | None, **changed: Any
) -> AsyncIterator[tuple[Scim, Lines]]:
    """Yield a client, and the log of the server that answers it, with settings that a test changes."""
    lines, former = Lines(), structlog.get_config()
    structlog.configure(
        processors=log.as_json(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: lines,
    )
    app = make_app(served.runtime, settings("postgresql://unused@localhost/unused", **changed))
    runner = make_runner(app, ANSWERING, connections_max=100, shortcut=shortcut_of(app))
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Scim(replace(served, port=runner.addresses[0][1]), token), lines
    finally:
        await runner.cleanup()
        structlog.configure(**former)
