"""At its start, a service logs which tables another release built."""

import asyncpg
from structlog.testing import capture_logs

from service.background.release_watch import log_release_mismatches, not_ready


async def logged(database_url: str) -> list[str]:
    """Return the projections that a starting service logs."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        with capture_logs() as lines:
            await log_release_mismatches(pool)
    return [line["projection"] for line in lines]


async def test_tables_of_this_release_are_not_logged(database_url: str) -> None:
    assert await logged(database_url) == []


async def test_tables_of_another_release_are_logged(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "UPDATE projections.builds SET revision = NULL WHERE schema_name = 'history'"
    )

    assert await logged(database_url) == ["history"]


async def test_tables_that_somebody_has_changed_by_hand_are_reported(
    database_url: str, connection: asyncpg.Connection
) -> None:
    await connection.execute("ALTER TABLE directory.groups RENAME TO groups_gone")
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        found = await log_release_mismatches(pool)

    assert "by groups.created_at, groups.display_name_key, " in not_ready(found)
    assert "scim-ledger projections rebuild directory" in not_ready(found)
