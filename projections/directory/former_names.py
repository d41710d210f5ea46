"""Hash the names of former users that a release before revision 3 wrote, or still writes while it is replaced.

The tables are those on the search path. Only rows that are still as they were read are written.
"""

from collections.abc import Sequence

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from projections.directory.rows import EXTERNAL_ID, HASH, USER_NAME, hash_name, is_hashed

statement = statements_in(__package__)


BATCH = 1_000


async def hash_former_names(connection: Connection, sealer: Sealer) -> int:
    """Replace the names of former users by their hashes; return how many users had names."""
    hashed = 0
    while rows := await _find(connection, BATCH):
        columns = zip(*(_hashed(sealer, row) for row in rows), strict=True)
        await connection.execute(statement("hash_former_names"), *columns)
        hashed += len(rows)
    return hashed


async def has_former_names(connection: Connection) -> bool:
    """Return whether a former user has a name that is not hashed."""
    return bool(await _find(connection, 1))


async def _find(connection: Connection, limit: int) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        statement("find_former_names"), f"^{HASH.pattern}$", limit
    )
    return rows


def _hashed(sealer: Sealer, row: asyncpg.Record) -> tuple[object, ...]:
    organization_id, user_id, name, external_id = row

    def once(kind: str, text: str | None) -> str | None:
        if text is None or is_hashed(text):
            return text
        return hash_name(sealer, organization_id, kind, text)

    return organization_id, user_id, name, once(USER_NAME, name), once(EXTERNAL_ID, external_id)
