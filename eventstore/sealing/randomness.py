"""Random bytes from the kernel, fetched for many uses at once.

A write needs random bytes six times, three of them for ids. Each system call costs a tenth of what making the write's
ids costs.
"""

import os
from threading import Lock

FETCHED_BYTES = 4_096


class Randomness:
    """Gives each byte only once, in all threads. After a fork, the child drops what is left."""

    def __init__(self) -> None:
        self._bytes, self._used, self._lock = b"", 0, Lock()
        os.register_at_fork(after_in_child=self.forget)

    def take(self, count: int) -> bytes:
        """Return `count` bytes, at most FETCHED_BYTES."""
        with self._lock:
            end = self._used + count
            if end > len(self._bytes):
                self._bytes, end = os.urandom(FETCHED_BYTES), count
            self._used = end
            return self._bytes[end - count : end]

    def forget(self) -> None:
        """Drop the bytes that are left. Make a new lock: another thread of the parent may have held the old one."""
        self._bytes, self._used, self._lock = b"", 0, Lock()


random_bytes = Randomness().take


class RandomNumbers:
    """Gives random numbers of so many bytes, each only once, in all threads. After a fork, the child drops the rest."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._numbers: list[int] = []
        os.register_at_fork(after_in_child=self._numbers.clear)

    def take(self) -> int:
        """Return a number."""
        # Taking from a list needs no lock. Two threads that find it empty both fill it, with different numbers.
        while True:
            try:
                return self._numbers.pop()
            except IndexError:
                self._fill()

    def _fill(self) -> None:
        size, fetched = self._size, os.urandom(FETCHED_BYTES)
        begins = range(0, FETCHED_BYTES - size + 1, size)
        self._numbers.extend([int.from_bytes(fetched[at : at + size], "big") for at in begins])
