"""Random bytes of the kernel, fetched for many uses at once: a write needs six, and each system call is a tenth of its ids."""

import os

FETCHED_BYTES = 4_096


class Randomness:
    """Gives each byte once. What is left is forgotten where a process forks, so that no two share it."""

    def __init__(self) -> None:
        self._bytes, self._used = b"", 0
        os.register_at_fork(after_in_child=self.forget)

    def take(self, count: int) -> bytes:
        """Return so many bytes; no more than FETCHED_BYTES."""
        end = self._used + count
        if end > len(self._bytes):
            self._bytes, end = os.urandom(FETCHED_BYTES), count
        self._used = end
        return self._bytes[end - count : end]

    def forget(self) -> None:
        """Drop what was fetched and not taken."""
        self._bytes, self._used = b"", 0


random_bytes = Randomness().take
