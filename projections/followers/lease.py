"""Decide which process leads a projection and a shard, by advisory locks that a transaction holds.

The transaction does nothing else. If its process dies, or hangs for longer than
`idle_in_transaction_session_timeout`, Postgres ends the transaction, and another process gets the locks.
A session's lock could outlive its process behind a pooler. If a former leader wakes up and still writes, the
checkpoint refuses it (`follower.advance`). A lease only saves work; it does not protect data.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


SHARDS = 4  # Groups of organizations. So many processes can share the work of a projection.


def shard_of(organization_id: UUID) -> int:
    """Return the shard that an organization belongs to."""
    return organization_id.int % SHARDS


def duty(name: str, shard: int) -> str:
    """Return what a process leads: one shard of one projection."""
    return f"{name}/{shard}"


@dataclass(slots=True)
class Lease:
    """The duties that this process holds. They end with the transaction of the connection."""

    connection: Connection
    wanted: frozenset[str]
    held: set[str] = field(default_factory=set)

    async def renew(self) -> bool:
        """Take the duties that are free, and keep the transaction alive; return whether any were free.

        Errors: asyncpg's, if the lease is lost.
        """
        missing = sorted(self.wanted - self.held)
        rows = await self.connection.fetch(statement("take_leases"), missing)
        self.held |= {row["duty"] for row in rows}
        return bool(rows)

    def covers(self, name: str, organization_id: UUID) -> bool:
        """Return whether this process leads a projection for an organization."""
        return duty(name, shard_of(organization_id)) in self.held


def duties(names: Iterable[str]) -> frozenset[str]:
    """Return all duties of some projections."""
    return frozenset(duty(name, shard) for name in names for shard in range(SHARDS))
