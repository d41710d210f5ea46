"""Read resources by key. Point reads that wait at the same time share one query."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from eventstore.postgres.pool import ConnectionCache
from eventstore.postgres.replica import Reads
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


QUERY_TIMEOUT_S = 10.0
KEYS_MAX = 128  # Of one query: more would have too many documents in memory.
MEMBERS_TOGETHER_MAX = (
    1_000  # Up to so many members are read with their group; more are read separately.
)


class Resource(NamedTuple):
    """A resource as stored.

    `related` is a JSON list. For a user it holds the user's groups, as (id, displayName). For a group it
    holds the members, as (id, type, display), if they were asked for and are at most MEMBERS_TOGETHER_MAX; a page
    also holds those of larger groups, as several lists (members.py).
    """

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    document: str  # JSON text, without id, meta, groups and members.
    related: str | None = None  # None: there are none, or they were left out.
    member_count: int = 0


class Member(NamedTuple):
    """A member of a group. `display` is its displayName, or None if it has none."""

    id: UUID | str
    type: str
    display: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A kind of point read: the statements that find resources by keys, as (key, *Resource).

    Postgres plans the statement for one key once. A plan for any number of keys it expects to be dear, so for few
    keys it would plan anew each time, which takes longer than the read.
    It hashes by identity, which is fast.
    """

    of_many: str
    of_one: str


def lookup(name: str) -> Lookup:
    """Return the kind of point read of this name."""
    return Lookup(f"read_{name}", f"read_one_of_{name}")


USER_BY_ID = lookup("users_by_id")
USER_BY_USER_NAME = lookup("users_by_user_name")
USER_BY_EXTERNAL_ID = lookup("users_by_external_id")
GROUP_BY_ID = lookup("groups_by_id")
GROUP_BY_ID_WITH_MEMBERS = lookup("groups_by_id_with_members")
GROUP_BY_DISPLAY_NAME = lookup("groups_by_display_name")
GROUP_BY_EXTERNAL_ID = lookup("groups_by_external_id")

Key = UUID | str
# What gets the result of a read: the resources, or the error that there are none for.
Taker = Callable[[list[Resource], Exception | None], None]
Waiting = dict[Key, list[Taker]]


class PointReader:
    """Reads by key. Reads that arrive while a query is in flight go out together as the next query."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._connections = ConnectionCache(reads.primary)
        self._waiting: dict[tuple[Lookup, UUID], Waiting] = {}
        self._tasks: dict[tuple[Lookup, UUID], asyncio.Task[None]] = {}

    async def find(self, lookup: Lookup, organization_id: UUID, key: Key) -> list[Resource]:
        """Return the resources that have a key: an id, a folded name or an externalId."""
        future: asyncio.Future[list[Resource]] = asyncio.get_running_loop().create_future()
        self.find_then(lookup, organization_id, key, partial(_settle, future))
        return await future

    def find_then(self, lookup: Lookup, organization_id: UUID, key: Key, take: Taker) -> None:
        """Find the resources that have a key, and call `take` with them in a later turn of the loop.

        `take` must not raise: other reads share its query.
        """
        lane = (lookup, organization_id)
        waiting = self._waiting.get(lane)
        if waiting is None:
            waiting = self._waiting[lane] = {}
        takers = waiting.get(key)
        if takers is None:
            waiting[key] = [take]
        else:
            takers.append(take)
        if lane not in self._tasks:
            self._tasks[lane] = asyncio.create_task(self._run(lane), name=lookup.of_many)

    async def close(self) -> None:
        """Finish the reads that wait."""
        await asyncio.gather(*self._tasks.values())
        await self._connections.close()

    async def _run(self, lane: tuple[Lookup, UUID]) -> None:
        while waiting := self._take(lane):
            try:
                found = await self._query(lane, list(waiting))
            except Exception as error:  # noqa: BLE001 - every waiting read gets it.
                for takers in waiting.values():
                    for take in takers:
                        take([], error)
            else:
                for key, takers in waiting.items():
                    resources = found.get(key, [])
                    for take in takers:
                        take(resources, None)
        del self._tasks[lane]

    def _take(self, lane: tuple[Lookup, UUID]) -> Waiting:
        """Take the reads that wait, as many as one query may answer."""
        waiting = self._waiting.pop(lane, {})
        if len(waiting) <= KEYS_MAX:
            return waiting
        first = dict(islice(waiting.items(), KEYS_MAX))
        self._waiting[lane] = {key: waiting[key] for key in waiting if key not in first}
        return first

    async def _query(
        self, lane: tuple[Lookup, UUID], keys: Sequence[Key]
    ) -> dict[Key, list[Resource]]:
        lookup, organization_id = lane
        name, value = (lookup.of_one, keys[0]) if len(keys) == 1 else (lookup.of_many, keys)
        sql = statement(name)
        rows = await self._reads.fetch_elsewhere(
            organization_id, sql, organization_id, value, timeout_s=QUERY_TIMEOUT_S
        )
        if rows is None:
            async with self._connections.connection(timeout_s=QUERY_TIMEOUT_S) as connection:
                rows = await connection.fetch(sql, organization_id, value)
        found: dict[Key, list[Resource]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(Resource(*row[1:]))
        return found


def _settle(
    future: asyncio.Future[list[Resource]], resources: list[Resource], error: Exception | None
) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(resources)
    else:
        future.set_exception(error)
