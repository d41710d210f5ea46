"""The processes that measure: each is started once, reads orders as lines of JSON, and answers likewise."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks.orders import Measurement, Order

CHECKOUT = Path(__file__).resolve().parents[2]
END_TIMEOUT_S = 30.0


class UnexpectedAnswer(Exception):
    """A server answered what it should not: the numbers of the round would mean nothing."""


class Worker:
    """A running measuring process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def ask(self, order: Any) -> Measurement:
        """Return what an order comes to; blocks until it is done. Errors: UnexpectedAnswer."""
        assert self._process.stdin
        assert self._process.stdout
        with suppress(BrokenPipeError):
            self._process.stdin.write(orjson.dumps(order) + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise UnexpectedAnswer(f"{self._process.args!r} ended.")
        answer = Measurement(**orjson.loads(line))
        if answer.unexpected:
            work = order.work if isinstance(order, Order) else order
            raise UnexpectedAnswer(f"{work}: {answer.unexpected}")
        return answer


@contextmanager
def worker(*arguments: str, python: str = sys.executable) -> Iterator[Worker]:
    """Give a process of `python ARGUMENTS` that answers orders; it ends with the block."""
    command: Sequence[str] = (python, *arguments)
    process = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Worker(process)
    finally:
        assert process.stdin
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait(END_TIMEOUT_S)


@contextmanager
def load_tool() -> Iterator[Worker]:
    """Give the load tool."""
    with worker("-m", "tests.benchmarks.load") as tool:
        yield tool
