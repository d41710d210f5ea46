"""The first and the last days that there are, in zones at both ends of the world: an answer or a refusal, never a failure."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from service.console.texts.choice import ZONE_COOKIE
from tests.console.client import Browser
from tests.following import until_followed
from tests.invariants import check_log
from tests.serving import Scim, Served, Tenant, make_tenant

DAYS = (
    *("0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
)
ZONES = ("Pacific/Kiritimati", "Etc/GMT+12")  # 14 hours ahead of UTC, and 12 behind.
QUESTIONS = ("ask=role", "ask=access", "ask=group&group={group}", "ask=person&person={person}")


@dataclass
class Place:
    """An organization with a person in a group."""

    tenant: Tenant
    person: str
    group: str


@pytest.fixture(scope="module")
async def place(served: Served) -> AsyncIterator[Place]:
    """Give the organization."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    person = (await scim.post("/Users", {"userName": "anna"})).body["id"]
    group = (await scim.post("/Groups", {"displayName": "G", "members": [{"value": person}]})).body[
        "id"
    ]
    await until_followed(served, tenant)
    yield Place(tenant, person, group)
    await check_log(served.owner, served.runtime.sealer, tenant.id)


def paths(place: Place) -> list[str]:
    """Return the addresses that read days."""
    found = [
        *("/people", "/groups", f"/people/{place.person}", f"/groups/{place.group}"),
        *("/audit", "/audit/compare", "/cycles"),
        *(f"/audit/reports/{each}" for each in ("access", "leavers", "unseen")),
    ]
    asked = [each.format(group=place.group, person=place.person) for each in QUESTIONS]
    return [*(f"{each}?" for each in found), *(f"/audit/day?{each}&" for each in asked)]


@pytest.mark.parametrize("zone", ZONES)
async def test_no_day_in_an_address_makes_a_page_fail(
    served: Served, place: Place, zone: str
) -> None:
    browser = Browser(served)
    await browser.sign_in(place.tenant.id)
    browser.cookies[ZONE_COOKIE] = zone
    failed = []
    for path in paths(place):
        for day in DAYS:
            for query in (f"at={day}&from={day}", f"to={day}&zone=UTC"):
                shown = await browser.get(f"{path}{query}")
                if shown.status >= 500:
                    failed.append((path, query))
    assert failed == []


@pytest.mark.parametrize("zone", ZONES)
async def test_no_day_in_a_form_makes_a_page_fail(served: Served, place: Place, zone: str) -> None:
    browser = Browser(served)
    await browser.sign_in(place.tenant.id)
    browser.cookies[ZONE_COOKIE] = zone
    exports = await browser.get("/audit/exports")
    for day in ("0001-01-01", "9999-12-30", "9999-12-31"):
        for action, fields in (
            ("/audit/exports/events", {"events-from": day}),
            ("/audit/exports/events", {"events-to": day}),
            ("/audit/exports/access", {"access-at": day}),
            ("/audit/exports/evidence", {"evidence-from": day, "evidence-to": day}),
        ):
            answer = await browser.post(exports, action, **fields)
            assert answer.status < 500, (action, fields, answer.text)
        for page in ("/tokens/new", "/clients/new"):
            new = await browser.get(page)
            answer = await browser.post(new, page, label="x", expiresAt=day)
            assert answer.status < 500, (page, day, answer.text)


async def test_two_days_are_compared_from_the_first_day_that_there_is(
    served: Served, place: Place
) -> None:
    browser = Browser(served)
    await browser.sign_in(place.tenant.id)
    shown = await browser.get("/audit/compare?from=0001-01-01")
    assert (shown.status, "anna" in shown.text) == (200, True)
