"""The processes that load and read back shards; each takes what nobody has taken, until none is left.

A worker that dies leaves its shard as if it had not begun. One whose parent dies ends within a moment:
the end of the pipe is the order to stop, too.
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
from projections.rebuild.priority import connect_behind, lower_priority

Phase = Literal["load", "verify"]
END_TIMEOUT_S = 10.0

log = structlog.get_logger()


class WorkerFailed(Exception):
    """A process of the rebuild failed; nothing was swapped, and the next call goes on from here."""


async def run_phase(context: RebuildContext, phase: Phase) -> None:
    """Work in this process until no shard is left."""
    reader = await connect_behind(context.dsn, context.session, timeout_s=CONNECT_TIMEOUT_S)
    writer = await connect_behind(context.dsn, context.session, timeout_s=CONNECT_TIMEOUT_S)
    try:
        if phase == "load":
            await load_shards(context, reader, writer)
        else:
            await verify_shards(context, writer)
    finally:
        # A lost shard is rolled back; nobody waits for a connection that does not answer.
        reader.terminate()
        writer.terminate()


def work(pipe: Pipe, context: RebuildContext) -> None:
    """Carry out the phases that the pipe orders, until it ends; what a process of its own runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent's, who then says so.
    lower_priority()
    gc.disable()  # Rows and states make no cycles, and looking for some takes a fifth of the time.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_orders(pipe, context))


async def serve_orders(pipe: Pipe, context: RebuildContext) -> None:
    """Run the phases ordered, one at a time; stop in the middle of one when the parent is gone."""
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
    """Return an error as a text, since not each of them can go through a pipe."""
    return f"{type(error).__name__}: {error}"


async def receive(pipe: Pipe) -> Phase | None:
    """Return the next order, None when there will be none."""
    try:
        order: Phase | None = await asyncio.to_thread(pipe.recv)
    except (EOFError, OSError):
        return None
    return order


@dataclass(frozen=True, slots=True)
class Worker:
    """A process and the pipe to it."""

    process: SpawnProcess
    pipe: Pipe

    async def run(self, phase: Phase) -> None:
        """Order a phase and return at its end, or when the process has died. Errors: WorkerFailed, NotFolded."""
        try:
            self.pipe.send(phase)
            failure: str | NotFolded | None = await asyncio.to_thread(self.pipe.recv)
        except (EOFError, OSError):
            log.warning("rebuild_worker_died", phase=phase)  # What it had begun, others do.
            return
        if isinstance(failure, NotFolded):
            raise failure
        if failure is not None:
            raise WorkerFailed(f"{WorkerFailed.__doc__} {failure}")


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait for the duration of the block; a process that starts in it never hears of it.

    It goes to all processes of a terminal, and one that is still importing would print a trace.
    """
    resource_tracker.ensure_running()  # Else it starts with the process, and unblocks SIGINT again.
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@asynccontextmanager
async def workers(context: RebuildContext, count: int) -> AsyncIterator[list[Worker]]:
    """Give processes for the duration of the block; at its end they stop at once."""
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
            # Said, since a thread that still listens keeps the pipe open.
            with suppress(OSError):
                each.pipe.send(None)
        for each in started:
            await asyncio.to_thread(each.process.join, END_TIMEOUT_S)
            if each.process.is_alive():
                each.process.kill()
            each.pipe.close()
