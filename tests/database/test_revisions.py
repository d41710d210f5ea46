"""A database of a release without revisions. Tables of the last such release are revision 1; others need a rebuild."""

import asyncpg
import pytest

from projections.maintenance.builds import load_builds
from projections.maintenance.status import load_statuses
from service.database.migrate import migrate
from tests.database.former_release import BUILT, LAST


async def test_the_tables_of_the_last_release_without_revisions_need_no_rebuild(
    former: asyncpg.Connection, empty_database: str
) -> None:
    await migrate(empty_database)
    assert [each.is_current for each in await load_statuses(former)] == [True, True, True]


@pytest.mark.parametrize("schema", ["directory_next", "directory_previous", "history_previous"])
async def test_the_tables_beside_those_that_serve_need_no_rebuild_either(
    schema: str, former: asyncpg.Connection, empty_database: str
) -> None:
    await former.execute(BUILT, schema, LAST[schema.partition("_")[0]])
    await migrate(empty_database)
    assert (await load_builds(former))[schema].revision == 1


@pytest.mark.parametrize("digest", ["", "other", LAST["directory"].upper(), LAST["directory"][:12]])
async def test_tables_with_any_other_digest_stay_those_of_another_release(
    digest: str, former: asyncpg.Connection, empty_database: str
) -> None:
    await former.execute("UPDATE projections.builds SET digest = $1", digest)
    await migrate(empty_database)
    assert [each.is_current for each in await load_statuses(former)] == [False, False, True]


async def test_a_service_of_the_former_release_that_still_runs_can_read_what_was_built(
    former: asyncpg.Connection, empty_database: str
) -> None:
    await migrate(empty_database)
    read = "SELECT schema_name, digest, built_at FROM projections.builds"
    assert {
        row["schema_name"]: row["digest"]
        for row in await former.fetch(read)
        if row["schema_name"] in LAST
    } == LAST
