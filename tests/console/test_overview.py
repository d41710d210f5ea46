"""The first page: counts, a chart, what needs somebody."""

import asyncio

from tests.admin.test_audit import until_followed
from tests.console.client import Browser
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
