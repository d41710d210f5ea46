"""The parent of the workers: it starts them, passes signals on, and restarts what dies.

The first worker starts alone, because it migrates the database and may make what only the first start makes. If it
does not come up, neither does the service. A worker that dies later is started again, after a pause that grows while
it dies soon again. SIGUSR2 replaces the workers one by one, each new one before its predecessor stops.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from service.config import Settings
from service.signals import ending
from service.workers import totals
from service.workers.listening import open_socket
from service.workers.worker import READY, Worker

PAUSE_S_MIN, PAUSE_S_MAX = 0.5, 30.0
STEADY_S = 60.0  # A worker that lived for so long starts again after the shortest pause.
STOP_TIMEOUT_S = 60.0  # From the signal on; then a worker that still runs is killed.
REPLACE = signal.SIGUSR2

log = structlog.get_logger()


class NotStarted(Exception):
    """The first worker ended before it was ready. It has said why; `code` is its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


@dataclass(eq=False, slots=True)
class Running:
    """A worker that was started."""

    number: int
    process: Process
    is_ready: "asyncio.Future[bool]"  # False: it ended before it was ready.
    began_s: float  # By the loop's clock.


class Parent:
    """Keeps `count` workers running until a signal."""

    def __init__(
        self,
        settings: Settings,
        count: int,
        command: Sequence[str],
        on_signal: Callable[[], None],
    ) -> None:
        self._listening = open_socket(settings.host, settings.port)
        self._port: int = self._listening.getsockname()[1]
        self._command = command
        self._count = count
        self._on_signal = on_signal
        self._metrics = Path(tempfile.mkdtemp(prefix="scim-ledger-metrics-"))
        # Its end shows the workers that the parent is gone: nobody ever writes into it.
        self._watched, self._alive = os.pipe()
        self._stopping = asyncio.Event()
        self._current: dict[int, Running] = {}  # By number.
        self._running = set[Running]()  # Also those that replace others, or are replaced.
        self._replacing = asyncio.Lock()
        self._tasks = set[asyncio.Task[None]]()

    async def run(self) -> None:
        """Return when a signal has ended all workers. Errors: NotStarted."""
        self._handle_signals()
        try:
            first = self._current[0] = await self._start(0, is_first=True)
            if not await first.is_ready:
                raise NotStarted(await self._wait(first))
            keeping = [asyncio.create_task(self._keep(number)) for number in range(self._count)]
            await asyncio.wait(keeping)
            for each in keeping:
                each.result()
        finally:
            self._order_stop()
            await self._end()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for each in ending():
            loop.add_signal_handler(each, self._stop)
        loop.add_signal_handler(REPLACE, self._replace)

    def _stop(self) -> None:
        """Pass a signal on: each worker finishes its requests. A second signal ends their draining."""
        if not self._stopping.is_set():
            self._on_signal()
        self._order_stop()

    def _order_stop(self) -> None:
        self._stopping.set()
        for each in self._running:
            _send(each, signal.SIGTERM)

    def _replace(self) -> None:
        task = asyncio.create_task(self._replace_all())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self, number: int, *, is_first: bool = False) -> Running:
        reading, ready = os.pipe()
        worker = Worker(number, self._listening.fileno(), ready, self._watched, is_first)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                worker.option,
                stdin=DEVNULL,
                pass_fds=worker.descriptors,
                env={
                    **os.environ,
                    "SCIM_LEDGER_PORT": str(self._port),
                    totals.VARIABLE: os.fspath(self._metrics),
                },
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(ready)
        loop = asyncio.get_running_loop()
        running = Running(number, process, _until_ready(reading), loop.time())
        self._running.add(running)
        if self._stopping.is_set():
            _send(running, signal.SIGTERM)
        log.info("worker_started", worker=number, pid=process.pid)
        return running

    async def _keep(self, number: int) -> None:
        """Keep a worker running, whatever its process is."""
        pause_s = PAUSE_S_MIN
        if number not in self._current:
            self._current[number] = await self._start(number)
        while True:
            running = self._current[number]
            code = await self._wait(running)
            if self._stopping.is_set():
                return
            if self._current[number] is not running:  # It was replaced.
                continue
            if asyncio.get_running_loop().time() - running.began_s > STEADY_S:
                pause_s = PAUSE_S_MIN
            log.warning(
                "worker_died", worker=number, pid=running.process.pid, code=code, again_in_s=pause_s
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
                return
            pause_s = min(pause_s * 2, PAUSE_S_MAX)
            self._current[number] = await self._start(number)

    async def _wait(self, running: Running) -> int:
        """Return the exit code of a worker. One that does not end after a signal is killed."""
        ended = asyncio.ensure_future(running.process.wait())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            await asyncio.wait([ended], timeout=STOP_TIMEOUT_S)
            if not ended.done():
                log.error("worker_killed", worker=running.number, pid=running.process.pid)
                _send(running, signal.SIGKILL)
        code = await ended
        self._running.discard(running)
        totals.forget(self._metrics, running.process.pid)
        return code

    async def _replace_all(self) -> None:
        """Replace the workers one by one. If a new one does not come up, the rest stay as they are."""
        async with self._replacing:
            for number in range(self._count):
                former, running = self._current[number], await self._start(number)
                if not await running.is_ready:
                    code = await self._wait(running)
                    log.error("worker_not_replaced", worker=number, code=code)
                    return
                self._current[number] = running
                _send(former, signal.SIGTERM)
                await former.process.wait()
                if self._stopping.is_set():
                    return
            log.info("workers_replaced", workers=self._count)

    async def _end(self) -> None:
        """Stop what still runs, and remove what only this parent has."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*map(self._wait, self._running))
        self._listening.close()
        os.close(self._watched)
        os.close(self._alive)
        shutil.rmtree(self._metrics, ignore_errors=True)


def _until_ready(reading: int) -> "asyncio.Future[bool]":
    """Return whether a worker is ready, once it is or has ended; the descriptor is closed then."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[bool] = loop.create_future()

    def readable() -> None:
        loop.remove_reader(reading)
        said = os.read(reading, len(READY))
        os.close(reading)
        if not ready.done():
            ready.set_result(said == READY)

    loop.add_reader(reading, readable)
    return ready


def _send(running: Running, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        running.process.send_signal(number)


def own_command() -> list[str]:
    """Return the command line that started this process, without the interpreter's own choices of a name."""
    return [sys.executable, *sys.orig_argv[1:]]


async def run_workers(settings: Settings, count: int, on_signal: Callable[[], None]) -> None:
    """Serve with so many workers until a signal, which `on_signal` reports. Errors: CannotListen, NotStarted."""
    await Parent(settings, count, own_command(), on_signal).run()
