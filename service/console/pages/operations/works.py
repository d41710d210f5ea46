"""Rebuilds, rollbacks and verifications that were started here: each is a command in a process of its own.

So no request waits for them, and what Ctrl-C does to the command, Cancel does here. How far a rebuild is stands in the
database; a verification says it in its log lines.
"""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from pydantic import SecretStr

from schema.scim.errors import Conflict
from service.config import Settings, variable_of
from service.workers.totals import VARIABLE

Kind = Literal["rebuild", "rollback", "verify"]
KINDS: Final[tuple[Kind, ...]] = ("rebuild", "rollback", "verify")
LINES_MAX: Final = 200
LINE_BYTES_MAX: Final = 4_000
STOP_S: Final = 10.0


@dataclass(slots=True)
class Work:
    """A command that runs or has ended. Its lines hold no personal data: the command does not print any."""

    projection: str
    kind: Kind
    actor: str
    began_at: datetime
    process: asyncio.subprocess.Process
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_MAX))
    step: str = ""
    done: int = 0
    total: int = 0
    per_s: float = 0.0
    left_s: float | None = None
    ended_at: datetime | None = None
    code: int | None = None
    is_cancelled: bool = False

    @property
    def is_running(self) -> bool:
        """Return whether it has not ended."""
        return self.ended_at is None

    @property
    def percent(self) -> int | None:
        """Return how much of the step is done; None if that is not known."""
        return min(100, 100 * self.done // self.total) if self.total else None

    @property
    def mark(self) -> tuple[object, ...]:
        """Return what changes whenever there is something to show."""
        return self.step, self.done, len(self.lines), self.ended_at


class Works:
    """The latest work on each projection. It owns their processes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._works: dict[tuple[str, Kind], Work] = {}
        self._reading: set[asyncio.Task[None]] = set()

    def latest(self, projection: str, kind: Kind | None = None) -> Work | None:
        """Return what was started last on a projection, of a kind if one is named."""
        found = [
            each
            for (name, its), each in self._works.items()
            if name == projection and kind in {None, its}
        ]
        return max(found, key=lambda each: each.began_at, default=None)

    @property
    def running(self) -> list[Work]:
        """Return what runs."""
        return [each for each in self._works.values() if each.is_running]

    @property
    def mark(self) -> tuple[object, ...]:
        """Return what changes whenever there is something to show."""
        return tuple(each.mark for each in self._works.values())

    async def start(self, projection: str, kind: Kind, actor: str) -> Work:
        """Start a command. Errors: Conflict if one runs on this projection."""
        last = self.latest(projection)
        if last is not None and last.is_running:
            raise Conflict(f"The {last.kind} of {projection} runs already: wait until it ends.")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "projections", kind, projection),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment(self._settings),
        )
        work = Work(projection, kind, actor, datetime.now(UTC), process)
        self._works[projection, kind] = work
        task = asyncio.create_task(_read(work), name=f"{kind} of {projection}")
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return work

    def cancel(self, projection: str) -> None:
        """Interrupt what runs on a projection, as Ctrl-C does."""
        work = self.latest(projection)
        if work is not None and work.is_running:
            work.is_cancelled = True
            with suppress(ProcessLookupError):
                work.process.send_signal(signal.SIGINT)

    async def close(self) -> None:
        """Interrupt everything, and wait a moment for it."""
        for each in self.running:
            self.cancel(each.projection)
        if self._reading:
            _, late = await asyncio.wait(set(self._reading), timeout=STOP_S)
            for each in self.running if late else ():
                with suppress(ProcessLookupError):
                    each.process.kill()


def environment(settings: Settings) -> Mapping[str, str]:
    """Return the environment of a command: that of this process, with the settings that it was given."""
    found = {name: value for name, value in os.environ.items() if name != VARIABLE}
    for name in settings.model_fields_set:
        value: Any = getattr(settings, name)
        value = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(value, str | int | os.PathLike):
            found[variable_of(name)] = str(value).lower() if isinstance(value, bool) else str(value)
    return {**found, "NO_COLOR": "1"}


async def _read(work: Work) -> None:
    """Read what a command prints, until it ends."""
    assert work.process.stdout is not None
    while True:
        try:
            line = await work.process.stdout.readline()
        except ValueError:
            continue  # A line beyond the limit of the stream.
        if not line:
            break
        _note(work, line[:LINE_BYTES_MAX].decode("utf-8", "replace").rstrip())
    work.code = await work.process.wait()
    work.ended_at = datetime.now(UTC)


def _note(work: Work, line: str) -> None:
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        if line:
            work.lines.append(line)
        return
    if "step" in said:
        work.step = str(said["step"])
        work.done, work.total = int(said.get("events") or 0), int(said.get("of") or 0)
        work.per_s, left = float(said.get("per_s") or 0), said.get("left_s")
        work.left_s = None if left is None else float(left)
    shown = " ".join(
        f"{key}={said[key]}" for key in said if key not in {"timestamp", "level", "event"}
    )
    work.lines.append(
        f"{str(said.get('timestamp', ''))[11:19]} {said.get('event', '')} {shown}".strip()
    )
