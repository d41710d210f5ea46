"""All rows that differ on the pages of a long log are found and explained."""

from uuid import UUID

import asyncpg
import pytest

from eventstore import read_streams as streams
from projections.history.write import HISTORY
from projections.maintenance.context import RebuildContext
from service.write.decide.state import Decision
from tests.builders import provisioned
from tests.database.book import Book, follow_to_the_end
from tests.database.rebuilding import differences, rebuild_context

USERS = 60
PAGE_EVENTS = 20
SLOW = (  # The next page is then still being fetched when a page was compared.
    "ALTER TABLE eventstore.events RENAME TO events_there;"
    "CREATE VIEW eventstore.events AS"
    "  SELECT * FROM eventstore.events_there WHERE pg_sleep(0.001) IS NOT NULL"
)
PROVISIONED = provisioned()


@pytest.fixture
async def place(
    database_url: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> RebuildContext:
    """Give the context for verifying the history of many users. Their log is read in small pages."""
    await Book(connection).record(*(Decision(UUID(int=each), PROVISIONED) for each in range(USERS)))
    await follow_to_the_end(connection, HISTORY)
    monkeypatch.setattr(streams, "PAGE_EVENTS", PAGE_EVENTS)
    return rebuild_context(database_url, "history")


async def test_rows_are_explained_while_the_next_page_is_on_its_way(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM history.activity")
    await connection.execute(SLOW)
    found = await differences(place)
    assert len(found) == USERS
    assert {kind for each in found for _, kind in each.events} == {"UserProvisioned"}
