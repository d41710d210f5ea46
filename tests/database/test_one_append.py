"""There is one append. Writes that wait for the log's lock and writes that do not call the same function."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from eventstore.append import columns_of, prepare
from eventstore.events import NewEvent
from eventstore.read import read_tail
from eventstore.sealing.sealer import Sealer
from projections.directory.load import Names, hashes_of
from projections.directory.rows import EXTERNAL_ID, USER_NAME, hash_name, user_row
from projections.directory.save import (
    append_and_save_users,
    append_and_save_users_of_many,
    columns_of_losses,
    columns_of_users,
)
from projections.directory.tables import LossRow, UserRow
from schema.events.user import User
from schema.scim.definitions import USER
from tests.builders import READER, START
from tests.database.events import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_STREAM,
    SEALER,
    STREAM,
    append_events,
    new_event,
)

COUNTS = """
SELECT (SELECT count(*) FROM eventstore.events),
       (SELECT count(*) FROM eventstore.subject_keys),
       (SELECT count(*) FROM directory.users)
"""
Write = Callable[[asyncpg.Connection], Awaitable[Any]]


def row_of(user_name: str = "jo", *, user_id: UUID = STREAM, version: int = 1) -> UserRow:
    """Return the row of a user in the directory."""
    user = User(
        id=user_id,
        version=version,
        created_at=START,
        modified_at=START,
        origin="scim",
        active=True,
        role_id=READER,
        attributes={"userName": user_name},
    )
    return user_row(user, USER)


def loss_of(row: UserRow) -> LossRow:
    """Return a loss of access of a user."""
    return LossRow(row.id, row.version, row.id, "deactivation", START)


async def losses(connection: asyncpg.Connection) -> list[tuple[UUID, UUID]]:
    """Return who has lost access, as (organization, user)."""
    rows = await connection.fetch("SELECT organization_id, user_id FROM directory.losses")
    return [tuple(row) for row in rows]


async def write_optimistic(
    connection: asyncpg.Connection,
    *events: NewEvent,
    rows: list[UserRow],
    losses: Sequence[LossRow] = (),
    behind: int = 0,
) -> None:
    """Append events and save users in one statement, after a tail that may be outdated by `behind` events."""
    tail = await read_tail(connection, ORGANIZATION)
    tail = type(tail)(tail.position - behind, tail.recorded_at, tail.now)
    recorded, sealed = await prepare(connection, ORGANIZATION, tail, events, SEALER)
    users = columns_of_users(rows) if rows else [[] for _ in UserRow._fields]
    columns = [*columns_of(recorded, sealed), *users, *columns_of_losses(losses), [], []]
    await append_and_save_users(connection, ORGANIZATION, columns)


def first(stream_id: UUID = OTHER_STREAM) -> NewEvent:
    """Return the first event of a stream, with a personal part. The append makes a key for it."""
    return new_event(stream_id=stream_id, personal=b"{}")


async def write_one_locked(connection: asyncpg.Connection) -> None:
    """Append as a locked write does."""
    await append_events(connection, first())


async def write_one_optimistic(connection: asyncpg.Connection) -> None:
    """Append as an optimistic write does."""
    await write_optimistic(connection, first(), rows=[row_of(user_id=OTHER_STREAM)])


both_ways = pytest.mark.parametrize(
    "write", [write_one_locked, write_one_optimistic], ids=["locked", "optimistic"]
)


@both_ways
async def test_a_session_that_may_not_insert_events_appends(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection, write: Write
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="table events"):
        await service_connection.execute("INSERT INTO eventstore.events DEFAULT VALUES")
    await write(service_connection)
    assert (await connection.fetchrow(COUNTS))[:2] == (1, 1)


@both_ways
async def test_an_append_for_a_snapshot_of_before_is_refused(
    service_connection: asyncpg.Connection, write: Write
) -> None:
    await service_connection.execute("SET default_transaction_isolation = 'repeatable read'")
    with pytest.raises(asyncpg.InvalidTransactionStateError, match="READ COMMITTED"):
        await write(service_connection)


@both_ways
async def test_another_account_cannot_append(connection: asyncpg.Connection, write: Write) -> None:
    role = f"passer_by_{uuid4().hex[:12]}"
    await connection.execute(
        f"CREATE ROLE {role}; GRANT USAGE ON SCHEMA eventstore, directory, projections TO {role};"
        f"GRANT SELECT ON ALL TABLES IN SCHEMA eventstore TO {role};"
        f"GRANT ALL ON ALL TABLES IN SCHEMA directory TO {role}; SET ROLE {role}"
    )
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append_events"):
            await write(connection)
    finally:
        await connection.execute(f"RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")


async def test_functions_with_their_owner_s_rights_set_their_own_search_path(
    connection: asyncpg.Connection,
) -> None:
    rows = await connection.fetch(
        "SELECT proname, proconfig FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace"
        " WHERE prosecdef AND nspname NOT LIKE 'pg_%'"
    )
    assert {row["proname"]: row["proconfig"] for row in rows} == {
        "analyze_table": ["search_path=pg_catalog, pg_temp"],
        "append_events": ["search_path=pg_catalog, pg_temp"],
        "erase_subject": ["search_path=pg_catalog, pg_temp"],
    }


async def test_operators_on_the_search_path_of_a_session_are_not_used(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "CREATE SCHEMA mine; GRANT USAGE ON SCHEMA mine TO scim_ledger_service;"
        "CREATE FUNCTION mine.less(bigint, bigint) RETURNS boolean LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE 'used'; END $$;"
        "CREATE OPERATOR mine.< (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = mine.less)"
    )
    await service_connection.execute("SET search_path = mine, pg_catalog")
    await append_events(service_connection, new_event(1), new_event(2))
    assert (await connection.fetchrow(COUNTS))[0] == 2


async def test_events_keys_and_users_are_written_at_once(
    service_connection: asyncpg.Connection,
) -> None:
    await write_optimistic(service_connection, first(STREAM), rows=[row_of()])
    assert await service_connection.fetchrow(COUNTS) == (1, 1, 1)


async def test_events_are_appended_though_no_row_changes(
    service_connection: asyncpg.Connection,
) -> None:
    await write_optimistic(service_connection, first(STREAM), rows=[])
    assert await service_connection.fetchrow(COUNTS) == (1, 1, 0)


LEFT_KEY = "INSERT INTO eventstore.subject_keys (organization_id, subject_id, wrapped_key) VALUES ($1, $2, 'x')"
# Rule → event, rows.
REFUSED: dict[str, tuple[NewEvent, list[UserRow]]] = {
    "events_one_per_version": (new_event(1), [row_of("ann", version=2)]),
    "events_versions_are_gapless": (new_event(7), [row_of("ann", version=7)]),
    "subject_keys_pkey": (first(), []),
    "users_one_per_user_name": (first(), [row_of("jo", user_id=OTHER_STREAM)]),
}


@pytest.mark.parametrize("rule", REFUSED)
async def test_all_that_one_statement_writes_is_refused_with_any_of_it(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection, rule: str
) -> None:
    await write_optimistic(service_connection, first(STREAM), rows=[row_of()])
    if rule == "subject_keys_pkey":  # The stream is new, and its subject has a key all the same.
        await connection.execute(LEFT_KEY, ORGANIZATION, OTHER_STREAM)
    before = await service_connection.fetchrow(COUNTS)
    event, rows = REFUSED[rule]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await write_optimistic(service_connection, event, rows=rows)
    assert refused.value.constraint_name == rule
    assert await service_connection.fetchrow(COUNTS) == before
    assert await service_connection.fetchval("SELECT version FROM directory.users") == 1


async def test_a_tail_that_has_moved_leaves_nothing_written(
    service_connection: asyncpg.Connection,
) -> None:
    await write_optimistic(service_connection, first(STREAM), rows=[row_of()])
    with pytest.raises(asyncpg.LockNotAvailableError):
        await write_optimistic(
            service_connection, first(), rows=[row_of("ann", user_id=OTHER_STREAM)], behind=1
        )
    assert await service_connection.fetchrow(COUNTS) == (1, 1, 1)


async def test_who_holds_the_log_leaves_nothing_written(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await connection.fetch("SELECT eventstore.lock_log($1)", ORGANIZATION)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await write_one_optimistic(service_connection)
    assert await connection.fetchrow(COUNTS) == (0, 0, 0)


async def write_of(
    connection: asyncpg.Connection, organization_id: UUID, event: NewEvent, row: UserRow
) -> tuple[int, list[list[Any]]]:
    """Return where a log ends, and the columns that append an event, save a user and add a loss."""
    tail = await read_tail(connection, organization_id)
    recorded, sealed = await prepare(connection, organization_id, tail, [event], SEALER)
    columns = [*columns_of(recorded, sealed), *columns_of_users([row])]
    return tail.position, [*columns, *columns_of_losses([loss_of(row)]), [], []]


async def write_of_two(
    connection: asyncpg.Connection,
    *writes: tuple[UUID, NewEvent, UserRow],
    behind: UUID | None = None,
) -> dict[UUID, str]:
    """Write for several organizations; the tail of one may be outdated by one event."""
    made = {key: await write_of(connection, key, event, row) for key, event, row in writes}
    tails = {key: tail - (key == behind) for key, (tail, _) in made.items()}
    return await append_and_save_users_of_many(
        connection, tails, [columns for _, columns in made.values()]
    )


HERE, THERE = (
    (ORGANIZATION, first(STREAM), row_of()),
    (OTHER_ORGANIZATION, first(), row_of(user_id=OTHER_STREAM)),
)


async def test_several_organizations_are_written_at_once(
    service_connection: asyncpg.Connection,
) -> None:
    answers = await write_of_two(service_connection, HERE, THERE)

    assert answers == {ORGANIZATION: "written", OTHER_ORGANIZATION: "written"}
    assert await service_connection.fetchrow(COUNTS) == (2, 2, 2)
    trees = await service_connection.fetch("SELECT organization_id, marks_from FROM proof.logs")
    assert {row["organization_id"] for row in trees} == {ORGANIZATION, OTHER_ORGANIZATION}


async def test_one_whose_log_is_held_does_not_keep_the_others_back(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await connection.fetch("SELECT eventstore.lock_log($1)", ORGANIZATION)
        answers = await write_of_two(service_connection, HERE, THERE)

    assert answers == {ORGANIZATION: "locked", OTHER_ORGANIZATION: "written"}
    assert await connection.fetchrow(COUNTS) == (1, 1, 1)
    assert await losses(connection) == [(OTHER_ORGANIZATION, OTHER_STREAM)]


async def test_losses_are_written_with_their_events_or_not_at_all(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    row = row_of(user_id=OTHER_STREAM)
    async with connection.transaction():
        await connection.fetch("SELECT eventstore.lock_log($1)", ORGANIZATION)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await write_optimistic(service_connection, first(), rows=[row], losses=[loss_of(row)])
    assert await losses(connection) == []

    await write_optimistic(service_connection, first(), rows=[row], losses=[loss_of(row)])
    assert await losses(connection) == [(ORGANIZATION, OTHER_STREAM)]


async def test_one_whose_tail_has_moved_does_not_keep_the_others_back(
    service_connection: asyncpg.Connection,
) -> None:
    await write_optimistic(service_connection, first(STREAM), rows=[row_of()])
    later = (ORGANIZATION, first(uuid4()), row_of("ann", user_id=uuid4()))

    answers = await write_of_two(service_connection, later, THERE, behind=ORGANIZATION)

    assert answers == {ORGANIZATION: "locked", OTHER_ORGANIZATION: "written"}
    assert await service_connection.fetchrow(COUNTS) == (2, 2, 2)


async def test_one_whose_name_is_taken_does_not_keep_the_others_back(
    service_connection: asyncpg.Connection,
) -> None:
    await write_optimistic(service_connection, first(STREAM), rows=[row_of()])
    taken = (ORGANIZATION, first(uuid4()), row_of("jo", user_id=uuid4()))

    answers = await write_of_two(service_connection, taken, THERE)

    assert answers == {ORGANIZATION: "taken", OTHER_ORGANIZATION: "written"}
    assert await service_connection.fetchrow(COUNTS) == (2, 2, 2)


NAMING = Sealer(bytes(32), name_key=bytes(32))
NAMED = """
INSERT INTO directory.organizations (organization_id, version, created_at, name, name_key, roles, schemas)
VALUES ($1, 1, now(), ($1::uuid)::text, ($1::uuid)::text, '{}', '{}')
"""


@pytest.mark.parametrize("kind", [USER_NAME, EXTERNAL_ID])
async def test_who_has_a_name_of_a_deleted_user_is_not_written(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection, kind: str
) -> None:
    names = Names({"jo"}, {"e1"})
    for each in (ORGANIZATION, OTHER_ORGANIZATION):
        await connection.execute(NAMED, each)
    await connection.execute(
        "INSERT INTO directory.former_users VALUES ($1, $2, $3, $4)",
        *(ORGANIZATION, uuid4()),
        hash_name(NAMING, ORGANIZATION, USER_NAME, "jo" if kind == USER_NAME else "ann"),
        hash_name(NAMING, ORGANIZATION, EXTERNAL_ID, "e1" if kind == EXTERNAL_ID else "e2"),
    )
    writes = {each[0]: await write_of(connection, *each) for each in (HERE, THERE)}
    columns = [
        [*made[:-2], *await hashes_of(NAMING, key, names)] for key, (_, made) in writes.items()
    ]

    with pytest.raises(asyncpg.UniqueViolationError):
        await append_and_save_users(service_connection, ORGANIZATION, columns[0])
    assert await connection.fetchrow(COUNTS) == (0, 0, 0)

    tails = {key: tail for key, (tail, _) in writes.items()}
    answers = await append_and_save_users_of_many(service_connection, tails, columns)
    assert answers == {ORGANIZATION: "taken", OTHER_ORGANIZATION: "written"}
    assert await connection.fetchrow(COUNTS) == (1, 1, 1)


async def test_names_are_taken_where_there_is_no_organization(
    service_connection: asyncpg.Connection,
) -> None:
    tail, columns = await write_of(service_connection, *HERE)
    columns[-2:] = await hashes_of(NAMING, ORGANIZATION, Names({"jo"}, ()))

    with pytest.raises(asyncpg.UniqueViolationError):
        await append_and_save_users(service_connection, ORGANIZATION, columns)
    answers = await append_and_save_users_of_many(
        service_connection, {ORGANIZATION: tail}, [columns]
    )
    assert answers == {ORGANIZATION: "taken"}


async def test_what_the_log_itself_refuses_leaves_nothing_of_any_written(
    service_connection: asyncpg.Connection,
) -> None:
    gap = (ORGANIZATION, new_event(7), row_of("ann", version=7))

    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await write_of_two(service_connection, gap, THERE)

    assert await service_connection.fetchrow(COUNTS) == (0, 0, 0)
