"""Tables that have just grown are analyzed within seconds, before autovacuum runs."""

import asyncpg

from service.background.statistics import analyze_young
from tests.database.events import append_events, new_streams

ROWS = "SELECT reltuples FROM pg_class WHERE oid = 'eventstore.events'::regclass"


async def grow(connection: asyncpg.Connection, events: int) -> None:
    """Append events, and wait until Postgres has counted them."""
    await append_events(connection, *new_streams(events))
    await connection.execute("SELECT pg_stat_force_next_flush()")


async def test_a_table_that_has_grown_is_analyzed(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    await grow(connection, 30)
    assert "eventstore.events" in await analyze_young(service_connection)
    assert await connection.fetchval(ROWS) == 30


async def test_a_table_that_has_not_grown_is_left_alone(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    await grow(connection, 30)
    await analyze_young(service_connection)
    await grow(connection, 10)
    assert await analyze_young(service_connection) == []


async def test_the_service_analyzes_no_table_of_others(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    await connection.execute("CREATE SCHEMA mine; CREATE TABLE mine.it AS SELECT 1")
    await service_connection.execute("SELECT service.analyze_table('mine', 'it')")
    found = "SELECT reltuples FROM pg_class WHERE oid = 'mine.it'::regclass"
    assert await connection.fetchval(found) == -1
