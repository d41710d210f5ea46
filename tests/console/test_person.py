"""A person: attributes and where they came from, roles over time, the timeline, days of the past, changes by hand."""

import asyncio
import secrets
from types import SimpleNamespace
from typing import cast

import pytest

from service.console.framework.call import ConsoleCall
from service.console.pages.directory.attributes import until_known
from service.runtime import open_runtime
from tests.console.client import Browser
from tests.console.people import ENTERPRISE, HOSTILE, group_of, provision
from tests.following import until_followed
from tests.serving import Scim, Served, Tenant, make_tenant, settings


async def test_a_person_says_who_gave_what(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(
        served,
        contoso,
        displayName="Anna Berg",
        name={"givenName": "Anna", "familyName": "Berg"},
        title="Counsel",
        roleId=contoso.roles["Contributor"],
        **{ENTERPRISE: {"department": "Legal"}},
    )
    group = await group_of(served, contoso, anna["id"], name=f"Legal {secrets.token_hex(3)}")
    scim = Scim(served, contoso.token)
    change = {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Legal Operations"}
    await scim.patch(f"/Users/{anna['id']}", change)
    await until_followed(served, contoso)
    shown = await browser.get(f"/people/{anna['id']}")
    assert shown.status == 200
    for words in (
        "Anna Berg Active Contributor",
        "Role over time",
        "Department Legal Operations Technical account for provisioning, ",
        "Job title Counsel",
        "before: Legal → after: Legal Operations",
        "created Anna Berg with the role Contributor.",
        "3 changes since",
        "Your reading of this page is recorded too.",
    ):
        assert words in shown.text, words
    assert shown.link(group["displayName"]) == f"/console/groups/{group['id']}"


async def test_the_past_says_what_is_different_today(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso, title="Counsel")
    position = await until_followed(served, contoso)
    group = await group_of(served, contoso, anna["id"])
    scim = Scim(served, contoso.token)
    await scim.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "title", "value": "Head"})
    await scim.patch(f"/Users/{anna['id']}", {"op": "replace", "path": "active", "value": False})
    end = await until_followed(served, contoso)
    shown = await browser.get(f"/people/{anna['id']}?position={position}")
    for words in (
        "You are looking at the past:",
        "Job title Counsel today: Head",
        f"Today also: {group['displayName']}.",
        "Show the 3 changes after this",
    ):
        assert words in shown.text, words
    assert "Deactivate the" not in shown.text
    assert "Change" not in [words for _, words in shown.page.links]
    shown = await browser.get(shown.link("Next change"))
    assert "Today also" not in shown.text
    assert "today: Head" in shown.text
    shown = await browser.get(f"/people/{anna['id']}?position={end - 1}")
    shown = await browser.get(shown.link("Next change"))
    assert "You are looking at the past" not in shown.text
    before = await browser.get(f"/people/{anna['id']}?position=1")
    assert "This account did not exist yet" in before.text


async def test_the_slider_leads_to_a_day(served: Served, contoso: Tenant, browser: Browser) -> None:
    anna = await provision(served, contoso)
    await until_followed(served, contoso)
    shown = await browser.get(f"/people/{anna['id']}?day=0")
    assert shown.location == f"/console/people/{anna['id']}"
    assert (await browser.get(f"/people/{anna['id']}?day=x")).status == 303


async def test_a_timeline_is_a_file_too(served: Served, contoso: Tenant, browser: Browser) -> None:
    anna = await provision(served, contoso)
    await until_followed(served, contoso)
    shown = await browser.get(f"/people/{anna['id']}?format=csv")
    assert shown.html.startswith("\ufeffposition,at,type,actor")
    assert "UserProvisioned" in shown.html


async def test_a_deleted_person_keeps_the_history(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso)
    await Scim(served, contoso.token).delete(f"/Users/{anna['id']}")
    await until_followed(served, contoso)
    shown = await browser.get(f"/people/{anna['id']}")
    assert shown.status == 200
    assert "This account was deleted" in shown.text
    assert "Change" not in [words for _, words in shown.page.links]


async def test_hostile_names_stay_text(served: Served, contoso: Tenant, browser: Browser) -> None:
    for name in HOSTILE:
        anna = await provision(
            served,
            contoso,
            displayName=name,
            title=name,
            name={"givenName": name, "familyName": name},
            **{ENTERPRISE: {"department": name}},
        )
        await group_of(served, contoso, anna["id"], name=f"{name} {secrets.token_hex(3)}")
        await until_followed(served, contoso)
        for path in ("", "/change", "/deactivate"):
            shown = await browser.get(f"/people/{anna['id']}{path}")
            assert shown.status == 200
            assert " ".join(name.split()) in shown.text


async def test_a_change_by_hand_warns_before_it_is_saved(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso, displayName="Anna", roleId=contoso.roles["Reader"])
    shown = await browser.get(f"/people/{anna['id']}/change")
    assert "Its next cycle will overwrite your change of a value that it has set." in shown.text
    sent = await browser.post(shown, "/change", displayName="Anna B", role="Editor")
    assert sent.location == f"/console/people/{anna['id']}?done=changed"
    page = await browser.follow(sent)
    assert "The change is saved" in page.text
    assert "Anna B Active Editor" in page.text
    assert "in the console" in page.text
    again = await browser.post(shown, "/change", displayName="Anna C")
    assert again.status == 422
    assert "This was changed at" in again.text


async def test_a_refused_change_says_what_to_change(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna, other = await provision(served, contoso), await provision(served, contoso)
    shown = await browser.get(f"/people/{anna['id']}/change")
    sent = await browser.post(shown, "/change", userName=other["userName"])
    assert sent.status == 422
    assert sent.page.title.startswith("Error: ")
    assert other["userName"] in sent.text
    sent = await browser.post(shown, "/change", userName="")
    assert sent.status == 422
    assert "Enter a userName" in sent.text
    sent = await browser.post(shown, "/change", role="Emperor")
    assert sent.status == 422


async def test_deactivating_says_what_happens_and_is_undone(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso, displayName="Anna")
    shown = await browser.get(f"/people/{anna['id']}/deactivate")
    for words in (
        "Anna loses access to the CLM at once.",
        "all groups are kept",
        "How it is undone",
        "its next cycle will reactivate it",
        "Keep the access",
    ):
        assert words in shown.text, words
    page = await browser.follow(await browser.post(shown, "/deactivate"))
    assert "The account is deactivated" in page.text
    shown = await browser.get(page.link("Reactivate"))
    page = await browser.follow(await browser.post(shown, "/reactivate"))
    assert "The account is active again" in page.text
    event = await served.owner.fetchrow(
        "SELECT source, actor_id FROM eventstore.events WHERE organization_id = $1 AND stream_id = $2 "
        "ORDER BY position DESC LIMIT 1",
        contoso.id,
        anna["id"],
    )
    assert tuple(event) == ("console", "console link of cli:1000(tests)")


async def test_somebody_is_added_by_hand(served: Served, contoso: Tenant, browser: Browser) -> None:
    name = f"by-hand-{secrets.token_hex(5)}@contoso.example"
    shown = await browser.get("/people/new")
    sent = await browser.post(
        shown, "/people/new", userName=name, displayName="By Hand", role="Editor"
    )
    page = await browser.follow(sent)
    assert "By Hand Active Editor" in page.text
    assert "by hand" in page.text
    assert (await browser.post(shown, "/people/new", userName="")).status == 422
    assert (await browser.post(shown, "/people/new", userName=name)).status == 422
    await until_followed(served, contoso)


async def test_the_last_administrator_stays(served: Served) -> None:
    tenant = await make_tenant(served.runtime, f"Last {secrets.token_hex(6)}")
    browser = Browser(served)
    await browser.sign_in(tenant.id)
    shown = await browser.get("/people/new")
    page = await browser.follow(
        await browser.post(shown, "/people/new", userName="only@x.example", role="Administrator")
    )
    confirm = await browser.get(page.link("Deactivate"))
    sent = await browser.post(confirm, "/deactivate")
    assert sent.status == 422
    assert "Administrator" in sent.text


@pytest.mark.parametrize("language", ["fr"])
async def test_a_person_is_read_in_french(served: Served, contoso: Tenant, language: str) -> None:
    anna = await provision(served, contoso, displayName="Anna", roleId=contoso.roles["Editor"])
    await until_followed(served, contoso)
    reader = Browser(served, language=language)
    await reader.sign_in(contoso.id)
    shown = await reader.get(f"/people/{anna['id']}")
    assert "Éditeur" in shown.text
    assert "a créé" in shown.text


async def test_a_page_that_waits_gives_its_connection_back(database_url: str) -> None:
    few = settings(database_url, pool_size_max=2)
    async with open_runtime(few, is_migrating=False) as runtime, runtime.pool.acquire() as other:
        tenant = await make_tenant(runtime, "Contoso")  # Nothing runs that would follow its log.
        call = SimpleNamespace(runtime=runtime, organization=SimpleNamespace(id=tenant.id))
        waiting = asyncio.create_task(until_known(cast("ConsoleCall", call), {tenant.id: 1}))
        for _ in range(3):
            await other.fetchval("SELECT pg_sleep(0.01)")
            async with runtime.pool.acquire() as connection:
                await connection.fetchval("SELECT 1")
        assert not waiting.done()
        await waiting
