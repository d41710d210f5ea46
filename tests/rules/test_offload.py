"""Long work runs in a thread beside the event loop, and what it shares with the loop is thread-safe."""

import asyncio
import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from eventstore.sealing.randomness import Randomness
from service.limits.offload import offload
from service.log import Sink


def where() -> threading.Thread:
    """Return the thread that runs this."""
    return threading.current_thread()


async def test_long_work_leaves_the_loop_alone_and_short_work_stays() -> None:
    loops = threading.current_thread()
    assert await offload(where, False) is loops
    assert await offload(where, True) is not loops


async def test_others_go_on_while_long_work_goes_on() -> None:
    may_end = threading.Event()
    work = asyncio.create_task(offload(may_end.wait, True, 10))
    await asyncio.sleep(0.01)  # It would not return if the loop did the work.
    may_end.set()
    assert await work


async def test_an_exception_of_the_work_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await offload(int, True, "x")


def test_random_bytes_are_given_once_whatever_thread_asks() -> None:
    take = Randomness().take
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: take(16), range(20_000)))
    assert len(set(taken)) == len(taken)


async def test_a_line_that_a_thread_logs_is_whole_and_logged_once() -> None:
    stream = io.StringIO()
    sink = Sink(stream)
    sink.info("before")
    await offload(sink.info, True, "from the thread")
    await asyncio.sleep(0)
    assert sorted(stream.getvalue().splitlines()) == ["before", "from the thread"]
