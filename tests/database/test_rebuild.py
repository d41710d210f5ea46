"""A rebuild goes on where it was interrupted, swaps while clients read and write, and can be rolled back."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from projections.maintenance.builds import count_shards, load_builds
from projections.maintenance.context import RebuildContext
from projections.maintenance.session import Busy, Progress, at_work
from projections.rebuild.check import LogMismatch
from projections.rebuild.disk import NoRoom
from projections.rebuild.load import ReadBackDiffers
from projections.rebuild.rebuild import NoPrevious, rebuild, roll_back
from projections.registry import DIRECTORY
from schema.scim.definitions import USER
from schema.scim.resource import read_document
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.ids import new_id
from service.organizations.register import create_organization
from service.runtime import Runtime, open_runtime
from service.write.commands import CreateUser
from tests.database.rebuilding import (
    differences,
    rebuild_context,
    rebuild_until,
    rows_of,
    shape_of,
    silent,
)
from tests.serving import settings

USERS = 150  # Four shards.
STEPS = ["load", "index", "read back", "catch up", "compare", "swap"]


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give the runtime, which decides and appends."""
    async with open_runtime(settings(database_url), is_migrating=False) as opened:
        yield opened


@pytest.fixture
async def caller(runtime: Runtime) -> Caller:
    """Give a caller who may write to an organization with users."""
    made = (await create_organization(runtime, "Acme", provenance=cli_provenance())).organization
    caller = Caller(made, None, "cli")
    await asyncio.gather(*(provision(runtime, caller, f"user {n}") for n in range(USERS)))
    return caller


@pytest.fixture
def place(database_url: str, caller: Caller) -> RebuildContext:
    """Give the context for rebuilding the directory."""
    return rebuild_context(database_url)


async def provision(runtime: Runtime, caller: Caller, user_name: str) -> None:
    """Create a user."""
    document = read_document({"userName": user_name}, USER).document
    await runtime.lanes.submit(CreateUser(new_id(), document, USER), caller, cli_provenance())


async def user_names(connection: asyncpg.Connection, schema: str = "directory") -> set[str]:
    """Return the names of the users in a schema."""
    rows = await connection.fetch(f"SELECT user_name_key FROM {schema}.users")
    return {row[0] for row in rows}


async def test_several_processes_make_what_the_appends_made(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    written = await rows_of(connection, "directory")
    events = await rebuild(replace(place, processes=2), silent)
    assert events == await connection.fetchval("SELECT count(*) FROM eventstore.events")
    assert await rows_of(connection, "directory") == written


async def test_the_new_tables_have_the_shape_of_the_old(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    written = await shape_of(connection, "directory")
    await rebuild(place, silent)
    assert await shape_of(connection, "directory") == written
    assert await shape_of(connection, "directory_previous") == written


@pytest.mark.parametrize("step", STEPS)
async def test_an_interrupted_rebuild_changes_nothing_and_goes_on(
    step: str, place: RebuildContext, connection: asyncpg.Connection
) -> None:
    written = await rows_of(connection, "directory")
    await rebuild_until(step, place)
    assert await rows_of(connection, "directory") == written
    await rebuild(place, silent)
    assert await rows_of(connection, "directory") == written


async def test_what_was_loaded_is_not_loaded_again(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await rebuild_until("index", place)
    await connection.execute("UPDATE directory_next.users SET origin = 'kept'")
    await connection.execute("UPDATE projections.shards SET verified_at = now()")
    await rebuild(place, silent)
    assert {row[0] for row in await connection.fetch("SELECT origin FROM directory.users")} == {
        "kept"
    }


async def test_the_last_report_of_a_step_says_that_it_is_complete(place: RebuildContext) -> None:
    last: dict[str, Progress] = {}
    events = await rebuild(replace(place, processes=2), lambda each: last.update({each.step: each}))
    assert last["load"] == Progress("load", events, events)
    assert last["read back"] == Progress("read back", events, events)


async def test_a_worker_that_is_killed_costs_no_row(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    written = await rows_of(connection, "directory")

    def kill_one(progress: Progress) -> None:
        if progress.step == "load":
            for child in multiprocessing.active_children()[:1]:
                child.kill()

    await rebuild(replace(place, processes=2), kill_one)
    assert await rows_of(connection, "directory") == written


async def test_what_is_appended_meanwhile_is_in_the_new_tables(
    place: RebuildContext, runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    await rebuild_until("index", place)
    await provision(runtime, caller, "latecomer")
    await rebuild(place, silent)
    assert "latecomer" in await user_names(connection)
    assert await differences(place) == []


async def test_a_connection_with_prepared_statements_reads_and_writes_the_new_tables(
    place: RebuildContext, runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    for number in range(12):  # After five calls, Postgres may keep one plan.
        await provision(runtime, caller, f"before {number}")
    await rebuild(place, silent)
    await provision(runtime, caller, "after")
    assert "after" in await user_names(connection)
    assert "after" not in await user_names(connection, "directory_previous")
    assert await differences(place) == []


async def test_a_statement_that_was_prepared_before_the_swap_reads_the_new_tables(
    place: RebuildContext, service_connection: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    prepared = await service_connection.prepare("SELECT count(*) FROM directory.users")
    before = [await prepared.fetchval() for _ in range(6)]
    await rebuild(place, silent)
    await connection.execute("DELETE FROM directory_previous.users")
    assert {await prepared.fetchval(), *before} == {USERS + 1}


async def test_the_swap_waits_for_an_append_that_runs_and_loses_none_of_it(
    place: RebuildContext, runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await connection.fetchval("SELECT pg_advisory_xact_lock_shared(23578, 1)")
        rebuilding = asyncio.create_task(rebuild(place, silent))
        await provision(runtime, caller, "meanwhile")
        _, waiting = await asyncio.wait({rebuilding}, timeout=1.0)
        assert waiting
    await rebuilding
    assert "meanwhile" in await user_names(connection)


async def test_a_rollback_brings_the_former_tables_back_with_all_that_came_since(
    place: RebuildContext, runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    former = await connection.fetchval("SELECT 'directory.users'::regclass::oid")
    await rebuild(place, silent)
    await provision(runtime, caller, "since")
    await roll_back(place, silent)
    assert await connection.fetchval("SELECT 'directory.users'::regclass::oid") == former
    assert "since" in await user_names(connection)
    assert await differences(place) == []


async def test_a_rollback_can_be_rolled_back(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await rebuild(place, silent)
    rebuilt = await connection.fetchval("SELECT 'directory.users'::regclass::oid")
    await roll_back(place, silent)
    await roll_back(place, silent)
    assert await connection.fetchval("SELECT 'directory.users'::regclass::oid") == rebuilt


async def test_without_previous_tables_there_is_no_rollback(place: RebuildContext) -> None:
    with pytest.raises(NoPrevious, match="nothing to roll back to"):
        await roll_back(place, silent)


async def test_previous_tables_of_another_revision_are_not_rolled_back_to(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE projections.builds SET revision = 0")
    await rebuild(place, silent)
    with pytest.raises(NoPrevious, match="another release"):
        await roll_back(place, silent)


async def test_tables_of_another_shape_become_those_of_this_release(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    wanted = await shape_of(connection, "directory")
    await connection.execute("ALTER TABLE directory.users ADD COLUMN former text")
    await connection.execute("DROP INDEX directory.users_active")
    await connection.execute("UPDATE projections.builds SET revision = 0")
    await rebuild(place, silent)
    assert await shape_of(connection, "directory") == wanted
    assert (await load_builds(connection))["directory"].revision == DIRECTORY.revision
    assert await differences(place) == []


async def test_an_interrupted_rebuild_of_another_revision_starts_again(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await rebuild_until("index", place)
    await connection.execute("UPDATE directory_next.users SET origin = 'other'")
    await connection.execute(
        "UPDATE projections.builds SET revision = 0 WHERE schema_name = 'directory_next'"
    )
    await rebuild(place, silent)
    assert await differences(place) == []


async def test_a_row_that_was_not_stored_as_it_was_made_is_never_served(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await rebuild_until("index", place)
    await connection.execute(
        "UPDATE directory_next.users SET active = false WHERE user_name_key = 'user 7'"
    )
    with pytest.raises(ReadBackDiffers):
        await rebuild(place, silent)
    assert "directory_next" not in await load_builds(connection)
    assert await differences(place) == []


async def test_a_row_that_was_caught_up_wrongly_is_never_served(
    place: RebuildContext, runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    await rebuild_until("index", place)
    await provision(runtime, caller, "latecomer")
    await rebuild_until("compare", place)
    await connection.execute(
        "UPDATE directory_next.users SET active = false WHERE user_name_key = 'latecomer'"
    )
    with pytest.raises(LogMismatch):
        await rebuild(place, silent)
    assert await differences(place) == []


async def test_the_planner_knows_the_tables_that_serve(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await rebuild(place, silent)
    known = await connection.fetch(
        "SELECT attname FROM pg_stats WHERE schemaname = 'directory' AND tablename = 'users'"
    )
    assert {"user_name_key", "search", "role_id"} <= {row[0] for row in known}


async def test_there_is_one_rebuild_at_a_time(place: RebuildContext) -> None:
    async with at_work(place, is_alone=True):
        with pytest.raises(Busy):
            await rebuild(place, silent)


async def test_what_a_killed_call_left_in_postgres_is_ended(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await rebuild_until("index", place)
    left = await asyncpg.connect(place.dsn, server_settings=place.at("directory_next").session)
    await left.execute("BEGIN")
    await left.execute("CREATE UNIQUE INDEX users_pkey ON directory_next.users (id)")
    await rebuild(place, silent)
    assert await differences(place) == []
    left.terminate()


async def test_without_the_disk_for_it_nothing_is_begun(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    full = Path("/proc")  # It has no free bytes.
    with pytest.raises(NoRoom, match="0 are free"):
        await rebuild(replace(place, data_dir=full), silent)
    assert (await count_shards(connection, "directory_next")).all == 0
    assert not await connection.fetchval("SELECT to_regnamespace('directory_next')")
