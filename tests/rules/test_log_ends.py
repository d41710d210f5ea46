"""A remembered log end agrees with the log itself, and is used for a second at most."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventstore.append import TICK, Tail
from service.write.log_ends import FRESH_S, REMEMBERED_MAX, LogEnds, end_of
from tests.builders import JO, ORGANIZATION_ID

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EARLIER = end_of(Tail(7, NOON - SECOND, NOON), 100.0)


def test_the_clock_goes_on() -> None:
    assert EARLIER.tail(100.5) == Tail(7, NOON - SECOND, NOON + SECOND / 2)


def test_what_was_appended_is_before_the_next() -> None:
    tail = EARLIER.tail(100.5)
    end = EARLIER.after(tail, 3)
    assert end.position == 10
    assert end.recorded_at == tail.recorded_at_of(2)
    assert end.tail(100.5).recorded_at_of(0) == tail.recorded_at_of(2) + TICK


def test_where_nothing_was_appended_the_end_stays() -> None:
    assert EARLIER.after(EARLIER.tail(100.5), 0) == EARLIER


def test_an_end_is_taken_once() -> None:
    log_ends = LogEnds()
    log_ends.remember(ORGANIZATION_ID, EARLIER)
    assert log_ends.take(JO, 100.5) is None
    assert [log_ends.take(ORGANIZATION_ID, 100.5) for _ in range(2)] == [EARLIER, None]


def test_an_end_whose_clock_was_read_a_while_ago_is_read_anew() -> None:
    log_ends = LogEnds()
    log_ends.remember(ORGANIZATION_ID, EARLIER)
    assert log_ends.take(ORGANIZATION_ID, 100.0 + FRESH_S) is None


def test_an_end_is_forgotten_where_the_log_is_written_to_in_another_way() -> None:
    log_ends = LogEnds()
    log_ends.remember(ORGANIZATION_ID, EARLIER)
    log_ends.forget(ORGANIZATION_ID)
    assert log_ends.take(ORGANIZATION_ID, 100.0) is None


def test_only_so_many_are_remembered() -> None:
    log_ends = LogEnds()
    for number in range(REMEMBERED_MAX + 1):
        log_ends.remember(UUID(int=number), EARLIER)
    kept = [log_ends.take(UUID(int=number), 100.0) for number in range(REMEMBERED_MAX + 1)]
    assert len([each for each in kept if each]) <= REMEMBERED_MAX
    assert kept[-1] == EARLIER
