"""Groups, their members, roles, and the list of role groups with its preview."""

import secrets
from collections.abc import Sequence

import pytest

from service.console.pages.directory import groups as page
from tests.console.client import Browser, Shown
from tests.console.people import HOSTILE, group_of, provision
from tests.following import until_followed
from tests.serving import Scim, Served, Tenant, make_tenant


async def test_groups_are_listed_filtered_and_exported(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    mark = secrets.token_hex(5)
    anna = await provision(served, contoso, displayName="Anna")
    for number, name in enumerate(HOSTILE):
        await group_of(served, contoso, anna["id"], name=f"{mark}-{number} {name}")
    shown = await browser.get(f"/groups?q={mark}")
    assert shown.status == 200
    for name in HOSTILE:
        assert " ".join(name.split()) in shown.text
    assert "Access" in shown.text
    assert "No group matches" in (await browser.get(f"/groups?q={mark}&use=role")).text
    file = await browser.get(f"/groups?q={mark}&use=access&format=csv")
    assert len(file.html.splitlines()) == len(HOSTILE) + 1
    assert (await browser.get("/groups?format=csv&x=1")).status == 400


async def test_members_are_listed_by_name_page_by_page(
    served: Served, contoso: Tenant, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = secrets.token_hex(5)
    people = [
        await provision(served, contoso, userName=f"{mark}-{each}", displayName=f"M{each} {mark}")
        for each in (3, 1, 2)
    ]
    inner = await group_of(served, contoso, name=f"Inner {mark}")
    group = await group_of(served, contoso, *[each["id"] for each in people], inner["id"])
    monkeypatch.setattr(page, "LIMIT", 2)
    shown = await browser.get(f"/groups/{group['id']}")
    assert "4 members" in shown.text
    assert f"Inner {mark}" in shown.text
    names = [words for href, words in shown.page.links if "/people/" in href and mark in words]
    assert names[:2] == [f"M1 {mark}", f"M2 {mark}"]
    found = await browser.get(f"/groups/{group['id']}?q={mark}-3")
    assert [words for href, words in found.page.links if "/people/" in href and mark in words][
        :1
    ] == [f"M3 {mark}"]
    file = await browser.get(f"/groups/{group['id']}?format=csv")
    assert len(file.html.splitlines()) == 4


async def test_a_group_of_the_past_has_the_members_of_then(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso, displayName="Anna P")
    oskar = await provision(served, contoso, displayName="Oskar P")
    group = await group_of(served, contoso, anna["id"])
    position = await until_followed(served, contoso)
    scim = Scim(served, contoso.token)
    joined = {"op": "add", "path": "members", "value": [{"value": oskar["id"]}]}
    await scim.patch(f"/Groups/{group['id']}", joined)
    await until_followed(served, contoso)
    shown = await browser.get(f"/groups/{group['id']}?position={position}")
    assert "You are looking at the past" in shown.text
    assert "Anna P" in shown.text
    assert "Oskar P" not in shown.text
    assert f"position={position}" in shown.link("Anna P")
    file = await browser.get(f"/groups/{group['id']}?position={position}&format=csv")
    assert len(file.html.splitlines()) == 2
    assert "added Oskar P" not in shown.text
    await scim.delete(f"/Groups/{group['id']}")
    await until_followed(served, contoso)
    gone = await browser.get(f"/groups/{group['id']}")
    assert "This group was deleted" in gone.text
    then = await browser.get(f"/groups/{group['id']}?position={position}")
    assert "Anna P" in then.text
    assert "did not exist then" in (await browser.get(f"/groups/{group['id']}?position=1")).text


async def test_a_group_is_added_by_hand(contoso: Tenant, browser: Browser) -> None:
    name = f"By hand {secrets.token_hex(4)}"
    form = await browser.get("/groups/new")
    shown = await browser.follow(await browser.post(form, "/groups/new", displayName=name))
    assert name in shown.text
    assert "Nobody is in this group" in shown.text
    again = await browser.post(form, "/groups/new", displayName=name)
    assert again.status == 422
    assert (await browser.post(form, "/groups/new", displayName="")).status == 422


async def test_roles_have_their_uuids_and_people(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    await provision(served, contoso, roleId=contoso.roles["Validator"])
    shown = await browser.get("/roles")
    for role_id in contoso.roles.values():
        assert f'value="{role_id}"' in shown.html
    assert "1 active" in shown.text
    assert shown.link("Validator") == "/console/people?role=Validator"
    file = await browser.get("/roles?format=csv")
    assert f"{contoso.roles['Validator']},Validator,1,0" in file.html


async def press(browser: Browser, shown: Shown, do: str, **values: str | Sequence[str]) -> Shown:
    """Press a button of the list of role groups."""
    return await browser.post(shown, "/roles/groups/preview", do=do, **values)


async def save(browser: Browser, shown: Shown) -> Shown:
    """Press Save of a previewed list."""
    fields = shown.form("/roles/groups/preview").fields
    return await browser.send("POST", "/roles/groups", fields, Origin=browser.origin)


async def test_role_groups_are_previewed_before_they_are_saved(served: Served) -> None:
    tenant = await make_tenant(served.runtime, f"Groups {secrets.token_hex(6)}")
    browser = Browser(served)
    await browser.sign_in(tenant.id)
    anna = await provision(served, tenant, displayName="Anna")
    readers = await group_of(served, tenant, anna["id"], name="Readers <b>")
    editors = await group_of(served, tenant, anna["id"], name="Editors")
    shown = await browser.get("/roles/groups")
    assert "No group is a role group" in shown.text
    shown = await press(browser, shown, "add", newName="readers <b>", newRole="Reader")
    shown = await press(browser, shown, "enter", newName="Editors", newRole="Editor")
    assert shown.link("Editors").endswith(editors["id"])
    shown = await press(browser, shown, "preview", explicitWins=[])
    assert "Nobody would change" in shown.text
    shown = await press(browser, shown, "up:1")
    shown = await press(browser, shown, "preview", explicitWins=[])
    assert "1 person would change" in shown.text
    assert "Reader → Editor" in shown.text
    assert (await browser.get("/roles/groups")).text.count("Editors") == 0
    sent = await save(browser, shown)
    assert sent.location == "/console/roles/groups?done=saved"
    kept = await browser.follow(sent)
    assert kept.text.index("Editors") < kept.text.index("Readers <b>")
    person = await browser.get(f"/people/{anna['id']}")
    assert "Anna Active Editor" in person.text
    assert "through the role group Editors" in person.text
    assert readers["displayName"] in person.text
    group = await browser.get(f"/groups/{editors['id']}")
    assert "Its members have the role Editor." in group.text
    roles = await browser.get("/groups?use=role")
    assert "Role Editor" in roles.text


async def test_a_stale_preview_is_not_saved(served: Served) -> None:
    tenant = await make_tenant(served.runtime, f"Stale {secrets.token_hex(6)}")
    browser = Browser(served)
    await browser.sign_in(tenant.id)
    anna = await provision(served, tenant)
    group = await group_of(served, tenant, name="Editors")
    shown = await press(
        browser, await browser.get("/roles/groups"), "add", newName="Editors", newRole="Editor"
    )
    shown = await press(browser, shown, "preview")
    joined = {"op": "add", "path": "members", "value": [{"value": anna["id"]}]}
    await Scim(served, tenant.token).patch(f"/Groups/{group['id']}", joined)
    sent = await save(browser, shown)
    assert sent.status == 422
    assert "Something changed since the preview" in sent.text
    assert (await save(browser, sent)).status == 303


async def test_an_entry_that_names_no_group_is_refused(browser: Browser) -> None:
    shown = await press(
        browser, await browser.get("/roles/groups"), "add", newName="<i>none", newRole="Editor"
    )
    assert shown.status == 422
    assert "There is no group called <i>none." in shown.text
    shown = await press(browser, shown, "add", newName="", newRole="Editor")
    assert "Enter the name of the group to add." in shown.text


async def test_auditors_read_groups_and_change_none(served: Served, contoso: Tenant) -> None:
    auditor = Browser(served)
    await auditor.sign_in(contoso.id, "auditor")
    for path in ("/groups", "/roles", "/roles/groups"):
        shown = await auditor.get(path)
        assert shown.status == 200
        assert "Add group" not in shown.text
        assert "Preview" not in shown.text
    assert (await auditor.get("/groups/new")).status == 403


async def test_groups_of_another_organization_are_not_there(
    served: Served, browser: Browser
) -> None:
    other = await make_tenant(served.runtime, f"Other {secrets.token_hex(6)}")
    group = await group_of(served, other, name="Theirs")
    for query in ("", "?position=99", "?format=csv"):
        assert (await browser.get(f"/groups/{group['id']}{query}")).status == 404
    shown = await press(
        browser, await browser.get("/roles/groups"), "add", newName="Theirs", newRole="Editor"
    )
    assert shown.status == 422
