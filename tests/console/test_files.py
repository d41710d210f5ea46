"""What lists give out as CSV files: all rows, or a refusal that says so, and never a part."""

import asyncio
import csv
import io
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from service.console.framework.paging import LIMIT
from service.console.pages import files, tokens
from service.console.pages.audit import compare, day_rows, reports, search
from service.console.pages.privacy import erasures
from service.console.pages.provisioning import cycles, guard
from tests.console.client import Browser, Shown
from tests.following import last_position, until_followed
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

PEOPLE = LIMIT + 1  # One more than a page shows.


REFUSED = "SELECT sum(refused) > 0 FROM service.cycles WHERE organization_id = $1"


@dataclass
class Crowd:
    """An organization with one person more than a page shows, all in one group."""

    tenant: Tenant
    scim: Scim
    group: str
    before: int  # The position before anybody was in the group.
    last: int


@pytest.fixture(scope="module")
async def crowd(served: Served) -> AsyncIterator[Crowd]:
    """Give the organization. One request was refused."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    people = [
        (await scim.post("/Users", {"userName": f"p{number:03}", "roleId": tenant.roles["Editor"]}))
        for number in range(PEOPLE)
    ]
    made = await scim.post("/Groups", {"displayName": "Everybody"})
    group = made.body["id"]
    before = await last_position(served, tenant)
    members = [{"value": each.body["id"]} for each in people]
    await scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": members})
    await scim.post("/Users", {"userName": "p000"})
    await until_followed(served, tenant)
    async with asyncio.timeout(20):
        while not await served.owner.fetchval(REFUSED, tenant.id):  # noqa: ASYNC110 - kept a second later.
            await asyncio.sleep(0.05)
    yield Crowd(tenant, scim, group, before, await last_position(served, tenant))
    await check_log(served.owner, served.runtime.sealer, tenant.id)


@pytest.fixture
async def administrator(served: Served, crowd: Crowd) -> Browser:
    """Give an administrator who is signed in."""
    made = Browser(served)
    await made.sign_in(crowd.tenant.id)
    return made


def rows_in(shown: Shown) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    assert shown.status == 200, shown.text
    assert shown.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(shown.html.removeprefix("\ufeff"))))


@pytest.mark.parametrize("question", ["ask=role&role=Editor", "ask=group&group={}", "ask=access"])
async def test_a_file_about_a_day_holds_the_row_after_the_page(
    administrator: Browser, crowd: Crowd, question: str
) -> None:
    path = f"/audit/day?{question.format(crowd.group)}&position={crowd.last}"
    rows = rows_in(await administrator.get(f"{path}&format=csv"))
    assert {f"p{number:03}" for number in range(PEOPLE)} <= {each["userName"] for each in rows}
    page = await administrator.get(path)
    if "ask=access" not in question:
        assert f"{PEOPLE} " in page.text
        assert f"Today: {PEOPLE}" in page.text
    following = page.link("Next")
    assert len(rows_in(await administrator.get(f"{following}&format=csv"))) == len(rows)


async def test_a_file_of_two_days_names_everybody_who_joined(
    administrator: Browser, crowd: Crowd
) -> None:
    path = f"/audit/compare?before={crowd.before}&position={crowd.last}"
    rows = rows_in(await administrator.get(f"{path}&format=csv"))
    assert {each["after"] for each in rows if each["attribute"] == "members"} == {
        f"p{number:03}" for number in range(PEOPLE)
    }
    assert f"{PEOPLE} joined:" in (await administrator.get(path)).text


async def test_a_file_of_a_search_holds_every_event_and_its_facts_as_json(
    administrator: Browser, crowd: Crowd
) -> None:
    rows = rows_in(await administrator.get("/audit?type=UserProvisioned&format=csv"))
    assert len(rows) >= PEOPLE
    assert all(each["facts"].startswith("{") and "'" not in each["facts"] for each in rows)
    assert any('"attribute":"userName"' in each["changes"] for each in rows)


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/audit?format=csv", search),
        ("/audit/day?ask=role&role=Editor&position=9999&format=csv", day_rows),
        ("/audit/day?ask=group&group=Everybody&position=9999&format=csv", day_rows),
        ("/audit/day?ask=access&position=9999&format=csv", day_rows),
        ("/audit/compare?before=0&position=9999&format=csv", compare),
        ("/cycles/{cycle}/refusals?format=csv", cycles),
        ("/cycles?format=csv", cycles),
        ("/tokens?format=csv", tokens),
    ],
)
async def test_a_file_that_would_be_cut_is_refused(
    administrator: Browser,
    crowd: Crowd,
    served: Served,
    path: str,
    module: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cycle = await served.owner.fetchval(
        "SELECT id FROM service.cycles WHERE organization_id = $1", crowd.tenant.id
    )
    for each in (files, module):
        monkeypatch.setattr(each, "CSV_MAX", 0, raising=False)
    shown = await administrator.get(path.format(cycle=cycle))
    assert (shown.status, "More than 0 rows match." in shown.text) == (400, True), shown.text


@pytest.mark.parametrize(("path", "module"), [("/guard", guard), (erasures.PATH, erasures)])
async def test_holds_and_erasures_are_given_out_whole_or_not_at_all(
    administrator: Browser, path: str, module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows_in(await administrator.get(f"{path}?format=csv")) == []
    for each in (files, module):
        monkeypatch.setattr(each, "CSV_MAX", -1)
    assert (await administrator.get(f"{path}?format=csv")).status == 400


async def test_a_report_shows_its_first_rows_and_its_file_holds_all(
    administrator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(rows_in(await administrator.get("/audit/reports/access?format=csv"))) >= PEOPLE
    monkeypatch.setattr(reports, "SHOWN_MAX", 3)
    shown = await administrator.get("/audit/reports/access")
    assert "The first 3 rows are shown; the file has all" in shown.text
    assert shown.html.count('<tr role="row">') == 4  # With the heading.
    monkeypatch.setattr(reports, "ROWS_MAX", 3)
    refused = await administrator.get("/audit/reports/access?format=csv")
    assert (refused.status, "More than 3 rows match." in refused.text) == (400, True)


@pytest.mark.parametrize("path", ["/audit", "/audit/compare", "/audit/reports/leavers", "/cycles"])
async def test_a_file_with_a_wrong_filter_is_no_file(administrator: Browser, path: str) -> None:
    shown = await administrator.get(f"{path}?from=2026-02-31&format=csv")
    assert (shown.status, "You entered 2026-02-31." in shown.text) == (422, True)
