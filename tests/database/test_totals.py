"""Cached totals are right after every write, and are not counted again without one."""

import pytest

from projections.directory.queries.columns import USERS
from projections.directory.queries.plan import Query
from projections.directory.queries.totals import Totals
from tests.protocol.resources import people
from tests.serving import Scim, Served, Tenant

ALL_USERS = Query(USERS)


@pytest.fixture
def totals() -> Totals:
    """Give totals that cache even a count of one."""
    return Totals(count_min=1)


async def test_a_total_is_counted_again_when_the_log_has_grown(
    served: Served, scim: Scim, organization: Tenant, totals: Totals
) -> None:
    before = await totals.count(served.owner, organization.id, ALL_USERS)
    (user_id,) = await people(scim, 1)

    after = await totals.count(served.owner, organization.id, ALL_USERS)
    await scim.delete(f"/Users/{user_id}")

    assert (before, after) == (0, 1)
    assert await totals.count(served.owner, organization.id, ALL_USERS) == 0


async def test_a_total_is_not_counted_again_while_nothing_happens(
    served: Served, scim: Scim, organization: Tenant, totals: Totals
) -> None:
    await people(scim, 1)
    first = await totals.count(served.owner, organization.id, ALL_USERS)
    async with served.runtime.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        # Without an event, which never happens in reality: a new count would show it.
        await connection.execute(
            "DELETE FROM directory.users WHERE organization_id = $1", organization.id
        )

        again = await totals.count(connection, organization.id, ALL_USERS)
        counted = await Totals().count(connection, organization.id, ALL_USERS)
        await transaction.rollback()

    assert (first, again, counted) == (1, 1, 0)


async def test_another_query_and_another_organization_have_totals_of_their_own(
    served: Served, scim: Scim, organization: Tenant, other_organization: Tenant, totals: Totals
) -> None:
    await people(scim, 2)

    mine = await totals.count(served.owner, organization.id, ALL_USERS)
    other = await totals.count(served.owner, other_organization.id, ALL_USERS)

    assert (mine, other) == (2, 0)
