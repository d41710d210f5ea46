"""Pages about provisioning: cycles, refusals, live activity, the guard."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
import pytest
from asyncpg.connection import LoggedQuery

from service.cli.provenance import cli_provenance
from service.console.pages.provisioning import activity
from service.console.pages.provisioning.findings import CHANGES, FOUND
from service.console.pages.setup import listening
from service.organizations.access.guard import set_guard
from service.organizations.register import find_organization
from service.replay.cycles import DescribedRequest, list_requests
from service.requests.findings import REASONS
from service.requests.read import RequestFilter
from tests.console.client import Browser, Shown
from tests.following import until_followed
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

HOSTILE = "<script>alert(1)</script>\"'=cmd|' /C calc'!A0"
INACTIVE = {"op": "replace", "path": "active", "value": False}
TIGHT = {"enabled": True, "maxUsers": 1, "maxPercent": 20, "windowMinutes": 60}
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass
class Wave:
    """An organization whose identity provider wanted to take access from three people, of whom one lost it."""

    tenant: Tenant
    scim: Scim
    people: list[str]


@pytest.fixture(scope="module")
async def wave(served: Served) -> AsyncIterator[Wave]:
    """Give the organization. The names in it are hostile."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    people = []
    for number, role in enumerate(["Reader", "Editor", "Editor", "Administrator"]):
        made = await scim.post(
            "/Users",
            {
                "userName": f"p{number}@contoso.com",
                "displayName": f"{HOSTILE} {number}",
                "roleId": tenant.roles[role],
                DEPARTMENT: {"department": HOSTILE},
            },
        )
        people.append(str(made.body["id"]))
    members = [{"value": each} for each in people]
    await scim.post("/Groups", {"displayName": HOSTILE, "members": members})
    await scim.post("/Users", {"userName": HOSTILE, "roleId": "Emperor"})
    await scim.post("/Users", {"userName": "P1@contoso.com"})
    organization = await find_organization(served.runtime, str(tenant.id))
    await set_guard(served.runtime, organization, TIGHT, provenance=cli_provenance())
    for each in people[:3]:
        await scim.patch(f"/Users/{each}", INACTIVE)
    await until_followed(served, tenant)
    await until_kept(served, tenant, 4)
    yield Wave(tenant, scim, people)
    await check_log(served.owner, served.runtime.sealer, tenant.id)


async def until_kept(served: Served, tenant: Tenant, count: int) -> None:
    """Return once so many refusals were written."""
    async with asyncio.timeout(20):
        while len(await kept(served, tenant)) < count:  # noqa: ASYNC110 - the service writes them.
            await asyncio.sleep(0.1)


async def kept(served: Served, tenant: Tenant) -> Sequence[DescribedRequest]:
    """Return the refusals of an organization."""
    organization = await find_organization(served.runtime, str(tenant.id))
    return (await list_requests(served.runtime, organization, RequestFilter())).items


@pytest.fixture
async def administrator(served: Served, wave: Wave) -> Browser:
    """Give an administrator who is signed in."""
    made = Browser(served)
    await made.sign_in(wave.tenant.id)
    return made


async def the_cycle(browser: Browser) -> str:
    """Return the address of the only cycle."""
    shown = await browser.get("/cycles")
    return next(href for href, _ in shown.page.links if href.startswith("/console/cycles/"))


def test_findings_are_those_of_the_answers() -> None:
    assert {code: each.english for code, each in FOUND.items()} == {
        each.code: each.found for each in REASONS.values()
    }
    assert {code: each.english for code, each in CHANGES.items()} == {
        each.remedy: each.change for each in REASONS.values()
    }


async def test_cycles_are_listed(administrator: Browser) -> None:
    shown = await administrator.get("/cycles")
    assert "The latest cycle" in shown.text
    assert "5 created" in shown.html
    file = await administrator.get("/cycles?format=csv")
    assert file.html.startswith("\ufeffid,token,startedAt,")
    assert len(file.html.splitlines()) == 2
    assert "tests" in (await administrator.get("/cycles?outcome=refused")).text
    assert "No cycle matches" in (await administrator.get("/cycles?to=2020-01-01")).text
    wrong = await administrator.get("/cycles?from=2026-02-31")
    assert (wrong.status, "You entered 2026-02-31." in wrong.text) == (422, True)


async def test_a_cycle_explains_its_refusals(administrator: Browser, wave: Wave) -> None:
    shown = await administrator.get(await the_cycle(administrator))
    text = shown.text
    assert "Too many people would lose access at once" in text
    assert "The role that was sent is none of this organization's roles." in text
    assert "Emperor" in text
    assert HOSTILE in text  # As text; the client refuses code.
    assert "Change at the identity provider:" in text
    assert "Change here: Look at the people of the hold" in text
    hold = shown.link("Decide about the hold")
    assert (await administrator.get(hold)).status == 200
    assert "created" in text
    path = await the_cycle(administrator)
    assert "Nothing in this cycle matches" in (await administrator.get(f"{path}?q=nobody")).text
    changes = await administrator.get(f"{path}?q=p1@contoso.com&type=UserProvisioned,GroupCreated")
    assert "created" in changes.text
    file = await administrator.get(f"{path}/refusals?format=csv")
    assert "heldByGuard" in file.html
    all_of_one = await administrator.get(f"{path}/refusals?finding=heldByGuard")
    assert all_of_one.text.count("PATCH") == 2
    assert (await administrator.get(f"{path}/compare")).status == 404


async def test_cycles_of_others_are_not_there(
    administrator: Browser, served: Served, contoso: Tenant
) -> None:
    path = await the_cycle(administrator)
    other = Browser(served)
    await other.sign_in(contoso.id)
    for page in (path, f"{path}/refusals", f"{path}/refusals?format=csv", f"{path}/compare"):
        assert (await other.get(page)).status == 404, page
    assert "The first cycle has not started" in (await other.get("/cycles")).text


async def test_an_auditor_sees_no_values_of_refused_requests(served: Served, wave: Wave) -> None:
    auditor = Browser(served)
    await auditor.sign_in(wave.tenant.id, "auditor")
    path = await the_cycle(auditor)
    shown = await auditor.get(path)
    assert "Emperor" not in shown.html
    assert "Shown to administrators only" in shown.text
    assert "Emperor" not in (await auditor.get(f"{path}/refusals?format=csv")).html
    assert (await auditor.get("/activity")).status == 403
    assert (await auditor.get("/activity/stream")).status == 403


async def test_live_activity_shows_events_and_refusals(administrator: Browser) -> None:
    shown = await administrator.get("/activity")
    assert "was refused" in shown.text
    assert "created" in shown.text
    assert HOSTILE in shown.text
    refused = await administrator.get("/activity?outcome=refused")
    assert "created" not in refused.text
    part = await administrator.get("/activity?type=UserDeactivated", HX_Request="true")
    assert "<html" not in part.html
    assert "deactivated" in part.text
    assert "was refused" not in part.text


async def test_the_stream_carries_positions_only(
    administrator: Browser, served: Served, wave: Wave
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in administrator.cookies.items())
    url = f"{administrator.origin}/console/activity/stream"
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, headers={"Cookie": cookie}) as response,
        asyncio.timeout(20),
    ):
        assert response.headers["Content-Type"] == "text/event-stream"
        first = await next_position(response)
        title = {"op": "add", "path": "title", "value": secrets.token_hex(4)}
        await wave.scim.patch(f"/Users/{wave.people[3]}", title)
        assert await next_position(response) > first


async def next_position(response: aiohttp.ClientResponse) -> int:
    """Return the next position of a stream."""
    async for line in response.content:
        if line.startswith(b"data: "):
            return int(line.removeprefix(b"data: "))
        assert line.split(b":")[0].strip() in {b"id", b"retry", b""}, line
    raise AssertionError("The stream ended.")


async def test_what_an_open_page_asks_for_again_and_again_is_light(
    served: Served, wave: Wave
) -> None:
    asked: list[str] = []
    sealer = served.runtime.sealer
    async with served.runtime.pool.acquire() as connection:

        def note(record: LoggedQuery) -> None:
            asked.append(record.query)

        with connection.query_logger(note):
            newest = await activity.mark_of(connection, sealer, wave.tenant.id)
            refused = len(asked)
            first = await listening.mark_of(connection, sealer, wave.tenant.id)
    assert newest == (await kept(served, wave.tenant))[0].request.id
    # The refused request, the key of its text; and the cycles without their counts.
    assert (refused <= 2, len(asked) <= 5) == (True, True), asked
    await wave.scim.post("/Users", {"userName": HOSTILE, "roleId": "Emperor"})
    async with served.runtime.pool.acquire() as connection, asyncio.timeout(20):
        while await activity.mark_of(connection, sealer, wave.tenant.id) == newest:  # noqa: ASYNC110 - the service writes it.
            await asyncio.sleep(0.1)
        assert await listening.mark_of(connection, sealer, wave.tenant.id) != first


async def the_hold(browser: Browser) -> Shown:
    """Open the only hold."""
    shown = await browser.get("/guard")
    return await browser.get(
        next(href for href, _ in shown.page.links if href.startswith("/console/guard/"))
    )


async def test_a_hold_shows_whom_it_concerns(administrator: Browser) -> None:
    shown = await the_hold(administrator)
    assert shown.page.title.startswith("2 deactivations")
    assert "All 2 are members of" in shown.text
    assert HOSTILE in shown.text
    assert "1 person has already lost access" in shown.text
    passed = await administrator.get(shown.link("Show them").partition("#")[0])
    assert "Has no access" in passed.text
    file = await administrator.get(shown.link("Export CSV"))
    assert "p1@contoso.com" in file.html
    assert "No hold is in this state" in (await administrator.get("/guard?state=approved")).text
    assert len((await administrator.get("/guard?format=csv")).html.splitlines()) == 2


async def test_holds_are_decided_by_administrators_of_the_organization(
    administrator: Browser, served: Served, wave: Wave, contoso: Tenant
) -> None:
    shown = await the_hold(administrator)
    path = shown.url.partition(administrator.origin)[2]
    other, auditor = Browser(served), Browser(served)
    await other.sign_in(contoso.id)
    assert (await other.get(path)).status == 404
    assert "Nothing is held" in (await other.get("/guard")).text
    await auditor.sign_in(wave.tenant.id, "auditor")
    seen = await auditor.get(path)
    assert "Reject the changes" not in seen.text
    fields = (await auditor.get(path)).form("/signout").fields
    for action in ("approve", "reject", "reactivate"):
        sent = [*fields, ("users", "2"), ("number", "2")]
        refused = await auditor.send("POST", f"{path}/{action}", sent, Origin=auditor.origin)
        assert refused.status == 403, action


async def test_a_decision_needs_the_number_and_the_list_that_was_seen(
    administrator: Browser, wave: Wave
) -> None:
    shown = await the_hold(administrator)
    wrong = await administrator.post(shown, "/approve", number="3")
    assert wrong.status == 422
    assert wrong.page.title.startswith("Error: ")
    assert "Type 2, the number of people who would lose access. You entered 3." in wrong.text
    stale = await administrator.post(shown, "/approve", number="1", users="1")
    assert "1 more person is held since you opened this page." in stale.text
    assert (await administrator.post(shown, "/reject", users="")).status == 422
    rejected = await administrator.follow(await administrator.post(shown, "/reject"))
    assert "The changes were rejected on" in rejected.text
    approved = await administrator.follow(
        await administrator.post(rejected, "/approve", number=" 2 ")
    )
    assert "The changes were approved on" in approved.text
    assert (await wave.scim.patch(f"/Users/{wave.people[1]}", INACTIVE)).status == 200


async def test_those_who_lost_access_get_it_back(administrator: Browser, wave: Wave) -> None:
    shown = await the_hold(administrator)
    asked = await administrator.get(shown.link("Reactivate 1 person"))
    assert "This person can sign in again" in asked.text
    done = await administrator.follow(await administrator.post(asked, "/reactivate"))
    assert "already lost access" not in done.text
    assert (await wave.scim.get(f"/Users/{wave.people[0]}")).body["active"] is True
