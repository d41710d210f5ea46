"""Random bytes of the kernel, fetched for many uses at once: a write needs six, and each system call is a tenth of its ids."""

import os
from threading import Lock

FETCHED_BYTES = 4_096


class Randomness:
    """Gives each byte once, in whatever thread. What is left is forgotten where a process forks."""

    def __init__(self) -> None:
        self._bytes, self._used, self._lock = b"", 0, Lock()
        os.register_at_fork(after_in_child=self.forget)

    def take(self, count: int) -> bytes:
        """Return so many bytes; no more than FETCHED_BYTES."""
        with self._lock:
            end = self._used + count
            if end > len(self._bytes):
                self._bytes, end = os.urandom(FETCHED_BYTES), count
            self._used = end
            return self._bytes[end - count : end]

    def forget(self) -> None:
        """Drop what was fetched and not taken; a lock that another thread held stays with the parent."""
        self._bytes, self._used, self._lock = b"", 0, Lock()


random_bytes = Randomness().take
