"""The log refuses every change, whatever the method and the account."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.database.events import append_events, new_event, new_streams

CHANGES = {
    "update": "UPDATE eventstore.events SET data = '{}'",
    "update one column to itself": "UPDATE eventstore.events SET type = type",
    "update from another table": (
        "UPDATE eventstore.events SET type = 'Gone' FROM eventstore.events AS other"
        " WHERE other.position = events.position"
    ),
    "update in a cte": (
        "WITH changed AS (UPDATE eventstore.events SET type = 'Gone' RETURNING position)"
        " SELECT position FROM changed"
    ),
    "update through a view": (
        "CREATE TEMPORARY VIEW seen AS SELECT * FROM eventstore.events; UPDATE seen SET type = 'Gone'"
    ),
    "update at a cursor": (
        "DO $$ DECLARE one CURSOR FOR SELECT FROM eventstore.events FOR UPDATE; BEGIN OPEN one;"
        " MOVE one; UPDATE eventstore.events SET type = 'Gone' WHERE CURRENT OF one; END $$"
    ),
    "upsert": (
        "INSERT INTO eventstore.events SELECT * FROM eventstore.events"
        " ON CONFLICT ON CONSTRAINT events_pkey DO UPDATE SET type = 'Gone'"
    ),
    "delete": "DELETE FROM eventstore.events",
    "delete with using": (
        "DELETE FROM eventstore.events USING eventstore.events AS other"
        " WHERE other.position = events.position"
    ),
    "delete in a cte": (
        "WITH gone AS (DELETE FROM eventstore.events RETURNING position) SELECT position FROM gone"
    ),
    "merge that updates": (
        "MERGE INTO eventstore.events USING (SELECT 1) AS one ON true"
        " WHEN MATCHED THEN UPDATE SET type = 'Gone'"
    ),
    "merge that deletes": (
        "MERGE INTO eventstore.events USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE"
    ),
    "truncate": "TRUNCATE eventstore.events",
    "truncate with others": "TRUNCATE eventstore.subject_keys, eventstore.events CASCADE",
}
DISARMING = {
    "disable the trigger": "ALTER TABLE eventstore.events DISABLE TRIGGER events_never_change",
    "disable all triggers": "ALTER TABLE eventstore.events DISABLE TRIGGER ALL",
    "drop the trigger": "DROP TRIGGER events_never_change ON eventstore.events",
    "drop the constraint": "ALTER TABLE eventstore.events DROP CONSTRAINT events_pkey",
    "drop the table": "DROP TABLE eventstore.events",
    "drop the schema": "DROP SCHEMA eventstore CASCADE",
    "add a trigger": (
        "CREATE TRIGGER mine BEFORE INSERT ON eventstore.events"
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    ),
    "add a rule": "CREATE RULE mine AS ON INSERT TO eventstore.events DO INSTEAD NOTHING",
    "replace the function": (
        "CREATE OR REPLACE FUNCTION eventstore.refuse_change() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ),
    "switch triggers off": "SET session_replication_role = replica",
    "lock the table": "BEGIN; LOCK TABLE eventstore.events IN ACCESS EXCLUSIVE MODE; COMMIT",
    "lock the rows": "SELECT FROM eventstore.events FOR UPDATE",
}
changing = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
disarming = pytest.mark.parametrize("change", DISARMING.values(), ids=DISARMING.keys())


@pytest.fixture
async def superuser(connection: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """Give a superuser's connection to a log of two events, and check afterwards that the log is unchanged."""
    await append_events(connection, new_event(1), new_event(2))
    before = await connection.fetch("SELECT * FROM eventstore.events ORDER BY position")
    yield connection
    after = await connection.fetch("SELECT * FROM eventstore.events ORDER BY position")
    assert [str(event) for event in after] == [str(event) for event in before]


@pytest.fixture
async def owner(superuser: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """Give a connection of the table's owner, who is no superuser."""
    role = f"owner_of_{await superuser.fetchval('SELECT current_database()')}"
    await superuser.execute(f"CREATE ROLE {role}")
    await superuser.execute(f"GRANT USAGE, CREATE ON SCHEMA eventstore TO {role}")
    await superuser.execute(f"ALTER TABLE eventstore.events OWNER TO {role}")
    await superuser.execute(f"ALTER TABLE eventstore.subject_keys OWNER TO {role}")
    await superuser.execute(f"SET ROLE {role}")
    yield superuser
    await superuser.execute("RESET ROLE")
    await superuser.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
    await superuser.execute(f"DROP OWNED BY {role} CASCADE")
    await superuser.execute(f"DROP ROLE {role}")


@changing
async def test_the_service_may_not_change_the_log(
    superuser: asyncpg.Connection, service_connection: asyncpg.Connection, change: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service_connection.execute(change)


@disarming
async def test_the_service_may_not_disarm_the_log(
    superuser: asyncpg.Connection, service_connection: asyncpg.Connection, change: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service_connection.execute(change)


@changing
async def test_the_owner_is_refused_a_change(owner: asyncpg.Connection, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await owner.execute(change)
    assert refused.value.constraint_name == "events_are_append_only"


@changing
async def test_a_superuser_is_refused_a_change(superuser: asyncpg.Connection, change: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await superuser.execute(change)


@changing
async def test_a_superuser_who_plays_the_replica_is_refused_a_change(
    superuser: asyncpg.Connection, change: str
) -> None:
    await superuser.execute("SET session_replication_role = replica")
    with pytest.raises(asyncpg.RestrictViolationError):
        await superuser.execute(change)


@pytest.mark.parametrize("method", ["after", "before"])
async def test_a_copy_into_the_log_must_follow_its_tail(
    superuser: asyncpg.Connection, method: str
) -> None:
    position = {"before": 2, "after": 4}[method]
    rows = await superuser.fetch("SELECT * FROM eventstore.events WHERE position = 2")
    copied = [(row[0], position, row[2], 3, *row[4:]) for row in rows]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await superuser.copy_records_to_table("events", schema_name="eventstore", records=copied)


async def test_a_superuser_who_plays_the_replica_cannot_leave_a_gap(
    superuser: asyncpg.Connection,
) -> None:
    await superuser.execute("SET session_replication_role = replica")
    with pytest.raises(asyncpg.CheckViolationError):
        await superuser.execute(
            "INSERT INTO eventstore.events SELECT organization_id, 4, stream_id, 3, event_id, type,"
            " schema_version, recorded_at + interval '1 s', actor_id, token_id, request_id, source,"
            " data, sealed, subject_id FROM eventstore.events WHERE position = 2"
        )


async def test_the_service_may_append(service_connection: asyncpg.Connection) -> None:
    recorded = await append_events(service_connection, *new_streams(3))
    assert [event.position for event in recorded] == [1, 2, 3]


async def test_all_guards_of_the_log_are_always_on(connection: asyncpg.Connection) -> None:
    guards = await connection.fetch(
        "SELECT tgname::text, tgenabled::text FROM pg_trigger"
        " WHERE tgrelid = 'eventstore.events'::regclass AND NOT tgisinternal ORDER BY tgname"
    )
    assert [tuple(guard) for guard in guards] == [
        ("events_are_gapless", "A"),
        ("events_never_change", "A"),
        ("events_never_vanish", "A"),
        ("logs_are_in_one_place", "A"),
    ]
