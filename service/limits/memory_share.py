"""A bound on how many bytes of requests are in memory at once, in all and per organization."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from schema.scim.errors import Unavailable


class MemoryShare:
    """Counts bytes: at most `total` in all, and `each` of one holder. Nobody waits: what is too much is refused."""

    def __init__(self, total: int, each: int) -> None:
        self._total_max, self._each_max = total, each
        self._total = 0
        self._held: dict[Hashable, int] = {}

    @contextmanager
    def holding(self, holder: Hashable) -> Iterator["Holding"]:
        """Hold what is added to the yielded object for the duration of the block."""
        held = Holding(self, holder)
        try:
            yield held
        finally:
            held.release()

    def take(self, holder: Hashable, size: int) -> None:
        """Count bytes for a holder. Errors: Unavailable."""
        own = self._held.get(holder, 0) + size
        if own > self._each_max or self._total + size > self._total_max:
            raise Unavailable("Too many large bodies arrive at once; send it again in a second.")
        self._held[holder] = own
        self._total += size

    def give_back(self, holder: Hashable, size: int) -> None:
        """Count bytes of a holder no longer."""
        if not size:
            return
        self._total -= size
        self._held[holder] -= size
        if not self._held[holder]:
            del self._held[holder]


class Holding:
    """The bytes that one request holds."""

    def __init__(self, share: MemoryShare, holder: Hashable) -> None:
        self._share = share
        self.holder = holder
        self.size = 0

    def add(self, size: int) -> None:
        """Hold more. Errors: Unavailable."""
        self._share.take(self.holder, size)
        self.size += size

    def release(self) -> None:
        """Hold nothing any more."""
        self._share.give_back(self.holder, self.size)
        self.size = 0
