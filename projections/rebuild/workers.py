"""Run the processes that load and read back shards. Each takes free shards until none is left.

If a worker dies, its shard is free again, as if it had not been started. If the parent dies, its workers stop
within a moment, because the end of the pipe is also an order to stop.
"""

import asyncio
import gc
import multiprocessing
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from typing import Literal

import structlog
import uvloop

from projections.fold import NotFolded
from projections.maintenance.context import CONNECT_TIMEOUT_S, RebuildContext
from projections.rebuild.load import load_shards, verify_shards
from projections.rebuild.priority import connect_low_priority, lower_priority

Phase = Literal["load", "verify"]
END_TIMEOUT_S = 10.0

log = structlog.get_logger()


class WorkerFailed(Exception):
    """A process of the rebuild failed. Nothing was swapped, and the next call goes on from here."""


async def run_phase(context: RebuildContext, phase: Phase) -> None:
    """Work in this process until no shard is left."""
    reader = await connect_low_priority(context.dsn, context.session, timeout_s=CONNECT_TIMEOUT_S)
    writer = await connect_low_priority(context.dsn, context.session, timeout_s=CONNECT_TIMEOUT_S)
    try:
        if phase == "load":
            await load_shards(context, reader, writer)
        else:
            await verify_shards(context, writer)
    finally:
        # An unfinished shard is rolled back. Do not wait for a connection that does not answer.
        reader.terminate()
        writer.terminate()


def work(pipe: Pipe, context: RebuildContext) -> None:
    """Run the phases that the pipe orders, until it ends. This is the main function of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent handles it, and orders a stop.
    lower_priority()
    gc.disable()  # Rows and states form no cycles, and looking for cycles takes a fifth of the time.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_orders(pipe, context))


async def serve_orders(pipe: Pipe, context: RebuildContext) -> None:
    """Run the ordered phases, one at a time. Stop in the middle of a phase if the parent is gone."""
    order = asyncio.ensure_future(receive(pipe))
    while (phase := await order) is not None:
        order = asyncio.ensure_future(receive(pipe))
        task = asyncio.ensure_future(run_phase(context, phase))
        await asyncio.wait([task, order], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
            return
        error = task.exception()
        pipe.send(error if error is None or isinstance(error, NotFolded) else as_text(error))


def as_text(error: BaseException) -> str:
    """Return an error as text, because not every error can go through a pipe."""
    return f"{type(error).__name__}: {error}"


async def receive(pipe: Pipe) -> Phase | None:
    """Return the next order, or None if there will be none."""
    try:
        order: Phase | None = await asyncio.to_thread(pipe.recv)
    except (EOFError, OSError):
        return None
    return order


@dataclass(frozen=True, slots=True)
class Worker:
    """A process, and the pipe to it."""

    process: SpawnProcess
    pipe: Pipe

    async def run(self, phase: Phase) -> None:
        """Order a phase; return when it ends or when the process has died. Errors: WorkerFailed, NotFolded."""
        try:
            self.pipe.send(phase)
            failure: str | NotFolded | None = await asyncio.to_thread(self.pipe.recv)
        except (EOFError, OSError):
            log.warning("rebuild_worker_died", phase=phase)  # Others load its shard.
            return
        if isinstance(failure, NotFolded):
            raise failure
        if failure is not None:
            raise WorkerFailed(f"{WorkerFailed.__doc__} {failure}")


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C for the duration of the block. A process that starts in the block never gets it.

    Ctrl-C goes to all processes of a terminal. A process that is still importing would print a traceback.
    """
    resource_tracker.ensure_running()  # Otherwise it starts with the process, and unblocks SIGINT.
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@asynccontextmanager
async def workers(context: RebuildContext, count: int) -> AsyncIterator[list[Worker]]:
    """Give processes for the duration of the block. They stop at its end, at once."""
    spawn = multiprocessing.get_context("spawn")
    started = []
    try:
        for _ in range(count):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=work, args=(theirs, context), daemon=True)
            with interrupts_held():
                process.start()
            theirs.close()
            started.append(Worker(process, ours))
        yield started
    finally:
        for each in started:
            # Explicitly, because a thread that still receives keeps the pipe open.
            with suppress(OSError):
                each.pipe.send(None)
        for each in started:
            await asyncio.to_thread(each.process.join, END_TIMEOUT_S)
            if each.process.is_alive():
                each.process.kill()
            each.pipe.close()
