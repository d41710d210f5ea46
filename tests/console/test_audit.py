"""The audit in the console: search, a day, two days, reports, exports, evidence, the proof."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from service.ids import new_id
from service.organizations.register import find_organization
from tests.console.client import Browser, Shown
from tests.following import last_position, until_followed
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

HOSTILE = "<script>alert(1)</script>\"'=cmd|' /C calc'!A0"
TODAY = datetime.now(UTC).date
PAGES = (
    "/audit",
    "/audit/day",
    "/audit/compare",
    "/audit/reports",
    "/audit/exports",
    "/audit/proof",
)


@dataclass
class Past:
    """An organization with a person who changed role and left, and a group."""

    tenant: Tenant
    anna: str
    group: str
    last: int


@pytest.fixture(scope="module")
async def past(served: Served) -> AsyncIterator[Past]:
    """Give the organization. The names in it are hostile."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    anna = (
        await scim.post(
            "/Users",
            {
                "userName": "anna@contoso.com",
                "displayName": HOSTILE,
                "roleId": tenant.roles["Editor"],
            },
        )
    ).body["id"]
    group = (
        await scim.post("/Groups", {"displayName": f"G {HOSTILE}", "members": [{"value": anna}]})
    ).body["id"]
    role = {"op": "replace", "path": "roleId", "value": tenant.roles["Validator"]}
    await scim.patch(f"/Users/{anna}", role)
    await scim.patch(f"/Users/{anna}", {"op": "replace", "path": "title", "value": HOSTILE})
    await scim.patch(f"/Users/{anna}", {"op": "replace", "path": "active", "value": False})
    await until_followed(served, tenant)
    yield Past(tenant, anna, group, await last_position(served, tenant))
    await check_log(served.owner, served.runtime.sealer, tenant.id)


@pytest.fixture
async def auditor(served: Served, past: Past) -> Browser:
    """Give an auditor who is signed in."""
    made = Browser(served)
    await made.sign_in(past.tenant.id, "auditor")
    return made


async def test_a_search_shows_events_and_opens_one(auditor: Browser, past: Past) -> None:
    shown = await auditor.get("/audit")
    assert "Every change to" in shown.text
    assert HOSTILE in shown.text
    found = await auditor.get("/audit?type=RoleAssigned,ExplicitRoleChanged")
    assert "from Editor to Validator" in found.text
    assert "What happened: Role changed" in found.text
    opened = await auditor.get(found.link(f"#{past.last - 2}"))
    assert "before: Editor → after: Validator" in opened.text
    assert "In the signed log" in opened.text or "Not signed yet" in opened.text
    request = await auditor.get(opened.link("All events of this request"))
    assert f"#{past.last - 2}" in request.text
    assert (await auditor.get(opened.link("Permalink"))).status == 200


async def test_a_permalink_opens_what_is_not_on_the_first_page(
    auditor: Browser, past: Past
) -> None:
    shown = await auditor.get("/audit?open=1&order=desc&type=OrganizationRegistered")
    assert "Type OrganizationRegistered" in shown.text
    begun = await auditor.get(f"/audit?open={past.last}&to=2020-01-01")
    assert "No event matches" in begun.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-02-31", "You entered 2026-02-31."),
        ("from=2026-03-02&to=2026-03-01", "The end is before the beginning"),
        ("type=Nothing", "There is no event"),
        ("role=Emperor", "There is no role"),
        ("request=x", "An id is a UUID. You entered x."),
        ("zone=Nowhere", "You entered Nowhere."),
    ],
)
async def test_a_wrong_filter_is_said_at_its_field(
    auditor: Browser, query: str, words: str
) -> None:
    shown = await auditor.get(f"/audit?{query}")
    assert (shown.status, words in shown.text) == (422, True), shown.text
    assert shown.page.title.startswith("Error: ")
    assert "Change what you asked for" in shown.text


async def test_filters_find_by_person_group_token_and_cycle(auditor: Browser, past: Past) -> None:
    by_name = await auditor.get("/audit?userName=anna@contoso.com")
    assert "deactivated" in by_name.text
    token = await auditor.get(f"/audit?token={past.tenant.token_id}&source=scim")
    assert "deactivated" in token.text
    assert "No event matches" in (await auditor.get("/audit?userName=nobody")).text
    assert "No event matches" in (await auditor.get(f"/audit?cycle={new_id()}")).text
    assert "No event matches" in (await auditor.get("/audit?group=Nowhere")).text
    assert "created" in (await auditor.get(f"/audit?resource={past.anna}&order=asc")).text
    file = await auditor.get("/audit?format=csv&userName=anna@contoso.com")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(file.html.splitlines()) == 5
    assert "\n=" not in file.html


async def test_an_empty_period_names_the_nearest_events(auditor: Browser) -> None:
    shown = await auditor.get("/audit?from=2020-01-01&to=2020-01-02")
    assert "The one after:" in shown.text
    assert (await auditor.get(shown.link("The one after:"))).status == 200


async def test_who_had_a_role(auditor: Browser, past: Past) -> None:
    then = await auditor.get(f"/audit/day?ask=role&role=Editor&position={past.last - 3}")
    assert "1 person had the role Editor" in then.text
    assert "Today: 0" in then.text
    assert "You are looking at the past:" in then.text
    assert HOSTILE in then.text
    again = await auditor.get(then.link("The address that gives this answer for ever"))
    assert "1 person had the role Editor" in again.text
    today = await auditor.get(f"/audit/day?ask=role&role=Validator&at={TODAY()}")
    assert "at the end of" in today.text
    assert "the account was inactive then" in today.text
    file = await auditor.get(f"/audit/day?ask=role&role=Editor&position={past.last - 3}&format=csv")
    assert "anna@contoso.com" in file.html
    assert "Choose a question" in (await auditor.get("/audit/day")).text
    assert (await auditor.get("/audit/day?role=Emperor&at=2026-01-01")).status == 422


async def test_who_was_in_a_group_and_who_had_access(auditor: Browser, past: Past) -> None:
    group = await auditor.get(f"/audit/day?ask=group&group={past.group}&position={past.last}")
    assert "1 member was in the group" in group.text
    assert (await auditor.get(f"/audit/day?ask=group&group=&at={TODAY()}")).status == 422
    assert (await auditor.get(f"/audit/day?ask=group&group=No&at={TODAY()}")).status == 422
    access = await auditor.get(f"/audit/day?ask=access&position={past.last - 1}")
    assert HOSTILE in access.text
    now = await auditor.get(f"/audit/day?ask=access&position={past.last}")
    assert HOSTILE not in now.text


async def test_what_a_person_had(auditor: Browser, past: Past) -> None:
    shown = await auditor.get(
        f"/audit/day?ask=person&person=anna@contoso.com&position={past.last - 3}"
    )
    assert "Editor today: Validator" in shown.text
    assert f"G {HOSTILE}" in shown.text
    assert (await auditor.get(f"/audit/day?ask=person&person=x&at={TODAY()}")).status == 422
    assert (await auditor.get(f"/audit/day?ask=person&person=&at={TODAY()}")).status == 422


async def test_two_days_are_compared(auditor: Browser, past: Past) -> None:
    shown = await auditor.get(f"/audit/compare?from={TODAY()}")
    assert "What differs between" in shown.text
    assert "Created" in shown.text
    part = await auditor.get(f"/audit/compare?before={past.last - 3}&position={past.last}")
    assert "before: Editor → after: Validator" in part.text
    assert "Changed" in part.text
    file = await auditor.get(
        f"/audit/compare?before={past.last - 3}&position={past.last}&format=csv"
    )
    assert "Editor" in file.html
    assert (
        "Nothing differs"
        in (await auditor.get("/audit/compare?from=2020-01-01&to=2020-01-02")).text
    )
    assert (await auditor.get("/audit/compare?to=2020-01-02")).status == 422


@pytest.mark.parametrize("name", ["access", "role-changes", "leavers", "administrators", "unseen"])
async def test_reports_are_shown_and_given_out(auditor: Browser, past: Past, name: str) -> None:
    assert name in (await auditor.get("/audit/reports")).html
    shown = await auditor.get(f"/audit/reports/{name}")
    assert shown.status == 200
    assert "Computed at log position" in shown.text
    file = await auditor.get(f"/audit/reports/{name}?format=csv")
    assert (file.status, "script" not in file.headers["Content-Type"]) == (200, True)
    assert "attachment" in file.headers["Content-Disposition"]


async def test_a_report_that_is_not_there(auditor: Browser) -> None:
    assert (await auditor.get("/audit/reports/nothing")).status == 404
    assert (await auditor.get("/audit/reports/unseen?days=x")).status == 422


async def test_exports_are_files_and_recorded(auditor: Browser, past: Past, served: Served) -> None:
    page = await auditor.get("/audit/exports")
    for action, fields, words in (
        ("/audit/exports/events", {"as": "ndjson"}, '"trailer"'),
        ("/audit/exports/events", {"as": "csv", "type": "UserDeactivated"}, "UserDeactivated"),
        ("/audit/exports/access", {"as": "csv", "access-at": str(TODAY())}, "anna@contoso.com"),
    ):
        file = await auditor.post(page, action, **fields)
        assert (file.status, words in file.html) == (200, True), action
        assert "attachment" in file.headers["Content-Disposition"]
    wrong = await auditor.post(page, "/audit/exports/access", **{"access-at": "never"})
    assert (wrong.status, "You entered never." in wrong.text) == (422, True)
    turned = {"events-from": "2026-01-02", "events-to": "2026-01-01"}
    assert (await auditor.post(page, "/audit/exports/events", **turned)).status == 422
    await until_followed(served, past.tenant)
    recorded = await auditor.get("/audit?type=AuditRead,AuditExported")
    assert recorded.text.count("exported a part of the log") >= 3


async def until_signed(browser: Browser) -> Shown:
    """Return the page of the proof, once there is one."""
    async with asyncio.timeout(20):
        while "is complete up to" not in (shown := await browser.get("/audit/proof")).text:  # noqa: ASYNC110 - the service signs.
            await asyncio.sleep(0.2)
    return shown


async def test_the_proof_is_said_in_plain_words(auditor: Browser) -> None:
    shown = await until_signed(auditor)
    assert "The log is complete and unaltered" in shown.text
    proved = await auditor.get("/audit/proof?position=1")
    assert "Event 1 is in the signed log" in proved.text
    consistent = await auditor.get("/audit/proof?from=1")
    assert "The first 1 events are the same as then" in consistent.text
    assert (await auditor.get("/audit/proof?position=999999999")).status == 422
    assert (await auditor.get("/audit/proof?position=x")).status == 422


async def test_evidence_is_a_bundle(auditor: Browser, past: Past) -> None:
    await until_signed(auditor)
    page = await auditor.get("/audit/exports")
    wrong = await auditor.post(page, "/audit/exports/evidence", disclosure="subject")
    assert (wrong.status, "Enter the userName or the id" in wrong.text) == (422, True)
    nobody = {"disclosure": "subject", "person": "nobody"}
    assert (await auditor.post(page, "/audit/exports/evidence", **nobody)).status == 422


async def test_others_see_nothing(served: Served, past: Past, contoso: Tenant) -> None:
    other, operator = Browser(served), Browser(served)
    await other.sign_in(contoso.id)
    await operator.sign_in(None, "operator")
    for page in PAGES:
        assert (await operator.get(page)).status == 403, page
        assert (await other.get(page)).status == 200, page
    assert HOSTILE not in (await other.get("/audit")).text
    person = f"/audit/day?ask=person&person={past.anna}&at={TODAY()}"
    assert (await other.get(person)).status == 422
    group = f"/audit/day?ask=group&group={past.group}&at={TODAY() - timedelta(days=1)}"
    assert (await other.get(group)).status == 422
    assert "No event matches" in (await other.get(f"/audit?resource={past.anna}")).text


@pytest.mark.parametrize("page", ["/", "/activity", "/cycles", "/people/{anna}", "/groups/{group}"])
async def test_pages_that_show_the_log_are_recorded_too(
    past: Past, served: Served, page: str
) -> None:
    administrator = Browser(served)
    await administrator.sign_in(past.tenant.id)
    shown = await administrator.get(page.format(anna=past.anna, group=past.group))
    assert shown.status == 200
    read = {
        key.path for key in served.runtime.reads.take() if key.organization_id == past.tenant.id
    }
    stored = await served.owner.fetch(
        "SELECT path FROM service.audit_reads WHERE organization_id = $1", past.tenant.id
    )
    name = page.replace("{anna}", "{id}").replace("{group}", "{id}")
    assert f"/console{name}" in read | {row["path"] for row in stored}


async def test_readings_are_recorded(auditor: Browser, past: Past, served: Served) -> None:
    organization = await find_organization(served.runtime, str(past.tenant.id))
    await auditor.get("/audit?userName=anna@contoso.com")
    waiting = [key for key in served.runtime.reads.take() if key.organization_id == organization.id]
    stored = await served.owner.fetch(
        "SELECT path FROM service.audit_reads WHERE organization_id = $1", organization.id
    )
    assert "/console/audit" in {*(each.path for each in waiting), *(row["path"] for row in stored)}
