"""Which process leads: one for each projection and shard, by advisory locks that a transaction keeps.

The transaction does nothing else. Postgres ends it, and gives the locks to who asks next, when its
process dies, or stands still for longer than `idle_in_transaction_session_timeout`. A lock of the
session would outlive its process behind a pooler. What a former leader still writes when it wakes is
refused by the checkpoint (`followers.advance`), so that a lease saves work and guards nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


SHARDS = 4  # Of the organizations: as many processes can share a projection's work.


def shard_of(organization_id: UUID) -> int:
    """Return the shard that an organization belongs to."""
    return organization_id.int % SHARDS


def duty(name: str, shard: int) -> str:
    """Return what a process leads: one shard of one projection."""
    return f"{name}/{shard}"


@dataclass(slots=True)
class Lease:
    """The duties that this process has taken; they go with the transaction of the connection."""

    connection: Connection
    wanted: frozenset[str]
    held: set[str] = field(default_factory=set)

    async def renew(self) -> bool:
        """Take the duties that are free, and be seen alive; tell whether there were any.

        Errors: asyncpg's, where the lease is lost.
        """
        missing = sorted(self.wanted - self.held)
        rows = await self.connection.fetch(statement("take_leases"), missing)
        self.held |= {row["duty"] for row in rows}
        return bool(rows)

    def covers(self, name: str, organization_id: UUID) -> bool:
        """Tell whether this process leads a projection for an organization."""
        return duty(name, shard_of(organization_id)) in self.held


def duties(names: Iterable[str]) -> frozenset[str]:
    """Return all duties of some projections."""
    return frozenset(duty(name, shard) for name in names for shard in range(SHARDS))
