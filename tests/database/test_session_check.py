"""A service whose session is not what it asked for refuses to start, and names what mends it."""

import asyncpg
import pytest

from service.database.logins.given import quoted
from service.database.pool import SESSION
from service.database.session_check import (
    FOLLOWERS_IDLE,
    SessionProblem,
    find_session,
    hears_notifications,
    milliseconds,
    refuse_other_session,
    serves,
)
from service.runtime import open_runtime
from tests.database.pooler import dropping_settings
from tests.serving import settings


async def test_a_direct_session_is_as_we_ask_and_hears_notifications(database_url: str) -> None:
    async with open_runtime(settings(database_url), is_migrating=False) as runtime:
        await refuse_other_session(runtime.pool)
        async with runtime.pool.acquire() as connection, runtime.pool.acquire() as other:
            assert (await find_session(connection)).differing == {}
            assert await hears_notifications(connection, other)


async def test_what_the_refusal_says_mends_it(
    database_url: str, connection: asyncpg.Connection
) -> None:
    async with (
        dropping_settings(database_url) as url,
        open_runtime(settings(url), is_migrating=False) as runtime,
    ):
        with pytest.raises(SessionProblem, match=r"ALTER ROLE .* SET statement_timeout = '30s';"):
            await refuse_other_session(runtime.pool)
        async with runtime.pool.acquire() as through:
            session = await find_session(through)
    assert {"search_path", "statement_timeout", "lock_timeout"} <= set(session.wrong)

    for each in session.remedy:
        await connection.execute(each)
    try:
        async with (
            dropping_settings(database_url) as url,
            open_runtime(settings(url), is_migrating=False) as runtime,
        ):
            await refuse_other_session(runtime.pool)
            async with runtime.pool.acquire() as through:
                found = await through.fetchval("SHOW idle_in_transaction_session_timeout")
        assert found == FOLLOWERS_IDLE
    finally:
        await connection.execute(
            f"ALTER ROLE {quoted(session.role)} IN DATABASE {quoted(session.database)} RESET ALL"
        )


@pytest.mark.parametrize(
    ("name", "value", "does"),
    [
        ("lock_timeout", "6s", True),
        ("lock_timeout", "250ms", True),
        ("lock_timeout", "0", False),
        ("lock_timeout", "1min", False),
        ("statement_timeout", "10s", False),
        ("idle_in_transaction_session_timeout", "3s", True),
        ("search_path", "public", False),
    ],
)
def test_which_values_serve(name: str, value: str, *, does: bool) -> None:
    assert serves(name, value) is does


def test_every_setting_of_ours_serves() -> None:
    assert [name for name, value in SESSION.items() if not serves(name, value)] == []
    assert milliseconds("2h") == 7_200_000
