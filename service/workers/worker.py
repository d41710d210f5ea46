"""What a parent gives to a worker: descriptors that it inherits, and what it may print."""

import asyncio
import os
import signal
import socket
from dataclasses import dataclass

OPTION = "--as-worker"
READY = b"ready\n"


@dataclass(frozen=True, slots=True)
class Worker:
    """This process as one of several. The numbers are those of descriptors."""

    number: int
    listening: int  # The socket to accept from.
    ready: int  # A pipe: the worker writes READY into it when it serves.
    parent: int  # A pipe that ends when the parent is gone.
    is_first: bool  # It prints what `serve` prints.

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """Return the descriptors that the worker inherits."""
        return (self.listening, self.ready, self.parent)

    @property
    def option(self) -> str:
        """Return the option of the command line that makes a process this worker."""
        numbers = (self.number, *self.descriptors, int(self.is_first))
        return f"{OPTION}={','.join(map(str, numbers))}"

    def socket(self) -> socket.socket:
        """Return the socket to accept from."""
        return socket.socket(fileno=self.listening)

    def is_ready(self) -> None:
        """Let the parent know that this worker serves."""
        os.write(self.ready, READY)
        os.close(self.ready)

    def watch_parent(self) -> None:
        """Stop as after a signal when the parent is gone: nobody would restart this worker or stop it."""
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(self.parent)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(self.parent, gone)


def read_option(value: str) -> Worker:
    """Return the worker that the value of the option describes. Errors: ValueError."""
    number, listening, ready, parent, is_first = map(int, value.split(","))
    return Worker(number, listening, ready, parent, bool(is_first))
