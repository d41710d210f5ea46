"""The errors that Postgres really raises have the meaning that the table says."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest

from eventstore.postgres.outages import DRIVERS_OWN, Outage, classify

LOCK = "SELECT pg_advisory_xact_lock(4711)"


@contextmanager
def meaning(outage: Outage) -> Iterator[None]:
    """Expect an error with this meaning in the block."""
    with pytest.raises((*DRIVERS_OWN, OSError)) as raised:
        yield
    assert classify(raised.value) is outage, repr(raised.value)


@pytest.mark.parametrize(
    ("sql", "outage"),
    [
        ("SELECT * FROM eventstore.no_such_table", Outage.OTHER_RELEASE),
        ("SELECT no_such_column FROM eventstore.events", Outage.OTHER_RELEASE),
        ("SELECT eventstore.no_such_function()", Outage.OTHER_RELEASE),
        ("CREATE TABLE no_such_schema.it ()", Outage.OTHER_RELEASE),
        ("SELECT FROM WHERE", Outage.BUG),
        ("SELECT 1/0", Outage.UNFIT),
        ("SELECT 'x'::uuid", Outage.UNFIT),
        ("SELECT pg_terminate_backend(pg_backend_pid())", Outage.LOST),
        ("SET statement_timeout = '50ms'; SELECT pg_sleep(9)", Outage.BUSY),
        ("BEGIN; SET LOCAL transaction_read_only = on; CREATE TABLE it ()", Outage.BUSY),
        ("INSERT INTO service.schema_migrations VALUES (0, '', '')", Outage.REFUSED),
        ("INSERT INTO service.schema_migrations VALUES (99, NULL, '')", Outage.INCOMPLETE_ROW),
        ("SET ROLE scim_ledger_service; CREATE TABLE service.it ()", Outage.DENIED),
    ],
)
async def test_what_a_statement_raises(
    connection: asyncpg.Connection, sql: str, outage: Outage
) -> None:
    with meaning(outage):
        await connection.execute(sql)


async def test_a_lock_that_is_kept_too_long(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await connection.execute(LOCK)
        await service_connection.execute("SET lock_timeout = '50ms'")
        with meaning(Outage.LOCKED):
            await service_connection.execute(LOCK)


async def test_two_that_wait_for_each_other(
    connection: asyncpg.Connection, service_connection: asyncpg.Connection
) -> None:
    pair = (connection, service_connection)
    for number, each in enumerate(pair):
        await each.execute(f"BEGIN; SELECT pg_advisory_xact_lock({number})")
    both = [each.execute(f"SELECT pg_advisory_xact_lock({1 - n})") for n, each in enumerate(pair)]
    ended = await asyncio.gather(*both, return_exceptions=True)
    [error] = [each for each in ended if isinstance(each, BaseException)]
    assert classify(error) is Outage.CONFLICT


async def test_two_that_cannot_be_put_in_an_order(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await connection.execute("CREATE TABLE it (n integer); INSERT INTO it VALUES (1)")
    other = await asyncpg.connect(database_url)
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM it")
    await other.execute("UPDATE it SET n = 2")
    await other.close()
    with meaning(Outage.CONFLICT):
        await connection.execute("UPDATE it SET n = 3")


async def test_a_session_that_stands_still_in_a_transaction(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _: gone.set())
    await connection.execute("SET idle_in_transaction_session_timeout = '50ms'; BEGIN")
    await asyncio.wait_for(gone.wait(), 10)
    with meaning(Outage.LOST):
        await connection.execute("COMMIT")


async def test_a_server_that_is_not_of_the_wanted_kind(database_url: str) -> None:
    with meaning(Outage.UNREACHABLE):
        await asyncpg.connect(database_url, target_session_attrs="standby")


async def test_a_port_that_nobody_listens_on() -> None:
    with meaning(Outage.UNREACHABLE):
        await asyncpg.connect("postgresql://nobody@127.0.0.1:1/nothing")


async def test_a_database_that_is_not_there(database_url: str) -> None:
    with meaning(Outage.MISCONFIGURED):
        await asyncpg.connect(database_url, database="no_such_database")


async def test_an_account_that_is_not_there(database_url: str) -> None:
    with meaning(Outage.MISCONFIGURED):
        await asyncpg.connect(database_url, user="no_such_account")


async def test_a_database_that_takes_no_more_connections(
    connection: asyncpg.Connection, database_url: str
) -> None:
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    await connection.execute(
        "CREATE ROLE crowd_out LOGIN PASSWORD 'crowd' IN ROLE scim_ledger_service"
    )
    try:
        with meaning(Outage.BUSY):
            await asyncpg.connect(database_url, user="crowd_out", password="crowd")
    finally:
        await connection.execute("DROP ROLE crowd_out")


@pytest.mark.parametrize("value", ["no number", 2**70], ids=["type", "range"])
async def test_a_value_that_the_driver_cannot_encode(
    connection: asyncpg.Connection, value: object
) -> None:
    with meaning(Outage.UNFIT):
        await connection.execute("SELECT $1::bigint", value)


async def test_a_value_that_is_no_text(connection: asyncpg.Connection) -> None:
    with meaning(Outage.UNFIT):
        await connection.execute("SELECT $1::text", "\ud800")


async def test_a_value_too_large_for_an_index(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE TABLE it (key text PRIMARY KEY)")
    with meaning(Outage.UNFIT):
        await connection.execute(
            "INSERT INTO it SELECT string_agg(md5(n::text), '') FROM generate_series(1, 500) AS n"
        )


async def test_an_answer_that_nobody_waits_for(connection: asyncpg.Connection) -> None:
    with meaning(Outage.INTERRUPTED):
        await connection.execute("SELECT pg_sleep(9)", timeout=0.05)


async def test_a_connection_that_is_closed(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.close()
    with meaning(Outage.LOST):
        await connection.execute("SELECT 1")


async def test_a_table_that_was_replaced_under_a_transaction(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute("CREATE TABLE it (n integer)")
    statement = await connection.prepare("SELECT * FROM it")
    await statement.fetch()
    await connection.execute("ALTER TABLE it ALTER COLUMN n TYPE text")
    with meaning(Outage.CONFLICT):
        await statement.fetch()
