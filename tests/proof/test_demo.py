"""The year of the demonstration: every question of an auditor has an answer in it, and its log is whole."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from projections.history.search import Search
from schema.scim.errors import Conflict
from service.cli.provenance import cli_provenance
from service.demo.make import make_demo
from service.demo.people import address_of, invented
from service.demo.year import ANNA
from service.organizations.register import find_organization
from service.replay.answers import Page, role_holders, search_events
from service.replay.cycles import list_cycles
from service.requests.read import CycleFilter
from service.runtime import open_runtime
from tests.invariants import check_log
from tests.serving import settings

END = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.process
async def test_a_year_happens_once_and_answers_the_questions(
    database_url: str, connection: asyncpg.Connection
) -> None:
    chosen = settings(database_url)
    weeks = list[int]()
    how: Any = {"end": END, "people": 100, "seed": 1, "provenance": cli_provenance()}
    async with open_runtime(chosen, is_migrating=False) as runtime:
        made = await make_demo(runtime, chosen, **how, report=lambda week, _of: weeks.append(week))
        found = await find_organization(runtime, None)

        assert weeks == list(range(53))
        first, last = await connection.fetchrow(
            "SELECT min(recorded_at), max(recorded_at) FROM eventstore.events"
        )
        assert END - timedelta(days=366) < first < END - timedelta(days=364)
        assert END - timedelta(days=1) < last < END
        day = datetime(2026, 3, 31, 23, tzinfo=UTC)
        holders = await role_holders(runtime, found, found.roles["Administrator"], at=day, limit=10)
        assert address_of(ANNA) in {each.name for each in holders.items}
        for kind in ("UserErased", "AuditRead", "AuditExported", "TokenRevoked", "UserDeleted"):
            events = await search_events(
                runtime, found, Search(types=[kind]), Page("desc", limit=1)
            )
            assert events.events, kind
        wave = CycleFilter(None, END - timedelta(days=40), END - timedelta(days=30))
        cycles = (await list_cycles(runtime, found, wave, limit=50)).items
        assert len(cycles) >= 3
        with pytest.raises(Conflict, match="has an organization"):
            await make_demo(runtime, chosen, **how, report=lambda _week, _of: None)
        await check_log(connection, runtime.sealer, made.organization_id)


def random_of(seed: int) -> Random:
    """Return what chance is made of."""
    return Random(seed)  # noqa: S311 - invented people.


def test_a_seed_gives_the_same_people() -> None:
    one, two = invented(random_of(7)), invented(random_of(7))
    people = [next(one) for _ in range(300)]

    assert people == [next(two) for _ in range(300)]
    assert len({each.user_name for each in people}) == 300
