"""The first page: counts, a chart, what needs somebody."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from service.console.pages.overview_facts import DayCounts
from tests.console.client import Browser
from tests.following import until_followed
from tests.serving import Scim, Served, Tenant


async def test_an_empty_organization_is_invited_to_the_set_up(browser: Browser) -> None:
    shown = await browser.get("/")
    assert "No identity provider has provisioned" in shown.text
    assert shown.link("Begin the set-up") == "/console/setup"
    assert "Nothing needs your attention." in shown.text


async def test_the_first_page_counts_and_tells_what_happened(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    scim = Scim(served, contoso.token)
    for name, active in (("ada", True), ("<img src=x onerror=alert(1)>", True), ("cy", False)):
        await scim.post("/Users", {"userName": name, "displayName": name, "active": active})
    await until_followed(served, contoso)
    shown = await browser.get("/")
    while "provisioning cycle" not in shown.text:  # Cycles are written each second.
        await asyncio.sleep(0.1)
        shown = await browser.get("/")
    assert "<img src=x onerror=alert(1)>" in shown.text
    assert "4 created" in shown.text  # One of them is the technical account.
    assert "Show as a table" in shown.text


async def test_an_auditor_sees_no_buttons(served: Served, contoso: Tenant) -> None:
    auditor = Browser(served)
    await auditor.sign_in(contoso.id, "auditor")
    shown = await auditor.get("/")
    assert [each.action for each in shown.page.forms] == ["/console/signout"] * 2


class Together:
    """A connection whose counts wait until another request counts too."""

    def __init__(self, connection: Any, barrier: asyncio.Barrier) -> None:
        self._connection, self._barrier = connection, barrier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, statement: str, *arguments: Any) -> Any:
        """Return rows; of the counts by day once both requests have begun to count."""
        rows = await self._connection.fetch(statement, *arguments)
        if statement.startswith("-- count_days"):
            await self._barrier.wait()
        return rows


async def test_two_requests_at_once_count_a_day_once(served: Served, contoso: Tenant) -> None:
    counts, barrier, today = DayCounts(), asyncio.Barrier(2), datetime.now(UTC).date()
    begin = datetime(today.year, 1, 1, tzinfo=UTC)

    async def created(connection: Any) -> int:
        days = await counts.days(connection, contoso.id, zone="UTC", first=today, begin=begin)
        return days[0].created

    pool = served.runtime.pool
    async with pool.acquire() as one, pool.acquire() as other:
        await until_followed(served, contoso)
        before = await created(one)
        await Scim(served, contoso.token).post("/Users", {"userName": "dee"})
        await until_followed(served, contoso)
        both = (created(Together(one, barrier)), created(Together(other, barrier)))
        assert set(await asyncio.gather(*both)) == {before + 1}
        assert await created(one) == before + 1
