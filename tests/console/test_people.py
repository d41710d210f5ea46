"""The list of people: filters, pages, files, days; and who may see it."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from service.console.framework import paging
from service.console.pages.directory import people as page
from tests.console.client import Browser
from tests.console.people import ENTERPRISE, HOSTILE, group_of, provision
from tests.following import until_followed
from tests.serving import Scim, Served, Tenant, make_tenant


async def test_an_organization_without_people_says_what_to_do(served: Served) -> None:
    tenant = await make_tenant(served.runtime, f"Empty {secrets.token_hex(6)}")
    browser = Browser(served)
    await browser.sign_in(tenant.id)
    shown = await browser.get("/people?state=inactive")
    assert "Nobody matches these filters" in shown.text
    assert "1 person" not in shown.text


async def test_people_are_found_by_each_filter(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    mark = secrets.token_hex(5)
    anna = await provision(
        served,
        contoso,
        userName=f"{mark}-anna",
        displayName="Anna Lindqvist",
        roleId=contoso.roles["Editor"],
        **{ENTERPRISE: {"department": f"Legal {mark}"}},
    )
    oskar = await provision(served, contoso, userName=f"{mark}-oskar", active=False)
    group = await group_of(served, contoso, anna["id"])
    for query, names in (
        (f"q={mark}", [f"{mark}-anna", f"{mark}-oskar"]),
        (f"q={mark}&state=active", [f"{mark}-anna"]),
        (f"q={mark.upper()}&state=inactive", [f"{mark}-oskar"]),
        (f"q={mark}&role=Editor", [f"{mark}-anna"]),
        (f"q={mark}&origin=scim", [f"{mark}-anna", f"{mark}-oskar"]),
        (f"q={mark}&origin=manual", []),
        (f"department=legal+{mark}", [f"{mark}-anna"]),
        (f"group={group['id']}", [f"{mark}-anna"]),
    ):
        shown = await browser.get(f"/people?{query}")
        assert shown.status == 200
        assert [
            each for each in (f"{mark}-anna", f"{mark}-oskar") if each in shown.text
        ] == names, query
    shown = await browser.get(f"/people?q={mark}")
    assert shown.link("Anna Lindqvist") == f"/console/people/{anna['id']}"
    await Scim(served, contoso.token).patch(
        f"/Users/{anna['id']}", {"op": "replace", "path": "userName", "value": f"{mark}-ann"}
    )
    await until_followed(served, contoso)
    shown = await browser.get(f"/people?q={mark}-anna")
    assert f"Formerly called {mark}-anna" in shown.text
    assert f"{mark}-ann" in shown.text
    assert oskar["id"] not in shown.html


async def test_pages_lead_forward_and_back(
    served: Served, contoso: Tenant, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = secrets.token_hex(5)
    for number in range(5):
        await provision(served, contoso, userName=f"{mark}-{number}")
    monkeypatch.setattr(page, "LIMIT", 2)
    monkeypatch.setattr(paging.listed, "__kwdefaults__", {"limit": 2})
    seen, shown = [], await browser.get(f"/people?q={mark}")
    assert "5 people" in shown.text
    while True:
        seen.append([number for number in range(5) if f"{mark}-{number}" in shown.text])
        if not any(words == "Next" for _, words in shown.page.links):
            break
        shown = await browser.get(shown.link("Next"))
    assert seen == [[0, 1], [2, 3], [4]]
    shown = await browser.get(shown.link("Previous"))
    assert f"{mark}-2" in shown.text
    assert (await browser.get("/people?cursor=forged")).status == 400


async def test_the_file_has_the_same_filters_and_no_formulas(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    mark = secrets.token_hex(5)
    for number, name in enumerate(HOSTILE):
        await provision(served, contoso, userName=f"{mark}-{number}", displayName=name)
    shown = await browser.get(f"/people?q={mark}&format=csv")
    assert shown.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(shown.html.splitlines()) == len(HOSTILE) + 1
    assert "'=HYPERLINK" in shown.html
    assert (await browser.get("/people?format=csv&colour=blue")).status == 400
    listed = await browser.get(f"/people?q={mark}")
    for name in HOSTILE:
        assert " ".join(name.split()) in listed.text


async def test_a_day_of_the_past_is_pinned_to_a_position(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    mark = secrets.token_hex(5)
    person = await provision(served, contoso, userName=f"{mark}-now", displayName=f"{mark}-now")
    position = await until_followed(served, contoso)
    await Scim(served, contoso.token).patch(
        f"/Users/{person['id']}", {"op": "replace", "path": "active", "value": False}
    )
    await until_followed(served, contoso)
    shown = await browser.get(f"/people?q={mark}&position={position}")
    assert "You are looking at the past" in shown.text
    assert "Active" in shown.text
    assert f"position={position}" in shown.link(f"{mark}-now")
    assert "Add a person" not in shown.text
    today = datetime.now(UTC).date()
    moved = await browser.get(f"/people?q={mark}&at={today}")
    assert moved.status == 303
    assert "position=" in moved.location
    assert f"at={today}" in moved.location
    yesterday = await browser.follow(
        await browser.get(f"/people?q={mark}&at={today - timedelta(days=1)}")
    )
    assert "Nobody matches these filters" in yesterday.text


@pytest.mark.parametrize("at", ["2026-02-30", "tomorrow", "9999-12-31", "<b>"])
async def test_an_impossible_day_is_refused_at_its_field(browser: Browser, at: str) -> None:
    shown = await browser.get(f"/people?at={at}")
    assert shown.status == 422
    assert shown.page.title.startswith("Error: ")
    assert f"You entered {at}" in shown.text


async def test_an_auditor_reads_and_changes_nothing(served: Served, contoso: Tenant) -> None:
    person = await provision(served, contoso)
    auditor = Browser(served)
    await auditor.sign_in(contoso.id, "auditor")
    shown = await auditor.get("/people")
    assert shown.status == 200
    assert "Add a person" not in shown.text
    shown = await auditor.get(f"/people/{person['id']}")
    assert "Deactivate" not in shown.text
    for path in (
        "/people/new",
        f"/people/{person['id']}/change",
        f"/people/{person['id']}/deactivate",
    ):
        assert (await auditor.get(path)).status == 403
    operator = Browser(served)
    await operator.sign_in(None, "operator")
    assert (await operator.get("/people")).status == 403


async def test_people_of_another_organization_are_not_there(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    other = await make_tenant(served.runtime, f"Other {secrets.token_hex(6)}")
    theirs = await provision(served, other)
    group = await group_of(served, other, theirs["id"])
    for path in ("", "/change", "/deactivate", "/reactivate"):
        assert (await browser.get(f"/people/{theirs['id']}{path}")).status == 404
    assert (await browser.get(f"/people?group={group['id']}")).status == 404
    assert theirs["userName"] not in (await browser.get("/people")).text
    page_of_ours = await browser.get(f"/people/{(await provision(served, contoso))['id']}/change")
    form = page_of_ours.form("/change")
    for action in ("change", "deactivate", "reactivate"):
        sent = await browser.send(
            "POST", f"/people/{theirs['id']}/{action}", form.fields, Origin=browser.origin
        )
        assert sent.status == 404
