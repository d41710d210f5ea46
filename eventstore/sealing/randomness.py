"""Random bytes from the kernel, fetched for many uses at once.

A write needs random bytes six times. Each system call costs a tenth of what making the write's ids costs.
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
