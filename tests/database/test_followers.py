"""A follower writes a batch together with its checkpoint, and parks streams that it cannot follow."""

import re
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from projections.followers.follower import Follower, Superseded, advance, load_checkpoints
from projections.followers.lag import lag
from projections.followers.parked import parked, retry_parked
from projections.history.read import role_at_position
from projections.history.write import HISTORY, write_history
from schema.events.group import MembersAdded, MembersRemoved
from schema.events.user import RoleAssigned, UserDeactivated
from service.ids import new_id
from tests.builders import (
    ANN,
    EDITOR,
    JO,
    ORGANIZATION_ID,
    READER,
    VALIDATOR,
    ann,
    created,
    jo,
    provisioned,
    sales,
)
from tests.database.book import Book, follow_to_the_end

PROMOTED = RoleAssigned(role_id=EDITOR, previous_role_id=READER)
MOVED = RoleAssigned(role_id=VALIDATOR, previous_role_id=EDITOR)


def failing(error: Exception, stream_id: UUID = JO) -> Follower:
    """Return a follower that writes history but fails on one stream."""

    async def write(
        connection: Connection, organization_id: UUID, events: Sequence[RecordedEvent]
    ) -> None:
        await write_history(connection, organization_id, events)
        if any(event.stream_id == stream_id for event in events):
            raise error

    return Follower("history", write)


BROKEN = failing(ValueError("jo@example.com is not a number"))


@pytest.fixture
async def book(connection: asyncpg.Connection) -> Book:
    """Give a log with two provisioned users, of whom Jo was promoted."""
    book = Book(connection)
    await book.record(jo(provisioned(role=READER)), ann(provisioned("ann")), jo(PROMOTED))
    return book


async def positions(connection: asyncpg.Connection) -> list[int]:
    """Return the positions on the timeline."""
    rows = await connection.fetch("SELECT position FROM history.activity ORDER BY position")
    return [row["position"] for row in rows]


async def test_a_batch_and_its_checkpoint_are_one(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    assert await advance(service_connection, HISTORY, ORGANIZATION_ID, after=0, limit=2) == 2
    assert await load_checkpoints(service_connection, "history") == {ORGANIZATION_ID: 2}
    assert await positions(service_connection) == [1, 2]


async def test_events_of_a_thousand_members_make_small_batches(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    crowds = [MembersAdded(members=tuple(new_id() for _ in range(1_000))) for _ in range(30)]
    await book.record(sales(created()), *(sales(each) for each in crowds))
    first = await advance(service_connection, HISTORY, ORGANIZATION_ID, after=0)
    assert 3 < first < 20
    assert await follow_to_the_end(service_connection, HISTORY, after=first) == 34
    assert await positions(service_connection) == list(range(1, 35))


async def test_an_outage_leaves_neither_rows_nor_checkpoint(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    with pytest.raises(ConnectionResetError):
        await advance(service_connection, failing(ConnectionResetError()), ORGANIZATION_ID, after=0)
    assert await load_checkpoints(service_connection, "history") == {}
    assert await positions(service_connection) == []


async def test_a_follower_goes_on_from_its_checkpoint(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await advance(service_connection, HISTORY, ORGANIZATION_ID, after=0, limit=2)
    known = await load_checkpoints(service_connection, "history")
    await follow_to_the_end(service_connection, HISTORY, after=known[ORGANIZATION_ID])
    assert await positions(service_connection) == [1, 2, 3]


async def test_a_former_leader_that_wakes_up_writes_nothing(
    book: Book, connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    with pytest.raises(Superseded):
        await advance(service_connection, HISTORY, ORGANIZATION_ID, after=0, limit=1)
    assert await load_checkpoints(service_connection, "history") == {ORGANIZATION_ID: 3}


async def test_a_poison_event_parks_its_stream_and_no_other(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await book.record(ann(UserDeactivated()))
    assert await follow_to_the_end(service_connection, BROKEN) == 4
    assert await positions(service_connection) == [2, 4]


async def test_only_a_batch_with_a_failing_event_has_savepoints(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    said: list[str] = []
    with service_connection.query_logger(lambda logged: said.append(logged.query)):
        await advance(service_connection, HISTORY, ORGANIZATION_ID, after=0)
        assert said
        assert not [each for each in said if each.startswith("SAVEPOINT")]
        await book.record(jo(UserDeactivated()), ann(UserDeactivated()))
        await advance(service_connection, BROKEN, ORGANIZATION_ID, after=3)
    assert [each for each in said if each.startswith("SAVEPOINT")]
    assert await positions(service_connection) == [1, 2, 3, 5]


async def test_a_parked_stream_is_listed_with_its_event_and_its_error(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, BROKEN)
    (waiting,) = await parked(service_connection, "history")
    assert (waiting.stream_id, waiting.position, waiting.version) == (JO, 1, 1)
    assert (waiting.event_type, waiting.attempts) == ("UserProvisioned", 1)
    assert re.fullmatch(
        r"ValueError in tests\.database\.test_followers\.write, line \d+", waiting.error
    )


async def test_the_error_of_a_parked_stream_holds_no_value(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, BROKEN)
    (waiting,) = await parked(service_connection, "history")
    assert "jo@example.com" not in str(waiting)


async def test_later_events_of_a_parked_stream_wait_with_it(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, BROKEN)
    await book.record(jo(MOVED))
    assert await follow_to_the_end(service_connection, HISTORY, after=3) == 4
    assert await positions(service_connection) == [2]


async def test_a_retry_applies_what_waits_in_order(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, BROKEN)
    await book.record(jo(MOVED))
    await follow_to_the_end(service_connection, HISTORY, after=3)
    assert await retry_parked(service_connection, HISTORY) == 1
    assert await positions(service_connection) == [1, 2, 3, 4]
    now = await role_at_position(service_connection, ORGANIZATION_ID, JO, 4)
    assert now is not None
    assert now.role_id == VALIDATOR


async def test_a_retry_leaves_events_after_the_checkpoint_to_the_follower(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, BROKEN)
    await book.record(jo(MOVED))
    await retry_parked(service_connection, HISTORY)
    assert await positions(service_connection) == [1, 2, 3]
    await follow_to_the_end(service_connection, HISTORY, after=3)
    assert await positions(service_connection) == [1, 2, 3, 4]


async def test_a_stream_that_fails_again_stays_parked(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, BROKEN)
    assert await retry_parked(service_connection, BROKEN) == 0
    (waiting,) = await parked(service_connection, "history")
    assert waiting.attempts == 2
    assert waiting.tried_at > waiting.parked_at


async def test_a_retry_of_another_organization_leaves_a_stream_parked(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, BROKEN)
    assert await retry_parked(service_connection, HISTORY, ANN) == 0
    assert len(await parked(service_connection, "history")) == 1


async def test_a_membership_that_ends_without_a_begin_parks_the_group(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await book.record(sales(created()), sales(MembersRemoved(members=(JO,))))
    await follow_to_the_end(service_connection, HISTORY)
    (waiting,) = await parked(service_connection, "history")
    assert (waiting.position, waiting.event_type) == (5, "MembersRemoved")
    assert re.fullmatch(
        r"NothingToEnd in projections\.history\.write\._end, line \d+: An event ends a period that is "
        r"not open: history and the log disagree\.",
        waiting.error,
    )


async def test_postgres_refuses_a_second_open_period_and_the_stream_is_parked(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await book.record(sales(created()), sales(MembersAdded(members=(JO,))))
    await book.record(sales(MembersAdded(members=(JO,))))
    await follow_to_the_end(service_connection, HISTORY, limit=5)
    (waiting,) = await parked(service_connection, "history")
    assert waiting.error.startswith("UniqueViolationError (membership_periods_one_open)")


async def test_lag_is_how_many_events_wait_and_for_how_long(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await advance(service_connection, HISTORY, ORGANIZATION_ID, after=0, limit=2)
    (behind,) = await lag(service_connection, "history")
    assert (behind.organization_id, behind.position, behind.tail) == (ORGANIZATION_ID, 2, 3)
    assert behind.events == 1
    assert behind.seconds > 0


async def test_the_lag_behind_many_logs_costs_as_many_statements_as_behind_one(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    # A leader that asks for each log by itself loses its lease meanwhile, and never follows anything.
    asked: list[str] = []
    service_connection.add_query_logger(lambda query: asked.append(query.query))
    await lag(service_connection, "history")
    of_one = len(asked)
    for number in range(20):
        await book.connection.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS one AS SELECT * FROM eventstore.events WHERE position = 1;"
            f"UPDATE one SET organization_id = '{UUID(int=number + 1)}', event_id = gen_random_uuid();"
            "INSERT INTO eventstore.events SELECT * FROM one"
        )
    asked.clear()
    lags = await lag(service_connection, "history")

    assert len(lags) == 21
    assert all(each.seconds > 0 for each in lags)
    assert len(asked) <= of_one


async def test_a_follower_at_the_end_of_a_log_has_no_lag(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(service_connection, HISTORY)
    (behind,) = await lag(service_connection, "history")
    assert (behind.events, behind.seconds) == (0, 0.0)
