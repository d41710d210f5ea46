"""`python -m service serve`, with a ticker in its event loop. It reports on its standard output, one line when asked.

A line on the standard input asks for the report since the last one: the longest time between two ticks, and the peak
of the memory. The time is what passed, or the time that this process had on the processors if that is less: on a
busy machine, a process that waits for a processor stops nobody but itself.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from service import app
from service.__main__ import main as serve
from service.cli import serve as serving

TICK_S = 0.005
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STATM = Path("/proc/self/statm")
TICKS_PER_LOOK = 4  # At the memory.


class Ticker:
    """Measures the event loop that runs it."""

    def __init__(self) -> None:
        self.gap_s = 0.0
        self.late_s = 0.0
        self.peak_bytes = 0

    async def run(self) -> None:
        """Tick without end."""
        ticks, then, used = 0, perf_counter(), process_time()
        while True:
            await asyncio.sleep(TICK_S)
            now, now_used = perf_counter(), process_time()
            self.gap_s = max(self.gap_s, min(now - then, now_used - used))
            self.late_s = max(self.late_s, now - then)
            then, used = now, now_used
            ticks += 1
            if ticks % TICKS_PER_LOOK == 0:
                self.peak_bytes = max(self.peak_bytes, _memory())

    def report(self) -> str:
        """Return what was measured since the last report."""
        said = {"gap_s": self.gap_s, "late_s": self.late_s, "peak_bytes": self.peak_bytes}
        self.gap_s, self.late_s, self.peak_bytes = 0.0, 0.0, _memory()
        return json.dumps(said)


def _memory() -> int:
    """Return the resident memory of this process."""
    return int(STATM.read_text().split()[1]) * PAGE_BYTES


def main() -> None:
    """Run the service."""
    until_stopped = app.until_stopped

    async def watched_until_stopped(on_signal: Callable[[], None]) -> None:
        ticker = Ticker()
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
