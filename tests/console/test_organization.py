"""The organization: its settings, who may open the console, its schemas."""

import json
import secrets

from tests.console.client import Browser
from tests.protocol.extensions import EXTENSION
from tests.serving import Scim, Served, Tenant


async def test_a_setting_shows_its_value_its_default_and_who_changed_it(browser: Browser) -> None:
    shown = await browser.get("/organization/settings")
    assert "Limits" in shown.text
    saved = await browser.post(
        shown, "/organization/settings", strict="true", localChanges='"refused"'
    )
    assert saved.location == "/console/organization/settings"
    shown = await browser.follow(saved)
    while "Last changed on" not in shown.text:  # History follows within moments.
        shown = await browser.get("/organization/settings")
    fields = dict(shown.form("/organization/settings").fields)
    assert (fields["strict"], fields["localChanges"]) == ("true", '"refused"')
    await browser.post(shown, "/organization/settings", strict="default")
    shown = await browser.get("/organization/settings")
    assert dict(shown.form("/organization/settings").fields)["strict"] == "default"


async def test_an_organization_gets_another_name(
    other_organization: Tenant, browser: Browser
) -> None:
    form = await browser.get("/organization/settings")
    taken = await browser.post(form, "/organization/settings", name=other_organization.name)
    assert taken.status == 422
    assert taken.page.title.startswith("Error: ")
    name = f"<script>alert(1)</script> {secrets.token_hex(4)}"
    assert (await browser.post(form, "/organization/settings", name=name)).status == 303
    assert name in (await browser.get("/organization/settings")).page.title


async def test_an_auditor_is_added_and_removed(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    person = {"userName": "Ivo@contoso.com", "displayName": "Ivo <i>Auditor</i>"}
    await Scim(served, contoso.token).post("/Users", person)
    form = await browser.get("/organization/access")
    wrong = await browser.post(form, "/organization/access", userName="nobody")
    assert (wrong.status, "Nobody has “nobody”." in wrong.text) == (422, True)
    await browser.post(form, "/organization/access", userName="ivo@contoso.com")
    shown = await browser.get("/organization/access")
    assert "Ivo <i>Auditor</i>" in shown.text
    await browser.post(shown, "/remove")
    assert "There is no auditor" in (await browser.get("/organization/access")).text


async def test_a_schema_is_registered(browser: Browser) -> None:
    form = await browser.get("/organization/schemas")
    wrong = await browser.post(form, "/organization/schemas", document="{")
    assert wrong.status == 422
    saved = await browser.post(form, "/organization/schemas", document=json.dumps(EXTENSION))
    assert saved.status == 303
    assert EXTENSION["id"] in (await browser.follow(saved)).html
