"""The lane: commands share commits, but each one fails alone, and times out neither late nor early."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import orjson
import pytest

from eventstore.append import lock_log
from eventstore.errors import SubjectErased
from eventstore.postgres.pool import borrowed
from projections.directory.tables import UserRow
from schema.scim.definitions import USER
from schema.scim.errors import ScimError, Unavailable, Uniqueness
from service.callers.caller import Caller
from service.cli.provenance import cli_provenance
from service.database.pool import SESSION
from service.ids import new_id
from service.organizations.register import create_organization
from service.runtime import Runtime, open_runtime
from service.write import lane
from service.write.batch import SIZE_MAX, Outcome, Work, decide_batch, write_batch
from service.write.commands import CreateUser, ReplaceUser
from service.write.lane import Lanes
from service.write.load_state import finding_names
from service.write.quota import Quotas
from service.write.shared import ALONE_SIZE_MIN
from tests.builders import delete_user, patch_user, replace
from tests.invariants import check_every_log
from tests.serving import settings

CLOCK_READ = timedelta(milliseconds=50)  # That the answer to a reading of the clock may take.
IMPATIENT = {**SESSION, "lock_timeout": "150ms"}


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime]:
    """Give a runtime on the test's own database. Its logs are checked afterwards."""
    async with open_runtime(settings(database_url), is_migrating=False) as opened:
        yield opened
        owner = await asyncpg.connect(database_url)
        await check_every_log(owner, opened.sealer)
        await owner.close()


@pytest.fixture
async def caller(runtime: Runtime) -> Caller:
    """Give the caller of an administrator on the command line of an organization."""
    created = await create_organization(runtime, "Contoso", provenance=cli_provenance())
    return Caller(created.organization, None, "cli")


@pytest.fixture
async def impatient(runtime: Runtime, database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Give a pool whose statements wait only briefly for a lock."""
    async with asyncpg.create_pool(database_url, min_size=1, server_settings=IMPATIENT) as pool:
        yield pool


async def create(lanes: Lanes, caller: Caller, user_name: str, **attributes: str) -> Outcome:
    """Submit the creation of a user; return its outcome. The document is not checked as a request's would be."""
    command = CreateUser(new_id(), {"userName": user_name, **attributes}, USER)
    return await lanes.submit(command, caller, cli_provenance())


async def create_all(lanes: Lanes, caller: Caller, *user_names: str) -> list[object]:
    """Submit the creation of several users at the same time; return the type of each outcome or error."""
    works = [create(lanes, caller, each) for each in user_names]
    return [type(each) for each in await asyncio.gather(*works, return_exceptions=True)]


@asynccontextmanager
async def held(connection: asyncpg.Connection, caller: Caller) -> AsyncIterator[None]:
    """Hold the log's lock of an organization, as a stuck process does."""
    async with connection.transaction():
        await connection.fetch("SELECT eventstore.lock_log($1)", caller.organization.id)
        yield


async def count_users(connection: asyncpg.Connection, user_name: str) -> int:
    """Return how many users have a name."""
    counted: int = await connection.fetchval(
        "SELECT count(*) FROM directory.users WHERE user_name_key = $1", user_name
    )
    return counted


async def test_a_refused_command_fails_alone(runtime: Runtime, caller: Caller) -> None:
    came_to = await create_all(runtime.lanes, caller, "jo", "ann", "JO", "kim")
    assert came_to == [Outcome, Outcome, Uniqueness, Outcome]


async def test_a_command_that_postgres_cannot_store_fails_alone(
    runtime: Runtime, caller: Caller
) -> None:
    came_to = await create_all(runtime.lanes, caller, "jo", "n\0l", "ann")
    assert came_to == [Outcome, asyncpg.CharacterNotInRepertoireError, Outcome]


async def test_a_command_that_cannot_be_encoded_fails_alone(
    runtime: Runtime, caller: Caller
) -> None:
    came_to = await create_all(runtime.lanes, caller, "jo", "half a \ud800", "ann")
    assert came_to == [Outcome, TypeError, Outcome]


async def test_an_acknowledged_command_is_there_for_everybody(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    await create(runtime.lanes, caller, "jo")
    assert await count_users(connection, "jo") == 1


async def callers(runtime: Runtime, count: int) -> list[Caller]:
    """Make organizations; return a caller of each."""
    return [
        Caller(
            (
                await create_organization(runtime, f"Org {n}", provenance=cli_provenance())
            ).organization,
            None,
            "cli",
        )
        for n in range(count)
    ]


async def test_organizations_that_write_at_once_share_commits(
    runtime: Runtime, connection: asyncpg.Connection
) -> None:
    many = await callers(runtime, 6)

    came_to = await asyncio.gather(
        *(create_all(runtime.lanes, each, "jo", "ann", "JO") for each in many)
    )

    assert came_to == [[Outcome, Outcome, Uniqueness]] * 6
    commits = (
        "SELECT count(DISTINCT events.xmin::text) FROM eventstore.events JOIN directory.users"
        " ON users.id = stream_id WHERE user_name_key IN ('jo', 'ann')"
    )
    assert await connection.fetchval(commits) < 6
    assert await count_users(connection, "jo") == 6


COMMITS = (
    "SELECT count(DISTINCT events.xmin::text) FROM eventstore.events JOIN directory.users"
    " ON users.id = stream_id WHERE user_name_key LIKE 'large%'"
)


async def test_nobody_waits_for_the_large_users_of_another_organization(
    runtime: Runtime, connection: asyncpg.Connection
) -> None:
    many = await callers(runtime, 6)
    title = "x" * (ALONE_SIZE_MIN + 1)

    await asyncio.gather(*(create(runtime.lanes, each, "large", title=title) for each in many))

    assert await connection.fetchval(COMMITS) == 6


async def test_a_batch_of_large_users_ends_early(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    count, title = 24, "x" * 200_000
    assert count * len(title) > 2 * SIZE_MAX

    await asyncio.gather(
        *(create(runtime.lanes, caller, f"large.{n}", title=title) for n in range(count))
    )

    assert await count_users(connection, "large.23") == 1
    assert await connection.fetchval(COMMITS) >= 3


@pytest.mark.parametrize(
    ("poison", "error"),
    [("n\0l", asyncpg.CharacterNotInRepertoireError), ("half a \ud800", TypeError)],
)
async def test_a_command_that_cannot_be_written_harms_no_other_organization(
    runtime: Runtime, poison: str, error: type[Exception]
) -> None:
    many = await callers(runtime, 4)
    names = [["jo", poison], ["jo"], ["jo"], [poison]]

    came_to = await asyncio.gather(
        *(create_all(runtime.lanes, each, *own) for each, own in zip(many, names, strict=True))
    )

    assert came_to == [[Outcome, error], [Outcome], [Outcome], [error]]


async def test_of_organizations_that_write_at_once_each_meets_its_own_obstacle(
    runtime: Runtime, connection: asyncpg.Connection
) -> None:
    many = await callers(runtime, 4)
    await create(runtime.lanes, many[1], "jo")
    async with held(connection, many[0]):
        waits = asyncio.create_task(create_all(runtime.lanes, many[0], "jo"))
        others = [create_all(runtime.lanes, each, "jo", "ann") for each in many[1:]]
        assert await asyncio.gather(*others) == [[Uniqueness, Outcome], *[[Outcome, Outcome]] * 2]
        assert not waits.done()

    assert await waits == [Outcome]


async def test_organizations_do_not_wait_for_each_other(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    other = Caller(
        (await create_organization(runtime, "Fabrikam", provenance=cli_provenance())).organization,
        None,
        "cli",
    )
    async with held(connection, caller):
        waiting = asyncio.create_task(create(runtime.lanes, caller, "jo"))
        await create(runtime.lanes, other, "jo")
        assert not waiting.done()
    assert (await waiting).is_changed


async def test_what_waits_is_bounded(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    lanes = Lanes(runtime.pool, runtime.sealer, waiting_max=2)
    async with held(connection, caller):
        begun = [asyncio.create_task(create(lanes, caller, "first"))]
        await asyncio.sleep(0.05)
        begun += [asyncio.create_task(create(lanes, caller, each)) for each in ("jo", "ann")]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await create(lanes, caller, "kim")
    assert [each.is_changed for each in await asyncio.gather(*begun)] == [True] * 3


async def test_a_lock_that_stays_taken_is_an_outage_and_passes(
    runtime: Runtime, caller: Caller, impatient: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    lanes = Lanes(impatient, runtime.sealer)
    async with held(connection, caller):
        with pytest.raises(Unavailable):
            await create(lanes, caller, "jo")
    assert (await create(lanes, caller, "jo")).is_changed


async def test_a_command_that_has_waited_too_long_is_refused(
    runtime: Runtime,
    caller: Caller,
    impatient: asyncpg.Pool,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane, "WAIT_TIMEOUT_S", 0.05)
    lanes = Lanes(impatient, runtime.sealer)
    async with held(connection, caller):
        first = asyncio.create_task(create(lanes, caller, "first"))
        await asyncio.sleep(0.02)  # Then it is in a batch.
        late = asyncio.create_task(create(lanes, caller, "late"))
        refused = await asyncio.gather(first, late, return_exceptions=True)
    assert [str(each)[:19] for each in refused] == [
        "The database cannot",
        "The service is busy",
    ]


async def test_a_command_whose_client_has_left_is_done_all_the_same(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    async with held(connection, caller):
        gone = asyncio.create_task(create(runtime.lanes, caller, "jo"))
        await asyncio.sleep(0.05)
        gone.cancel()
    await create(runtime.lanes, caller, "ann")
    assert await count_users(connection, "jo") == 1


async def test_closing_finishes_what_waits_and_takes_no_more(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    lanes = Lanes(runtime.pool, runtime.sealer)
    async with held(connection, caller):
        waiting = [asyncio.create_task(create(lanes, caller, each)) for each in ("jo", "ann")]
        await asyncio.sleep(0)
        closing = asyncio.create_task(lanes.close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await create(lanes, caller, "kim")
    await closing
    assert [each.result().is_changed for each in waiting] == [True, True]


async def test_listeners_are_notified_of_commits_only(runtime: Runtime, caller: Caller) -> None:
    heard: list[UUID] = []
    lanes = Lanes(runtime.pool, runtime.sealer, on_commit=heard.append)
    await create(lanes, caller, "jo")
    with pytest.raises(Uniqueness):
        await create(lanes, caller, "jo")
    assert heard == [caller.organization.id]


async def test_an_interrupted_connection_does_not_keep_its_borrower_waiting(
    runtime: Runtime,
) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with borrowed(runtime.pool, timeout_s=0.1) as connection:
            await connection.execute("SELECT pg_sleep(15)")
    assert time.monotonic() - began < 2


async def last_statements(connection: asyncpg.Connection) -> str:
    """Return the last statements of the service's connections."""
    rows = await connection.fetch(
        "SELECT query FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'scim-ledger'"
    )
    return "\n".join(row["query"] for row in rows)


async def test_users_are_written_by_one_statement_where_nobody_else_writes(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    lanes = Lanes(runtime.pool, runtime.sealer)
    await create_all(lanes, caller, "jo", "ann", "kim")
    assert "-- append_and_save_users:" in await last_statements(connection)


async def test_people_are_created_without_a_look_for_their_names(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    lanes = Lanes(runtime.pool, runtime.sealer)
    await create_all(lanes, caller, "jo", "ann")
    assert "-- find_user_names" not in await last_statements(connection)


async def test_names_are_looked_for_once_one_was_taken(runtime: Runtime, caller: Caller) -> None:
    lanes = Lanes(runtime.pool, runtime.sealer)
    assert await create_all(lanes, caller, "jo", "JO") == [Outcome, Uniqueness]
    assert await create_all(lanes, caller, "ann", "Jo") == [Outcome, Uniqueness]
    assert await create_all(lanes, caller, "kim", "jo", "Ann") == [Outcome, Uniqueness, Uniqueness]


@pytest.mark.parametrize("same", ["userName", "externalId"])
async def test_who_comes_back_is_known_by_a_name_that_nobody_looked_for(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection, same: str
) -> None:
    former = row_of(await create(runtime.lanes, caller, "jo", externalId="e1"))
    await runtime.lanes.submit(delete_user(former.id), caller, cli_provenance())
    lanes = Lanes(runtime.pool, runtime.sealer)  # It knows of no name that was taken.
    name, external_id = ("JO", "e2") if same == "userName" else ("ann", "e1")

    others = create_all(lanes, caller, "kim", "lee")
    back, came_to = await asyncio.gather(
        create(lanes, caller, name, externalId=external_id), others
    )

    assert came_to == [Outcome, Outcome]
    data = await connection.fetchval(
        "SELECT data FROM eventstore.events WHERE stream_id = $1 AND version = 1", row_of(back).id
    )
    assert orjson.loads(data)["formerUserId"] == str(former.id)


async def test_nobody_is_created_in_an_organization_that_is_gone(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    elsewhere, moved = new_id(), "UPDATE directory.organizations SET organization_id = $1"
    await connection.execute(moved, elsewhere)
    lanes = Lanes(runtime.pool, runtime.sealer)
    with pytest.raises(ScimError):
        await create(lanes, caller, "jo")
    assert await count_users(connection, "jo") == 0
    await connection.execute(moved, caller.organization.id)


async def test_who_loses_access_is_written_by_one_statement_too(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    lanes = Lanes(runtime.pool, runtime.sealer)
    made = await create(lanes, caller, "jo")
    assert isinstance(made.row, UserRow)
    deactivate = patch_user(replace("active", False), user_id=made.row.id)
    await lanes.submit(deactivate, caller, cli_provenance())
    assert "-- append_and_save_users:" in await last_statements(connection)
    lost = await connection.fetch("SELECT user_id, kind FROM directory.losses")
    assert [tuple(each) for each in lost] == [(made.row.id, "deactivation")]


async def test_a_batch_that_another_writer_overtook_is_decided_again(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    other = Lanes(runtime.pool, runtime.sealer)
    async with connection.transaction():
        await connection.execute("LOCK TABLE directory.former_users IN ACCESS EXCLUSIVE MODE")
        late = asyncio.create_task(create(runtime.lanes, caller, "JO"))
        await asyncio.sleep(0.2)  # It has read the log's end, and waits to read the names.
        await append_elsewhere(connection, runtime, caller)
    assert (await late).is_changed
    assert (await create_all(other, caller, "jo", "ann")) == [Uniqueness, Outcome]


async def test_what_somebody_else_wrote_since_our_last_batch_is_found(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    await create(runtime.lanes, caller, "jo")  # From now on the log's end is remembered.
    async with connection.transaction():
        await append_elsewhere(connection, runtime, caller)
    assert await create_all(runtime.lanes, caller, "kim", "ann") == [Uniqueness, Outcome]
    assert (await create(runtime.lanes, caller, "eve")).is_changed


async def test_instants_are_those_of_postgres_when_the_end_of_the_log_is_remembered(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    for number in range(20):
        before = await connection.fetchval("SELECT clock_timestamp()")
        row = row_of(await create(runtime.lanes, caller, f"user {number}"))
        after = await connection.fetchval("SELECT clock_timestamp()")
        assert before - CLOCK_READ < row.created_at < after
        await asyncio.sleep(0.1)  # Some batches find the end remembered, others find it too old.


async def append_elsewhere(
    connection: asyncpg.Connection, runtime: Runtime, caller: Caller
) -> None:
    """Make a user in a separate transaction, as another process does."""
    work = Work(CreateUser(new_id(), {"userName": "kim"}, USER), caller, cli_provenance())
    tail = await lock_log(connection, caller.organization.id)
    batch = await decide_batch(
        connection,
        caller.organization.id,
        tail,
        [work],
        find_names=finding_names(connection, runtime.sealer),
        quotas=Quotas(None),
    )
    await write_batch(connection, batch, runtime.sealer)


async def test_two_processes_that_write_to_one_log_lose_nothing_and_share_no_name(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    lanes = [Lanes(runtime.pool, runtime.sealer) for _ in range(3)]
    names = [f"user {number}" for number in range(40)]
    came_to = await asyncio.gather(*(create_all(each, caller, *names) for each in lanes))
    counts = [sum(each is Outcome for each in of_name) for of_name in zip(*came_to, strict=True)]
    assert counts == [1] * len(names)
    assert [await count_users(connection, each) for each in names] == counts


async def test_a_command_whose_values_cannot_be_sealed_fails_alone(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    names = ("jo", "ann", "kim")
    made = [row_of(await create(runtime.lanes, caller, each)) for each in names]
    key = await connection.fetchrow(
        "DELETE FROM eventstore.subject_keys WHERE subject_id = $1 RETURNING *", made[1].id
    )
    commands = [
        ReplaceUser(row.id, {"userName": name, "title": "x"}, USER)
        for row, name in zip(made, names, strict=True)
    ]
    works = [runtime.lanes.submit(each, caller, cli_provenance()) for each in commands]
    came_to = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in came_to] == [Outcome, SubjectErased, Outcome]
    await connection.execute("INSERT INTO eventstore.subject_keys VALUES ($1, $2, $3, $4)", *key)


def row_of(outcome: Outcome) -> UserRow:
    """Return the row of the user that a command made."""
    assert isinstance(outcome.row, UserRow)
    return outcome.row


async def test_a_write_without_an_answer_is_reported_as_having_an_unknown_outcome(
    runtime: Runtime,
    caller: Caller,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane, "COMMIT_TIMEOUT_S", 0.5)
    async with connection.transaction():
        await connection.execute("LOCK TABLE eventstore.subject_keys IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Unavailable, match="outcome is unknown"):
            await create(runtime.lanes, caller, "jo")


async def test_a_statement_that_a_swap_overtook_does_not_write_to_the_former_table(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    await create(runtime.lanes, caller, "warm")  # The statement is planned now.
    await slow_down_the_lock(connection)
    late = asyncio.create_task(create(runtime.lanes, caller, "jo"))
    await asyncio.sleep(0.5)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(23578, 1)")
        await swap_directory(connection)
    assert (await late).is_changed
    assert await count_users(connection, "jo") == 1
    former = "SELECT count(*) FROM directory_previous.users WHERE user_name_key = 'jo'"
    assert await connection.fetchval(former) == 0


async def slow_down_the_lock(connection: asyncpg.Connection) -> None:
    """Make a second pass between the snapshot of the statement that takes the lock and the lock itself."""
    source = await connection.fetchval(
        "SELECT pg_get_functiondef('eventstore.take_log_lock'::regproc)"
    )
    begin = "RETURN pg_try_advisory_xact_lock_shared"
    assert begin in source
    await connection.execute(
        source.replace(begin, begin.replace("RETURN ", "RETURN pg_sleep(1) IS NOT NULL AND "))
    )


async def swap_directory(connection: asyncpg.Connection) -> None:
    """Swap in a copy of the directory, as a rebuild does."""
    await connection.execute("CREATE SCHEMA directory_next")
    for (table,) in await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'directory'"
    ):
        await connection.execute(
            f"CREATE TABLE directory_next.{table} (LIKE directory.{table} INCLUDING ALL);"
            f"INSERT INTO directory_next.{table} SELECT * FROM directory.{table}"
        )
    await connection.execute(
        "GRANT USAGE ON SCHEMA directory_next TO scim_ledger_service;"
        "GRANT ALL ON ALL TABLES IN SCHEMA directory_next TO scim_ledger_service;"
        "ALTER SCHEMA directory RENAME TO directory_previous;"
        "ALTER SCHEMA directory_next RENAME TO directory"
    )


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("REVOKE INSERT ON directory.users FROM scim_ledger_service", "cannot be reached"),
        (
            "REVOKE EXECUTE ON FUNCTION eventstore.append_events FROM scim_ledger_service",
            "cannot be reached",
        ),
        ("DROP FUNCTION eventstore.append_events", "of another release"),
        ("ALTER TABLE directory.users DROP CONSTRAINT users_pkey", "of another release"),
    ],
)
async def test_what_the_operator_must_repair_is_not_the_fault_of_the_command(
    runtime: Runtime,
    caller: Caller,
    connection: asyncpg.Connection,
    change: str,
    detail: str,
) -> None:
    await connection.execute(change)
    with pytest.raises(Unavailable, match=detail):
        await create(runtime.lanes, caller, "jo")


async def test_a_command_that_a_deadlock_ended_may_be_sent_again(
    runtime: Runtime, caller: Caller, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "CREATE FUNCTION directory.fall() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'a deadlock' USING ERRCODE = 'deadlock_detected'; END $$;"
        "CREATE TRIGGER falls BEFORE INSERT ON directory.users FOR EACH ROW"
        " EXECUTE FUNCTION directory.fall()"
    )
    with pytest.raises(Unavailable, match="changed at the same moment"):
        await create(runtime.lanes, caller, "jo")
