"""The rows of users that this process has committed last, for the follower that writes them again as versions.

A row is a pure function of a state and a resource type, and making it is most of what a version costs. So it is taken
only for an equal state and the same type; else it is made. Nothing is wrong if rows are lost.
"""

import time
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import NamedTuple
from uuid import UUID

from projections.directory.rows import user_row
from projections.directory.tables import UserRow
from schema.events.user import User
from schema.scim.resource_type import ResourceType

# Of the documents of all rows: some 3,000 users. Further ones are not kept: the follower takes the oldest first.
CHARACTERS_MAX = 4_000_000
# For so long after the follower has asked, rows are kept. Else another process leads, and nobody would ever take them.
FOLLOWED_S = 5.0
KEPT_S = 30.0  # A row that was not taken by then waits for nobody: its stream is parked.


class Recent(NamedTuple):
    """A user, and the row that was made of it."""

    state: User
    resource_type: ResourceType
    row: UserRow


class RecentRows:
    """Keeps the last row of each user until the follower has written its version."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._rows: dict[UUID, tuple[Recent, float]] = {}  # With when it was kept, oldest first.
        self._size = 0
        self._until_s = float("-inf")

    def __len__(self) -> int:
        """Return how many rows are kept."""
        return len(self._rows)

    def note(self, rows: Iterable[Recent]) -> None:
        """Keep the rows of a batch that is committed, if a follower of this process takes them."""
        now_s = self._clock_s()
        if now_s > self._until_s:
            self._rows.clear()
            self._size = 0
            return
        for each in rows:
            self._drop(each.row.id)
            if self._size < CHARACTERS_MAX:
                self._rows[each.row.id] = (each, now_s)
                self._size += _size(each.row)

    def expect(self) -> None:
        """Keep rows from now on: a follower is about to write versions. Drop those that have waited too long."""
        now_s = self._clock_s()
        self._until_s = now_s + FOLLOWED_S
        old = takewhile(lambda each: each[1] < now_s - KEPT_S, self._rows.values())
        for user_id in [kept.row.id for kept, _ in old]:
            self._drop(user_id)

    def row_of(self, state: User, resource_type: ResourceType) -> UserRow:
        """Return the row of a user: the one that is kept, or a new one."""
        kept, _ = self._rows.get(state.id, NOTHING)
        if kept is None or kept.resource_type is not resource_type or kept.state != state:
            return user_row(state, resource_type)
        return kept.row

    def forget(self, written: Iterable[tuple[UUID, int]]) -> None:
        """Drop the rows of users up to some versions, which are written."""
        for user_id, version in written:
            kept, _ = self._rows.get(user_id, NOTHING)
            if kept is not None and kept.row.version <= version:
                self._drop(user_id)

    def _drop(self, user_id: UUID) -> None:
        former, _ = self._rows.pop(user_id, NOTHING)
        if former is not None:
            self._size -= _size(former.row)


NOTHING: tuple[None, float] = (None, 0.0)


def _size(row: UserRow) -> int:
    return len(row.document) + len(row.search)
