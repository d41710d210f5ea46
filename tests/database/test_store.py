"""Appends and reads: without gaps, in commit order, with exactly the given text."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from eventstore.append import Tail, append, lock_log
from eventstore.errors import WrongExpectedVersion, WrongTail
from eventstore.events import NewEvent
from eventstore.read import read, read_stream, read_tail
from tests.database.events import (
    ENTRA,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_STREAM,
    SEALER,
    STREAM,
    append_events,
    new_event,
    new_streams,
)

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'advisory'"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def until_it_waits(observer: asyncpg.Connection, waiting: asyncpg.Connection) -> None:
    """Return when the connection waits for an advisory lock."""
    async with asyncio.timeout(10):
        while not await observer.fetchval(WAITING, waiting.get_server_pid()):
            pass


async def reads(connection: asyncpg.Connection) -> int:
    """Return how many rows and index entries of the log were read so far."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    count: int = await connection.fetchval(
        "SELECT seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes"
        " WHERE relname = 'events') FROM pg_stat_user_tables WHERE relname = 'events'"
    )
    return count


async def test_an_empty_log_ends_at_position_0(connection: asyncpg.Connection) -> None:
    tail = await read_tail(connection, ORGANIZATION)
    assert (tail.position, tail.recorded_at) == (0, None)


async def test_what_is_read_is_what_the_append_returned(connection: asyncpg.Connection) -> None:
    recorded = await append_events(connection, new_event(personal=b"{}"), new_event(2))
    assert await read(connection, ORGANIZATION, after=0, limit=10) == recorded


async def test_an_event_says_who_caused_it_and_how(connection: asyncpg.Connection) -> None:
    await append_events(connection, new_event())
    [event] = await read(connection, ORGANIZATION, after=0, limit=1)
    assert event.actor_id == ENTRA.actor_id
    assert event.token_id == ENTRA.token_id
    assert event.request_id == ENTRA.request_id
    assert event.source == "scim"


async def test_the_text_of_an_event_is_kept_to_the_letter(connection: asyncpg.Connection) -> None:
    text = '{ "b" : 1.0,"a":  [ ],  "b": "\\u00e9é" }'
    await append_events(connection, new_event(data=text))
    [event] = await read(connection, ORGANIZATION, after=0, limit=1)
    assert event.data == text


async def test_positions_go_on_where_the_log_ended(connection: asyncpg.Connection) -> None:
    await append_events(connection, *new_streams(2))
    recorded = await append_events(connection, *new_streams(2))
    assert [event.position for event in recorded] == [3, 4]


async def test_organizations_have_logs_of_their_own(connection: asyncpg.Connection) -> None:
    await append_events(connection, new_event())
    [event] = await append_events(connection, new_event(), organization_id=OTHER_ORGANIZATION)
    assert event.position == 1
    assert await read(connection, OTHER_ORGANIZATION, after=0, limit=10) == [event]


async def test_an_append_of_nothing_leaves_nothing(connection: asyncpg.Connection) -> None:
    assert await append_events(connection) == []
    assert await read(connection, ORGANIZATION, after=0, limit=10) == []


async def test_a_log_is_read_in_pages(connection: asyncpg.Connection) -> None:
    recorded = await append_events(connection, *new_streams(5))
    assert await read(connection, ORGANIZATION, after=2, limit=2) == recorded[2:4]


async def test_a_stream_is_read_by_its_versions(connection: asyncpg.Connection) -> None:
    events = [new_event(1), new_event(stream_id=OTHER_STREAM), new_event(2), new_event(3)]
    recorded = await append_events(connection, *events)
    found = await read_stream(connection, ORGANIZATION, STREAM, after_version=1, limit=10)
    assert found == recorded[2:]


async def test_instants_increase_within_one_append(connection: asyncpg.Connection) -> None:
    first, second, third = await append_events(connection, *new_streams(3))
    assert first.recorded_at < second.recorded_at < third.recorded_at


def test_instants_increase_though_the_clock_steps_back() -> None:
    tail = Tail(position=7, recorded_at=LONG_AGO + timedelta(hours=1), now=LONG_AGO)
    assert tail.recorded_at_of(0) > LONG_AGO + timedelta(hours=1)
    assert tail.recorded_at_of(1) > tail.recorded_at_of(0)


def test_the_first_instant_is_now() -> None:
    assert Tail(position=0, recorded_at=None, now=LONG_AGO).recorded_at_of(0) == LONG_AGO


@pytest.mark.parametrize("version", [1, 2, 4], ids=["taken", "taken by the last", "past the end"])
async def test_an_unexpected_version_is_refused(
    connection: asyncpg.Connection, version: int
) -> None:
    await append_events(connection, new_event(1), new_event(2))
    with pytest.raises(WrongExpectedVersion):
        await append_events(connection, new_event(version))


@pytest.mark.parametrize(
    "events",
    [
        [new_event(2)],
        [new_event(1), new_event(3)],
        [new_event(2), new_event(1)],
        [new_event(1), new_event(1)],
    ],
    ids=["begins at 2", "leaps", "goes backwards", "stands still"],
)
async def test_a_new_stream_counts_from_1(
    connection: asyncpg.Connection, events: list[NewEvent]
) -> None:
    with pytest.raises(WrongExpectedVersion):
        await append_events(connection, *events)


async def test_a_refused_append_leaves_nothing(connection: asyncpg.Connection) -> None:
    with pytest.raises(WrongExpectedVersion):
        await append_events(connection, new_event(1, personal=b"{}"), new_event(3))
    assert await read(connection, ORGANIZATION, after=0, limit=10) == []
    assert await connection.fetchval("SELECT count(*) FROM eventstore.subject_keys") == 0


@pytest.mark.parametrize("position", [0, 1, 3], ids=["first", "last but one", "past the end"])
async def test_an_append_elsewhere_than_at_the_tail_is_refused(
    connection: asyncpg.Connection, position: int
) -> None:
    await append_events(connection, *new_streams(2))
    tail = replace(await read_tail(connection, ORGANIZATION), position=position)
    with pytest.raises(WrongTail):
        await append(connection, ORGANIZATION, tail, new_streams(1), SEALER)


async def test_an_instant_before_the_tail_is_refused(connection: asyncpg.Connection) -> None:
    await append_events(connection, *new_streams(2))
    with pytest.raises(WrongTail):
        await append(connection, ORGANIZATION, Tail(2, LONG_AGO, LONG_AGO), new_streams(1), SEALER)


async def test_one_statement_may_append_to_several_logs(connection: asyncpg.Connection) -> None:
    await append_events(connection, new_event(1), new_event(2))
    await connection.execute(
        "INSERT INTO eventstore.events SELECT $1, position, stream_id, version, event_id, type,"
        " schema_version, recorded_at, actor_id, token_id, request_id, source, data, sealed,"
        " subject_id FROM eventstore.events ORDER BY position DESC",
        OTHER_ORGANIZATION,
    )
    copied = await read(connection, OTHER_ORGANIZATION, after=0, limit=10)
    assert [event.version for event in copied] == [1, 2]


async def test_who_waits_for_the_log_finds_what_the_other_appended(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    async with service_connection.transaction():
        # A snapshot for the whole transaction would be older than the other's commit.
        await service_connection.execute("SELECT 1")
        async with connection.transaction():
            tail = await lock_log(connection, ORGANIZATION)
            await append(connection, ORGANIZATION, tail, new_streams(3), SEALER)
            second = asyncio.create_task(lock_log(service_connection, ORGANIZATION))
            await until_it_waits(connection, service_connection)
            assert not second.done()
        tail = await second
        recorded = await append(service_connection, ORGANIZATION, tail, new_streams(1), SEALER)
    assert recorded[0].position == 4
    assert recorded[0].recorded_at == tail.now


async def test_who_waits_for_the_log_does_not_see_what_was_rolled_back(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    transaction = connection.transaction()
    await transaction.start()
    tail = await lock_log(connection, ORGANIZATION)
    await append(connection, ORGANIZATION, tail, new_streams(3), SEALER)
    second = asyncio.create_task(append_events(service_connection, new_event()))
    await until_it_waits(connection, service_connection)
    await transaction.rollback()
    [event] = await second
    assert event.position == 1


async def test_logs_do_not_wait_for_each_other(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await lock_log(connection, ORGANIZATION)
        await append_events(service_connection, new_event(), organization_id=OTHER_ORGANIZATION)
    tail = await read_tail(connection, OTHER_ORGANIZATION)
    assert tail.position == 1


async def test_an_append_waits_for_who_takes_the_lock_that_appends_share(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(23578, 1)")
        second = asyncio.create_task(append_events(service_connection, new_event()))
        await until_it_waits(connection, service_connection)
        assert not second.done()
    assert await second


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_a_transaction_that_cannot_see_the_tail_may_not_lock(
    connection: asyncpg.Connection, isolation: str
) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError, match="READ COMMITTED"):
        async with connection.transaction(isolation=isolation):
            await lock_log(connection, ORGANIZATION)


async def test_without_the_lock_the_second_of_two_appends_is_refused(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    tail = await read_tail(connection, ORGANIZATION)
    async with connection.transaction():
        await append(connection, ORGANIZATION, tail, new_streams(1), SEALER)
        late = append(service_connection, ORGANIZATION, tail, new_streams(1), SEALER)
        second = asyncio.create_task(late)
        await connection.execute("SELECT 1")
    with pytest.raises(WrongTail):
        await second


async def test_a_reader_skips_nothing_while_several_append(database_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=4, max_size=4) as pool:

        async def write() -> None:
            async with pool.acquire() as connection:
                for _ in range(30):
                    await append_events(connection, *new_streams(2))

        writers = asyncio.gather(write(), write(), write())
        seen: list[int] = []
        while len(seen) < 180:
            page = await read(pool, ORGANIZATION, after=len(seen), limit=50)
            seen += [event.position for event in page]
        await writers
    assert seen == list(range(1, 181))


async def test_a_plan_made_for_an_empty_log_still_looks_up_in_a_long_one(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute("ALTER TABLE eventstore.events SET (autovacuum_enabled = false)")
    for size in (2, 500, 500, 500, 500, 500):
        await append_events(connection, *new_streams(size))
    before = await reads(connection)
    await append_events(connection, *new_streams(20))
    assert await reads(connection) - before < 20 * 4


async def try_lock(
    connection: asyncpg.Connection, *, written: str = "eventstore.events", name: str = "events"
) -> bool:
    """Take the log's lock as a statement does that writes to the given table."""
    is_locked: bool = await connection.fetchval(
        "SELECT eventstore.try_lock_log($1, $2::text::regclass, 'eventstore', $3)",
        ORGANIZATION,
        written,
        name,
    )
    return is_locked


async def test_a_free_log_is_locked_at_once(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        assert await try_lock(connection)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await try_lock(service_connection)
    assert await try_lock(service_connection)


@pytest.mark.parametrize(
    "held",
    ["SELECT eventstore.lock_log($1)", "SELECT pg_advisory_xact_lock(23578, 1), $1::uuid"],
    ids=["append", "swap"],
)
async def test_who_finds_the_log_locked_does_not_wait(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection, held: str
) -> None:
    async with connection.transaction():
        await connection.fetch(held, ORGANIZATION)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await try_lock(service_connection)


async def test_a_table_that_no_longer_serves_is_not_written_to(
    connection: asyncpg.Connection,
) -> None:
    with pytest.raises(asyncpg.LockNotAvailableError):
        await try_lock(connection, name="events_of_before_the_swap")


async def test_a_log_is_not_locked_for_a_snapshot_of_before(
    connection: asyncpg.Connection,
) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError):
        async with connection.transaction(isolation="repeatable_read"):
            await try_lock(connection)
