"""Statements that organizations share: what an error leaves behind, whether they share or ask alone."""

import asyncpg
import pytest

from eventstore.postgres.pool import ConnectionCache
from eventstore.sealing.sealer import Sealer
from projections.directory.save import DOCUMENTS, EVENT_COLUMNS, KEY_COLUMNS
from service.ids import new_id
from service.write.shared import ALONE_MIN, SharedStatements, Write

# Columns: up to the one that says how much is written.
TOO_FEW = EVENT_COLUMNS + KEY_COLUMNS + DOCUMENTS + 1


async def backend(connections: ConnectionCache) -> int:
    """Return the process of Postgres behind a connection."""
    async with connections.connection(timeout_s=10) as connection:
        pid: int = await connection.fetchval("SELECT pg_backend_pid()")
    return pid


@pytest.mark.parametrize("events", [1, ALONE_MIN])
async def test_a_connection_whose_state_is_not_known_is_not_used_again(
    events: int, database_url: str
) -> None:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        connections = ConnectionCache(pool)
        shared = SharedStatements(connections, Sealer(bytes(32)))
        before = await backend(connections)
        assert await backend(connections) == before
        # The driver refuses too few columns by an error of the kind that it also has for a connection that is gone.
        with pytest.raises(asyncpg.InterfaceError):
            await shared.write(new_id(), Write(0, [["{}"] * events] * TOO_FEW))

        assert await backend(connections) != before
        await shared.close()
        await connections.close()
