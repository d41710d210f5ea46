"""In a shared database, what is not ours is named in a refusal, and never renamed or dropped."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from projections.maintenance.ownership import MARK, NotOurs, mark
from projections.rebuild.rebuild import rebuild, roll_back
from projections.registry import DIRECTORY, HISTORY, PROJECTIONS, tables
from service.database.migrate import MigrationProblem, apply_next, is_behind, migrate, packaged
from service.runtime import open_runtime
from tests.database.former_release import make_former, make_schema
from tests.database.rebuilding import rebuild_context, rebuild_until, silent
from tests.serving import settings

BESIDE = ["next", "previous", "spare", "shape"]  # Suffixes of a projection's name.
BESIDE_PROJECTIONS = [f"{name}_{each}" for name in PROJECTIONS for each in BESIDE]
TAKEN = [
    *("service", "eventstore", "projections", "followers"),
    *("directory", "history", "versions"),
    *BESIDE_PROJECTIONS,
]
THEIRS = {  # What another application made, and its name.
    "a table in our schema": ("CREATE TABLE directory.notes (note text)", "table directory.notes"),
    "a view in our schema": (
        "CREATE VIEW directory.active AS SELECT id FROM directory.users WHERE active",
        "view directory.active",
    ),
    "a view of nothing of ours in our schema": (
        "CREATE VIEW directory.one AS SELECT 1",
        "view directory.one",
    ),
    "a sequence in our schema": (
        "CREATE SEQUENCE directory.numbers",
        "sequence directory.numbers",
    ),
    "a function in our schema": (
        "CREATE FUNCTION directory.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "function directory.one()",
    ),
    "a type in our schema": ("CREATE TYPE directory.mood AS ENUM ('ok')", "type directory.mood"),
    "a view elsewhere": (
        "CREATE VIEW public.people AS SELECT id FROM directory.users",
        "view public.people",
    ),
    "a materialized view elsewhere": (
        "CREATE MATERIALIZED VIEW public.people AS SELECT id FROM directory.users",
        "materialized view public.people",
    ),
    "a foreign key": (
        """CREATE TABLE public.cars (o uuid, u uuid, CONSTRAINT cars_owner
           FOREIGN KEY (o, u) REFERENCES directory.users (organization_id, id))""",
        "table constraint cars_owner on public.cars",
    ),
    "a table that inherits": (
        "CREATE TABLE public.more () INHERITS (directory.users)",
        "table public.more",
    ),
    "a column of a row's type": (
        "CREATE TABLE public.kept (person directory.users)",
        "table public.kept",
    ),
    "a function with a body that is parsed": (
        """CREATE FUNCTION public.many() RETURNS bigint LANGUAGE sql
           BEGIN ATOMIC SELECT count(*) FROM directory.users; END""",
        "function public.many()",
    ),
    "a trigger": (
        """CREATE FUNCTION public.notice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
           CREATE TRIGGER noticed AFTER INSERT ON directory.users EXECUTE FUNCTION public.notice()""",
        "trigger noticed on directory.users",
    ),
}


@pytest.fixture
async def empty(empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """Give the owner's connection to a database without migrations."""
    connection = await asyncpg.connect(empty_database)
    yield connection
    await connection.close()


async def schemas_of(connection: asyncpg.Connection) -> dict[str, int]:
    """Return the schemas of a database, except those of Postgres, each with its number of tables."""
    rows = await connection.fetch(
        "SELECT nspname, (SELECT count(*) FROM pg_class WHERE relnamespace = pg_namespace.oid)"
        " FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'"
    )
    return dict(rows)


async def comments(connection: asyncpg.Connection, schema: str) -> set[str | None]:
    """Return the comments of a schema and of its tables."""
    rows = await connection.fetch(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1"
        " UNION ALL SELECT obj_description(oid, 'pg_class') FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)",
        schema,
    )
    return {row[0] for row in rows}


@pytest.mark.parametrize("name", TAKEN)
async def test_a_schema_of_somebody_elses_is_refused_before_anything_is_written(
    name: str, empty: asyncpg.Connection, empty_database: str
) -> None:
    await empty.execute(f"CREATE SCHEMA {name}; CREATE TABLE {name}.invoices AS SELECT 1 AS total")
    before = await schemas_of(empty)
    with pytest.raises(MigrationProblem, match=rf"schema {name}\. Nothing was changed"):
        await migrate(empty_database)
    assert await schemas_of(empty) == before


async def test_all_that_is_in_the_way_is_named_at_once(
    empty: asyncpg.Connection, empty_database: str
) -> None:
    await empty.execute("CREATE SCHEMA history; CREATE SCHEMA directory; CREATE SCHEMA service")
    with pytest.raises(MigrationProblem, match="schema service, schema directory, schema history"):
        await migrate(empty_database)


async def test_another_applications_table_of_migrations_is_not_taken_for_ours(
    empty: asyncpg.Connection, empty_database: str
) -> None:
    await empty.execute("CREATE SCHEMA service")
    await empty.execute("CREATE TABLE service.schema_migrations (version bigint PRIMARY KEY)")
    for call in (migrate, is_behind):
        with pytest.raises(MigrationProblem, match=r"table service\.schema_migrations"):
            await call(empty_database)
    assert await schemas_of(empty) == {"public": 0, "service": 2}


async def test_a_function_with_a_name_that_a_migration_makes_is_refused(
    empty: asyncpg.Connection, empty_database: str
) -> None:
    while await apply_next(empty, packaged()[:6]):
        pass
    await empty.execute(
        "CREATE FUNCTION eventstore.try_lock_log() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    with pytest.raises(MigrationProblem, match=r"function eventstore\.try_lock_log"):
        await migrate(empty_database)


@pytest.mark.parametrize("name", BESIDE_PROJECTIONS)
async def test_a_schema_that_comes_later_is_refused_by_every_command(
    name: str, connection: asyncpg.Connection, database_url: str
) -> None:
    projection = name.partition("_")[0]
    await connection.execute(f"CREATE SCHEMA {name}; CREATE TABLE {name}.users (id int)")
    before = await schemas_of(connection)
    for call in (migrate, is_behind):
        with pytest.raises(MigrationProblem, match=f"schema {name}"):
            await call(database_url)
    for change in (rebuild, roll_back):
        with pytest.raises(NotOurs, match=f"schema {name}"):
            await change(rebuild_context(database_url, projection), silent)
    assert await schemas_of(connection) == before


async def test_tables_like_ours_are_not_ours_without_a_record_that_we_made_them(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await connection.execute("CREATE SCHEMA directory_next; SET search_path = directory_next")
    await connection.execute(tables("directory"))
    with pytest.raises(NotOurs, match="schema directory_next"):
        await rebuild(rebuild_context(database_url), silent)


async def test_a_service_does_not_start_beside_a_schema_of_somebody_elses(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await connection.execute("CREATE SCHEMA history_previous")
    for is_migrating in (True, False):
        with pytest.raises(MigrationProblem, match="schema history_previous"):
            async with open_runtime(settings(database_url), is_migrating=is_migrating):
                raise AssertionError("It has started.")


async def test_the_last_release_took_a_history_for_its_own_and_this_one_does_not(
    empty: asyncpg.Connection, empty_database: str
) -> None:
    await make_former(empty, but="history")
    await empty.execute("CREATE SCHEMA history; CREATE TABLE history.wars AS SELECT 1914 AS began")
    with pytest.raises(MigrationProblem, match="schema history"):
        await migrate(empty_database)
    await empty.execute("ALTER SCHEMA history RENAME TO their_history")
    await migrate(empty_database)
    await rebuild(rebuild_context(empty_database, "history"), silent)
    await rebuild(rebuild_context(empty_database, "history"), silent)
    assert await empty.fetchval("SELECT began FROM their_history.wars") == 1914


@pytest.mark.parametrize("what", THEIRS)
async def test_what_would_go_with_our_tables_keeps_them_from_being_swapped(
    what: str, connection: asyncpg.Connection, database_url: str
) -> None:
    make, name = THEIRS[what]
    await rebuild(rebuild_context(database_url), silent)
    await connection.execute(make)
    before = await schemas_of(connection)
    for change in (rebuild, roll_back):
        with pytest.raises(NotOurs) as refused:
            await change(rebuild_context(database_url), silent)
        assert f"would have to change: {name}. Nothing" in str(refused.value)
    assert await schemas_of(connection) == before


async def test_a_service_starts_and_migrates_beside_a_view_of_its_tables(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await connection.execute(THEIRS["a view in our schema"][0])
    async with open_runtime(settings(database_url), is_migrating=True):
        assert await connection.fetchval("SELECT count(*) FROM directory.active") == 0


@pytest.mark.parametrize("schema", ["directory_previous", "directory_next"])
async def test_what_somebody_put_beside_what_serves_is_not_dropped(
    schema: str, connection: asyncpg.Connection, database_url: str
) -> None:
    await rebuild(rebuild_context(database_url), silent)
    await rebuild_until("index", rebuild_context(database_url))
    await connection.execute(f"CREATE TABLE {schema}.notes AS SELECT 'kept' AS note")
    with pytest.raises(NotOurs, match=rf"table {schema}\.notes"):
        await rebuild(rebuild_context(database_url), silent)
    assert await connection.fetchval(f"SELECT note FROM {schema}.notes") == "kept"
    await connection.execute(f"ALTER TABLE {schema}.notes SET SCHEMA public")
    await rebuild(rebuild_context(database_url), silent)


async def test_an_index_that_somebody_has_added_is_in_nobodys_way(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await connection.execute("CREATE INDEX mine ON directory.users (created_at) WHERE active")
    await rebuild(rebuild_context(database_url), silent)
    await rebuild(rebuild_context(database_url), silent)


@pytest.mark.parametrize("projection", [DIRECTORY, HISTORY], ids=lambda each: each.name)
async def test_whatever_we_make_has_our_mark(
    projection: object, connection: asyncpg.Connection, database_url: str
) -> None:
    name = getattr(projection, "name", "")
    await rebuild(rebuild_context(database_url, name), silent)
    await rebuild_until("index", rebuild_context(database_url, name))
    for schema in (name, f"{name}_previous", f"{name}_next"):
        assert await comments(connection, schema) == {MARK}


async def test_the_schemas_of_the_last_release_are_recognized_and_marked(
    former: asyncpg.Connection, empty_database: str
) -> None:
    made = {"directory_next": "directory", "history_previous": "history"}
    for schema, projection in made.items():
        await make_schema(former, projection, schema)
    await migrate(empty_database)
    for schema in (*PROJECTIONS, *made):
        assert await comments(former, schema) == {MARK}


async def test_a_database_that_was_restored_without_comments_is_recognized(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await rebuild(rebuild_context(database_url), silent)
    for schema in ("directory", "directory_previous"):
        await connection.execute(f"COMMENT ON SCHEMA {schema} IS NULL")
        for table in DIRECTORY.fold.tables:
            await connection.execute(f"COMMENT ON TABLE {schema}.{table} IS NULL")
    await rebuild(rebuild_context(database_url), silent)
    assert await migrate(database_url) == []
    assert await comments(connection, "directory_previous") == {MARK}


async def test_a_table_that_somebody_has_renamed_by_hand_stays_ours(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await connection.execute("ALTER TABLE directory.groups RENAME TO groups_gone")
    await rebuild(rebuild_context(database_url), silent)
    await rebuild(rebuild_context(database_url), silent)
    assert "groups_gone" not in {row[0] for row in await connection.fetch("TABLE pg_class")}


async def test_a_mark_is_made_of_tables_that_are_there(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "CREATE SCHEMA part; CREATE TABLE part.users (); CREATE TABLE part.b ()"
    )
    await mark(connection, "part", DIRECTORY.fold.tables)
    assert await comments(connection, "part") == {MARK, None}
