"""`python -m service serve`, with a ticker in its event loop. It reports on its standard output, one line when asked.

A line on the standard input asks for the report since the last one:

- the longest time between two ticks. That is what passed, without the time in which the loop's thread waited for a
  processor, or the time that this process had on the processors if that is less: on a busy machine, a process that waits
  stops nobody but itself.
- for which part of the time the loop's thread waited for a processor.
- the times of requests of the other organization, from when their bytes were read until their answers were written.
- the peak of the memory.
"""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from service import app
from service.__main__ import main as serve
from service.cli import serve as serving
from service.http.answer import Answer
from service.http.connections.shortcut import ShortcutConnection
from service.http.server import BoundedHandler

TICK_S = 0.005
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STATM = Path("/proc/self/statm")
TICKS_PER_LOOK = 4  # At the memory.
MARKED = b"X-Bystander"  # A header of the other organization's requests.
HEAD_BYTES = 1_000
NANO_S = 1e-9


class Ticker:
    """Measures the event loop that runs it."""

    def __init__(self) -> None:
        self._stat = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._begin()

    def _begin(self) -> None:
        self.gap_s = self.late_s = self.waited_s = 0.0
        self.peak_bytes, self.since_s = 0, perf_counter()
        self.others_s: list[float] = []

    async def run(self) -> None:
        """Tick without end."""
        ticks, then, used, waited = 0, perf_counter(), process_time(), self._waited_s()
        while True:
            await asyncio.sleep(TICK_S)
            now, now_used, now_waited = perf_counter(), process_time(), self._waited_s()
            gap = now - then - (now_waited - waited)
            self.gap_s = max(self.gap_s, min(gap, now_used - used))
            self.late_s = max(self.late_s, now - then)
            self.waited_s += now_waited - waited
            then, used, waited = now, now_used, now_waited
            ticks += 1
            if ticks % TICKS_PER_LOOK == 0:
                self.peak_bytes = max(self.peak_bytes, _memory())

    def _waited_s(self) -> float:
        """Return how long the loop's thread has waited for a processor; 0 where the system does not say."""
        try:
            return int(self._stat.read_text().split()[1]) * NANO_S
        except OSError:
            return 0.0

    def report(self) -> str:
        """Return what was measured since the last report."""
        said = {
            "gap_s": self.gap_s,
            "late_s": self.late_s,
            "peak_bytes": max(self.peak_bytes, _memory()),
            "waited": self.waited_s / (perf_counter() - self.since_s),
            "others_s": self.others_s,
        }
        self._begin()
        return json.dumps(said)


class Stopwatch:
    """Takes the times of marked requests on each connection, which has one at a time."""

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker
        self._begun: dict[object, float] = {}

    def watch(self) -> None:
        """Note when bytes are read, and when answers are written."""
        received, prepare, answer = (
            BoundedHandler.data_received,
            Answer.prepare,
            ShortcutConnection.answer,
        )

        def data_received(connection: BoundedHandler, data: bytes) -> None:
            if MARKED in data[:HEAD_BYTES]:
                self._begun[connection] = perf_counter()
            received(connection, data)

        async def prepared(
            response: Answer, request: web.BaseRequest
        ) -> AbstractStreamWriter | None:
            writer = await prepare(response, request)
            self._end(request.protocol)
            return writer

        def answered(
            connection: ShortcutConnection, taken: object, head: bytes, body: bytes
        ) -> None:
            answer(connection, taken, head, body)
            self._end(connection)

        for kind, name, method in (
            (BoundedHandler, "data_received", data_received),
            (Answer, "prepare", prepared),
            (ShortcutConnection, "answer", answered),
        ):
            setattr(kind, name, method)

    def _end(self, connection: object) -> None:
        begun = self._begun.pop(connection, None)
        if begun is not None:
            self._ticker.others_s.append(perf_counter() - begun)


def _memory() -> int:
    """Return the resident memory of this process."""
    return int(STATM.read_text().split()[1]) * PAGE_BYTES


def main() -> None:
    """Run the service."""
    until_stopped = app.until_stopped

    async def watched_until_stopped(on_signal: Callable[[], None]) -> None:
        ticker = Ticker()
        Stopwatch(ticker).watch()
        task = asyncio.create_task(ticker.run())
        loop = asyncio.get_running_loop()

        def answer() -> None:
            if os.read(0, 1):
                os.write(1, f"\n{ticker.report()}\n".encode())
            else:
                loop.remove_reader(0)

        loop.add_reader(0, answer)
        await until_stopped(on_signal)
        loop.remove_reader(0)
        task.cancel()

    serving.until_stopped = watched_until_stopped  # type: ignore[attr-defined]
    sys.argv = ["scim-ledger", "serve"]
    serve()


if __name__ == "__main__":
    main()
