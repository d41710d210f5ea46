"""A database that a release without revisions made: the tables of the last such release are revision 1, others ask for a rebuild."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from projections.rebuild_state import load_builds
from projections.registry import PROJECTIONS, tables
from projections.status import load_statuses
from service.migrate import apply_next, migrate, packaged

BEFORE_REVISIONS = 7  # Migrations: 0000 to 0006.
LAST = {  # What the last release without revisions noted.
    "directory": "bc1ac5e0087dff1d21f0b40f5a3cfa3fe980f46f54d945e239da3c563ac8cb44",
    "history": "5aea92e41cf6d35783a69d4fd6e85966f4dd3f4201ab53cd66275a267f0abc7c",
}
BUILT = "INSERT INTO projections.builds (schema_name, digest) VALUES ($1, $2)"


@pytest.fixture
async def former(empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """Give the owner's connection to a database as the last release without revisions made it."""
    connection = await asyncpg.connect(empty_database)
    while await apply_next(connection, packaged()[:BEFORE_REVISIONS]):
        pass
    for name in PROJECTIONS:
        await connection.execute(f"CREATE SCHEMA {name}; SET search_path = {name}")
        await connection.execute(tables(name))
        await connection.execute(BUILT, name, LAST[name])
    await connection.execute("RESET search_path")
    yield connection
    await connection.close()


async def test_the_tables_of_the_last_release_without_revisions_need_no_rebuild(
    former: asyncpg.Connection, empty_database: str
) -> None:
    await migrate(empty_database)
    assert [each.is_current for each in await load_statuses(former)] == [True, True]


@pytest.mark.parametrize("schema", ["directory_next", "directory_previous", "history_previous"])
async def test_so_it_is_with_tables_beside_those_that_serve(
    schema: str, former: asyncpg.Connection, empty_database: str
) -> None:
    await former.execute(BUILT, schema, LAST[schema.partition("_")[0]])
    await migrate(empty_database)
    assert (await load_builds(former))[schema].revision == 1


@pytest.mark.parametrize("digest", ["", "other", LAST["directory"].upper(), LAST["directory"][:12]])
async def test_tables_of_any_other_code_stay_those_of_another_release(
    digest: str, former: asyncpg.Connection, empty_database: str
) -> None:
    await former.execute("UPDATE projections.builds SET digest = $1", digest)
    await migrate(empty_database)
    assert [each.is_current for each in await load_statuses(former)] == [False, False]


async def test_a_service_of_the_former_release_that_still_runs_can_read_what_was_built(
    former: asyncpg.Connection, empty_database: str
) -> None:
    await migrate(empty_database)
    read = "SELECT schema_name, digest, built_at FROM projections.builds"
    assert {row["schema_name"]: row["digest"] for row in await former.fetch(read)} == LAST
