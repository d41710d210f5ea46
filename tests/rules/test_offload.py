"""Long work runs in a thread beside the event loop, and what it shares with the loop is thread-safe."""

import asyncio
import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from eventstore.sealing.randomness import FETCHED_BYTES, Randomness, RandomNumbers
from service.limits.offload import offload
from service.log import Sink

# Print a number that a child takes, and then those that its parent had left.
FORKED = f"""
import os
from eventstore.sealing.randomness import RandomNumbers
take = RandomNumbers(14).take
take()
child = os.fork()
if child == 0:
    os.write(1, b"%d " % take())
    os._exit(0)
os.waitpid(child, 0)
os.write(1, " ".join(str(take()) for _ in range({FETCHED_BYTES} // 14)).encode())
"""


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


def test_random_numbers_are_given_once_whatever_thread_asks() -> None:
    take = RandomNumbers(14).take
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: take(), range(20_000)))
    assert len(set(taken)) == len(taken)
    assert max(taken).bit_length() > 14 * 8 - 8 >= min(taken).bit_length()


def test_a_child_of_a_process_takes_other_random_numbers() -> None:
    made = subprocess.run([sys.executable, "-c", FORKED], check=True, capture_output=True)
    by_child, *by_parent = made.stdout.split()
    assert len(by_parent) == FETCHED_BYTES // 14
    assert by_child not in by_parent


async def test_a_line_that_a_thread_logs_is_whole_and_logged_once() -> None:
    stream = io.StringIO()
    sink = Sink(stream)
    sink.info("before")
    await offload(sink.info, True, "from the thread")
    await asyncio.sleep(0)
    assert sorted(stream.getvalue().splitlines()) == ["before", "from the thread"]
