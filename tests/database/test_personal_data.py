"""Names are where they have to be, and nowhere else: not in Postgres's log, not in our log, not in the directory after a DELETE.

No follower runs here: `versions` keeps the names of deleted users until they are erased.
"""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from projections.directory.former_names import hash_former_names
from projections.directory.save import (
    NameTaken,
    save_groups,
    save_organization,
    save_users,
)
from projections.directory.tables import GroupRow
from projections.rebuild.rebuild import rebuild, roll_back
from schema.events.organization import Organization
from service import log
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.organizations.register import create_organization
from service.runtime import Runtime, open_runtime
from service.scim.vocabulary import shown_name
from service.traces import without_values
from tests.builders import ANN, JO, KIM, SALES, START, delete_user, post_user
from tests.database.events import ORGANIZATION, OTHER_ORGANIZATION, OTHER_STREAM, STREAM
from tests.database.rebuilding import differences, rebuild_context, silent
from tests.database.test_one_append import first, row_of, write_optimistic
from tests.invariants import check_every_log
from tests.serving import settings

NAME = "someone-quite-unmistakable"


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give what decides and appends."""
    async with open_runtime(settings(database_url), is_migrating=False) as opened:
        yield opened


async def log_of(connection: asyncpg.Connection) -> str:
    """Return the log of the server, as it is for whoever runs it: with all details."""
    folder = Path(await connection.fetchval("SHOW data_directory"))
    file = folder / "server.log"
    if not file.exists():
        pytest.skip("The server of this run is not ours: its log is elsewhere.")
    return file.read_text("utf-8", "replace")


@pytest.fixture
async def talkative(connection: asyncpg.Connection, database_url: str) -> asyncpg.Connection:
    """Give a connection with the service's rights, in a database where Postgres logs all details of errors."""
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET log_error_verbosity = 'default'")
    return await asyncpg.connect(database_url, server_settings={"role": "scim_ledger_service"})


def group(name: str, group_id: object = SALES) -> GroupRow:
    """Return the row of a group."""
    return GroupRow(group_id, 1, START, START, 0, name, None, "{}", "{}")  # type: ignore[arg-type]


def organization(organization_id: object) -> Organization:
    """Return an organization of this name."""
    return Organization(organization_id, 1, START, NAME, {})  # type: ignore[arg-type]


async def test_postgres_logs_no_name_that_is_taken(
    connection: asyncpg.Connection, talkative: asyncpg.Connection
) -> None:
    taken = row_of(NAME, user_id=OTHER_STREAM)
    await write_optimistic(talkative, first(STREAM), rows=[row_of(NAME)])
    await save_groups(talkative, ORGANIZATION, [group(NAME)])
    await save_organization(talkative, organization(ORGANIZATION))
    await save_organization(talkative, organization(ORGANIZATION))  # Not by itself.
    refused = [
        save_users(talkative, ORGANIZATION, [row_of("free"), taken]),
        save_groups(talkative, ORGANIZATION, [group(NAME, STREAM)]),
        save_organization(talkative, organization(OTHER_ORGANIZATION)),
    ]
    for each in refused:
        with pytest.raises(NameTaken):
            await each
    with pytest.raises(asyncpg.UniqueViolationError, match="A name is taken") as error:
        await write_optimistic(talkative, first(), rows=[taken])
    with pytest.raises(asyncpg.LockNotAvailableError):  # Somebody else was faster.
        await write_optimistic(talkative, first(), rows=[taken], behind=1)

    assert error.value.detail is None
    written = await log_of(connection)
    assert written.count("A name is taken: users_one_per_user_name.") >= 2
    assert NAME not in written
    assert await talkative.fetchval("SELECT count(*) FROM directory.users") == 1
    # What an index itself would have logged:
    with pytest.raises(asyncpg.UniqueViolationError):
        await talkative.execute(
            "INSERT INTO directory.groups SELECT organization_id, $1, 1, now(), now(), 0, display_name_key"
            ", NULL, '{}', '{}' FROM directory.groups",
            STREAM,
        )
    assert NAME in await log_of(connection)
    await talkative.close()


async def texts(connection: asyncpg.Connection) -> str:
    """Return all rows of all schemas, as text."""
    tables = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_|^information'"
    )
    found = [await connection.fetch(f"SELECT t::text FROM {name} AS t") for (name,) in tables]
    return "\n".join(row[0] for rows in found for row in rows)


async def test_of_a_deleted_user_the_directory_has_no_name_also_not_in_tables_that_a_rebuild_replaced(
    runtime: Runtime, database_url: str, connection: asyncpg.Connection
) -> None:
    acme = await create_organization(runtime, "Acme", provenance=cli_provenance())
    caller = Caller(acme.organization, None, "cli")

    async def write(*commands: object) -> None:
        for command in commands:
            await runtime.lanes.submit(command, caller, cli_provenance())  # type: ignore[arg-type]

    context = rebuild_context(database_url)
    await write(
        post_user(JO, userName=NAME, externalId=f"{NAME}-7"), post_user(ANN, userName="ann")
    )
    await rebuild(context, silent)
    assert NAME in await texts(connection)
    await write(delete_user(JO))
    await write(post_user(KIM, userName="kim", externalId=f"{NAME}-7"), delete_user(KIM))
    assert NAME not in (await texts(connection)).lower()
    assert await connection.fetchval("SELECT count(*) FROM directory_previous.users") == 2

    # The tables that were replaced are still good for a rollback.
    await roll_back(context, silent)
    assert await differences(context) == []
    await check_every_log(connection, runtime.sealer)
    named = "SELECT data->>'formerUserId' FROM eventstore.events WHERE stream_id = $1"
    assert await connection.fetchval(named, KIM) == str(JO)

    # A former release wrote names, and writes them while it is replaced.
    held = await connection.fetchrow("SELECT * FROM directory.former_users WHERE id = $1", JO)
    plain = "UPDATE directory.former_users SET user_name_key = $2, external_id = $3 WHERE id = $1"
    await connection.execute(plain, JO, NAME, f"{NAME}-7")
    async with runtime.pool.acquire() as service:
        assert [await hash_former_names(service, runtime.sealer) for _ in range(2)] == [1, 0]
    again = await connection.fetchrow("SELECT * FROM directory.former_users WHERE id = $1", JO)
    assert again == held


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("ada@example.com", "*.*"),
        ("Ada", "*"),
        ("jobtitle", "jobTitle"),
        ("extensionAttribute7", "extensionAttribute7"),
        ("name.ada", "name.*"),
        ('emails[value eq "ada"].value', "*.value"),
        ("urn:ada:Ada", "*:*"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:ada",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:*",
        ),
    ],
)
def test_of_a_name_that_no_schema_has_only_well_known_parts_are_shown(
    sent: str, shown: str
) -> None:
    assert shown_name(sent) == shown


def test_a_trace_holds_no_value() -> None:
    detail = asyncpg.UniqueViolationError("duplicate key")
    detail.detail = f"Key (user_name_key)=({NAME}) already exists."
    line, held = "", io.StringIO()
    try:
        try:
            people: dict[str, str] = {}
            people[NAME]
        except KeyError as missing:
            raise detail from missing
    except asyncpg.UniqueViolationError as error:
        line = log.json_line(None, "error", {"event": "request_failed", "exc_info": error})
        log.plain_trace(held, (type(error), error, error.__traceback__))
    for shown in (line, held.getvalue()):
        assert "UniqueViolationError: duplicate key" in shown
        assert "KeyError: (withheld)" in shown
        assert NAME not in shown
    assert without_values("ValueError: x", None) == "ValueError: x"
