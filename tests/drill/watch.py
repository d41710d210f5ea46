"""What is watched besides the ledger: how far followers are, and that no other rows change."""

from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

TABLES = (
    "SELECT format('%I.%I', c.table_schema, c.table_name) FROM information_schema.columns AS c"
    " JOIN information_schema.tables AS t USING (table_schema, table_name)"
    " WHERE c.column_name = 'organization_id' AND t.table_type = 'BASE TABLE'"
    " AND c.table_schema IN ('eventstore', 'directory') ORDER BY 1"
)
CHECKPOINTS = (
    "SELECT projection, organization_id, position, coalesce((SELECT max(position)"
    " FROM eventstore.events AS e WHERE e.organization_id = c.organization_id), 0) AS tail"
    " FROM followers.checkpoints AS c"
)


@dataclass(frozen=True, slots=True)
class Bystander:
    """An organization that nobody writes to, and the digest of all its rows."""

    id: UUID
    digest: str


@dataclass(slots=True)
class Checkpoints:
    """How far each follower was in each log when last looked at."""

    seen: dict[tuple[str, UUID], int] = field(default_factory=dict)

    async def look(self, connection: asyncpg.Connection) -> list[str]:
        """Return the checkpoints that went backwards, or past the tail of their log."""
        broken = []
        for projection, organization_id, position, tail in await connection.fetch(CHECKPOINTS):
            before = self.seen.get((projection, organization_id), 0)
            if not before <= position <= tail:
                broken.append(
                    f"The checkpoint of {projection} in {organization_id} was {before}, "
                    f"is {position}, and the log ends at {tail}."
                )
            self.seen[projection, organization_id] = position
        return broken


async def bystander_digest(connection: asyncpg.Connection, organization_id: UUID) -> str:
    """Return a digest of all rows of an organization: its log and its directory."""
    digests = []
    for (table,) in await connection.fetch(TABLES):
        digests.append(
            await connection.fetchval(
                f"SELECT md5(coalesce(string_agg(r::text, ',' ORDER BY r::text), ''))"
                f" FROM {table} AS r WHERE organization_id = $1",
                organization_id,
            )
        )
    return ",".join(digests)
