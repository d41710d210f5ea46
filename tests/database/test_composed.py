"""However many statements clients compose, a connection keeps only a few of them prepared."""

import asyncpg
import pytest

from projections.directory.queries.composed import STATEMENT_LIFETIME_S, ComposedStatements

KEPT = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int + %'"


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def composed(clock: Clock) -> ComposedStatements:
    """Give room for three statements."""
    return ComposedStatements(3, clock)


async def test_a_connection_keeps_few_of_many_statements(
    service_connection: asyncpg.Connection,
) -> None:
    composed = ComposedStatements()
    for _ in range(3):
        for each in range(100):
            sql = f"SELECT $1::int + {each}"
            assert await composed.fetchval(service_connection, sql, 1) == 1 + each
            assert [tuple(row) for row in await composed.fetch(service_connection, sql, 2)] == [
                (2 + each,)
            ]
    assert await service_connection.fetchval(KEPT) == 32


def test_what_comes_once_is_not_prepared(composed: ComposedStatements) -> None:
    assert [composed.is_prepared(str(each)) for each in range(10)] == [False] * 10


def test_what_comes_again_is_prepared_while_there_is_room(composed: ComposedStatements) -> None:
    for each in "abcd":
        composed.is_prepared(each)
    assert [composed.is_prepared(each) for each in "abcdabcd"] == [True, True, True, False] * 2


def test_a_statement_that_is_used_keeps_its_place(
    composed: ComposedStatements, clock: Clock
) -> None:
    for each in "abcabc":
        composed.is_prepared(each)
    for _ in range(10):
        clock.now += STATEMENT_LIFETIME_S / 4
        assert composed.is_prepared("a")
    assert [composed.is_prepared(each) for each in "ddeeffa"] == [
        False,
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_a_place_is_free_only_when_no_connection_can_hold_the_statement_any_more(
    composed: ComposedStatements, clock: Clock
) -> None:
    for each in "abcabcd":
        composed.is_prepared(each)
    clock.now = STATEMENT_LIFETIME_S - 1
    assert not composed.is_prepared("d")
    clock.now = STATEMENT_LIFETIME_S
    assert composed.is_prepared("d")
