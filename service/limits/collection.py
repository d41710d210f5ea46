"""No look for cycles while a batch about very many people is carried out.

Python looks for cycles among new objects after every so many of them, and stops every thread meanwhile. A batch about
100,000 people makes a million objects without a cycle, and a look at all of them takes a tenth of a second. So the
batch pauses it, and lets its objects go, a few at a time, before it resumes.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TOGETHER = 200  # Objects that are let go without a break.


class Pause:
    """A pause that has begun, or not. It is owned by one batch."""

    running = 0  # Pauses of all batches; the last one that ends lets Python look again.

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """Begin, if it has not begun."""
        if not self.has_begun:
            self.has_begun = True
            Pause.running += 1
            gc.disable()

    def end(self) -> None:
        """End, if it has begun."""
        if self.has_begun:
            self.has_begun = False
            Pause.running -= 1
            if not Pause.running:
                gc.enable()


@contextmanager
def pausable() -> Iterator[Pause]:
    """Give a pause that ends with the block, if it has begun by then."""
    pause = Pause()
    try:
        yield pause
    finally:
        pause.end()


def let_go(*holders: dict[Any, Any] | list[Any] | set[Any]) -> None:
    """Empty what holds very many objects. In a thread, other threads run in between; one `clear` would stop them."""
    for held in holders:
        while held:
            for _ in range(min(TOGETHER, len(held))):
                held.popitem() if isinstance(held, dict) else held.pop()
