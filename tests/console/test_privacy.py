"""Legal holds and erasures: who may, what is said before, what refuses, and the receipt."""

import secrets
from datetime import timedelta

import pytest

from tests.console.client import Browser, Shown
from tests.console.people import provision
from tests.following import until_followed
from tests.serving import Scim, Served, Tenant

HOLDS, ERASURES = "/organization/legal-holds", "/organization/erasures"


async def grow_stale(served: Served, tenant: Tenant, minutes: int = 11) -> None:
    """Let the sign-ins of an organization be some minutes old."""
    await served.owner.execute(
        "UPDATE service.console_sessions SET fresh_at = fresh_at - $2::interval WHERE organization_id = $1",
        tenant.id,
        timedelta(minutes=minutes),
    )


async def asked(browser: Browser, wanted: str) -> Shown:
    """Return the page that says what erasing somebody will do."""
    return await browser.follow(await browser.get(f"{ERASURES}?person={wanted}"))


async def test_a_legal_hold_is_set_listed_and_lifted(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso)
    page = await browser.get(HOLDS)
    assert "There is no legal hold" in page.text
    done = await browser.post(page, HOLDS, person=anna["userName"], reason="Case 12 <b>")
    assert done.location == f"/console{HOLDS}?done=set"
    shown = await browser.follow(done)
    assert "The legal hold is set" in shown.text
    assert "Case 12 <b>" in shown.text
    assert shown.link(anna["displayName"]) == f"/console/people/{anna['id']}"
    again = await browser.post(page, HOLDS, person=anna["id"], reason="Case 13")
    assert "There was a legal hold already" in (await browser.follow(again)).text
    file = await browser.get(f"{HOLDS}?format=csv")
    assert file.html.splitlines()[1].startswith(f"{anna['id']},{anna['displayName']},")
    lifting = await browser.get(shown.link("Lift"))
    assert "whoever may erase can erase: " + anna["displayName"] in lifting.text
    assert "for the reason “Case 12 <b>”" in lifting.text
    done = await browser.post(lifting, "/lift", reason="Case 12 is closed")
    assert "The legal hold is lifted" in (await browser.follow(done)).text
    assert "There is no legal hold" in (await browser.get(HOLDS)).text
    assert (await browser.get(f"{HOLDS}/{anna['id']}/lift")).status == 404


async def test_a_hold_on_everybody_refuses_every_erasure(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso)
    before = await asked(browser, anna["id"])
    page = await browser.get(HOLDS)
    done = await browser.post(page, HOLDS, whom="everybody", reason="Case 13")
    assert "Everybody of the organization" in (await browser.follow(done)).text
    shown = await asked(browser, anna["id"])
    assert "A legal hold refuses this" in shown.text
    assert "for the reason “Case 13”" in shown.text
    assert [each.action for each in shown.page.forms if "erase" in each.action] == []
    filled = {"confirm": anna["userName"], "reason": "Request 1"}
    refused = await browser.post(before, "/erase", **filled)  # Of a page that was open before.
    assert (refused.status, "A legal hold refuses this" in refused.text) == (422, True)
    lifting = await browser.get((await browser.get(HOLDS)).link("Lift"))
    await browser.post(lifting, "/lift", reason="Case 13 is closed")
    assert (await browser.post(before, "/erase", **filled)).status == 200


async def test_an_erasure_says_what_it_does_and_shows_its_receipt(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    name = f"Odd {secrets.token_hex(4)}"
    anna = await provision(served, contoso, displayName=name, title="Counsel")
    await until_followed(served, contoso)
    shown = await asked(browser, anna["userName"])
    for words in (
        f"Erase {name} for ever?",
        "Account Still in the directory",
        "is deleted in the same step: the person loses access at once",
        "It cannot be undone.",
        "Backups must be deleted within",
    ):
        assert words in shown.text, words
    wrong = await browser.post(shown, "/erase", confirm="somebody", reason="Request 4711")
    assert (wrong.status, f"Type {anna['userName']} to confirm." in wrong.text) == (422, True)
    wrong = await browser.post(shown, "/erase", confirm=anna["userName"], reason=f"{name} asked")
    assert (wrong.status, "holds a name" in wrong.text) == (422, True)
    assert (await browser.get(f"/people/{anna['id']}")).status == 200
    done = await browser.post(shown, "/erase", confirm=anna["userName"], reason="Request 4711")
    assert (done.status, done.headers["Cache-Control"]) == (200, "no-store")
    for words in ("The person is erased", "What was removed", "directory.users", "Request 4711"):
        assert words in done.text, words
    assert name not in done.html
    receipt = await browser.get(f"{ERASURES}/{anna['id']}")
    assert "Copies of the database: by" in receipt.text
    assert "directory.users" not in receipt.text
    assert "subjectId" in (await browser.get(f"{ERASURES}/{anna['id']}?format=csv")).html
    listed = await browser.get(ERASURES)
    assert listed.link("Erased person") == f"/console{ERASURES}/{anna['id']}"
    assert anna["id"] in (await browser.get(f"{ERASURES}?format=csv")).html
    again = await browser.get(f"{ERASURES}/{anna['id']}/erase")
    assert again.location == f"/console{ERASURES}/{anna['id']}"
    actor, source = await served.owner.fetchrow(
        "SELECT actor_id, source FROM eventstore.events WHERE organization_id = $1"
        " AND type = 'UserErased' ORDER BY position DESC LIMIT 1",
        contoso.id,
    )
    assert (actor.startswith("console link of"), source) == (True, "console")


async def test_somebody_who_was_deleted_is_erased_by_the_last_name(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso)
    await Scim(served, contoso.token).delete(f"/Users/{anna['id']}")
    await until_followed(served, contoso)
    assert (await browser.get(f"/people/{anna['id']}")).link("Erase").endswith("/erase")
    shown = await asked(browser, anna["id"])
    assert "Account Deleted" in shown.text
    assert "in the same step" not in shown.text
    done = await browser.post(shown, "/erase", confirm=anna["userName"], reason="Request 4712")
    assert (done.status, "in the same step No" in done.text) == (200, True)


async def test_nobody_is_erased_who_never_was(browser: Browser) -> None:
    shown = await browser.get(f"{ERASURES}?person=nobody")
    assert (shown.status, "Nobody has, or ever had" in shown.text) == (422, True)
    unknown = "018f0000-0000-7000-8000-000000000000"
    assert (await browser.get(f"{ERASURES}/{unknown}/erase")).status == 404
    assert (await browser.get(f"{ERASURES}/{unknown}")).status == 404
    page = await browser.get(HOLDS)
    for person, reason in (("nobody", "Case 1"), (unknown, "Case 1"), ("", "Case 1"), ("x", "")):
        refused = await browser.post(page, HOLDS, person=person, reason=reason)
        assert refused.status == 422, (person, reason)


@pytest.mark.parametrize("minutes", [11, 21])
async def test_lifting_and_erasing_ask_for_a_fresh_sign_in(
    served: Served, contoso: Tenant, browser: Browser, minutes: int
) -> None:
    anna = await provision(served, contoso)
    shown = await asked(browser, anna["id"])
    await browser.post(await browser.get(HOLDS), HOLDS, person=anna["id"], reason="Case 5")
    lifting = await browser.get(f"{HOLDS}/{anna['id']}/lift")
    await grow_stale(served, contoso, minutes)
    for path in (f"{ERASURES}/{anna['id']}/erase", f"{HOLDS}/{anna['id']}/lift"):
        assert (await browser.get(path)).location == "/console/signin?reason=fresh"
    lifted = await browser.post(lifting, "/lift", reason="Case 5 is closed")
    erased = await browser.post(shown, "/erase", confirm=anna["userName"], reason="Request 5")
    if minutes > 20:  # Whoever has begun a form may send it for a while.
        assert "/signin" in lifted.location
        assert "/signin" in erased.location
        assert (await browser.get(f"/people/{anna['id']}")).status == 200
    else:
        assert (lifted.status, erased.status) == (303, 200)


async def test_an_auditor_reads_and_changes_nothing(
    served: Served, contoso: Tenant, browser: Browser
) -> None:
    anna = await provision(served, contoso)
    forms = [await browser.get(HOLDS), await asked(browser, anna["id"])]
    auditor = Browser(served)
    await auditor.sign_in(contoso.id, "auditor")
    assert (await auditor.get("/organization")).location == f"/console{HOLDS}"
    for path in (HOLDS, ERASURES):
        shown = await auditor.get(path)
        assert shown.status == 200
        assert [each.action for each in shown.page.forms] == ["/console/signout"] * 2
        assert "/organization/settings" not in shown.html
    for path in (f"{HOLDS}/{anna['id']}/lift", f"{ERASURES}/{anna['id']}/erase"):
        assert (await auditor.get(path)).status == 403
    for form, action in zip(forms, (HOLDS, f"{ERASURES}/{anna['id']}/erase"), strict=True):
        fields = form.form(action).filled({"person": anna["id"], "reason": "Case 9"})
        mine = (await auditor.get("/zone")).form("/zone").fields[0]
        sent = [mine, *(each for each in fields if each[0] != "csrf")]
        assert (await auditor.send("POST", action, sent, Origin=auditor.origin)).status == 403


async def test_nobody_erases_the_account_that_is_used(served: Served, contoso: Tenant) -> None:
    administrator = await provision(served, contoso, roleId=contoso.roles["Administrator"])
    browser = Browser(served)
    await browser.sign_in(contoso.id)
    await served.owner.execute(
        "UPDATE service.console_sessions SET person_id = $2::uuid, actor = $2::text WHERE organization_id = $1"
        " AND created_at = (SELECT max(created_at) FROM service.console_sessions WHERE organization_id = $1)",
        contoso.id,
        administrator["id"],
    )
    shown = await asked(browser, administrator["id"])
    filled = {"confirm": administrator["userName"], "reason": "Request 6"}
    refused = await browser.post(shown, "/erase", **filled)
    assert (refused.status, "the account that you use" in refused.text) == (422, True)
    assert (await browser.get("/")).status == 200
