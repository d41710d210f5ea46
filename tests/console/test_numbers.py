"""Numbers and cursors that no page gave, in addresses and forms: a page, or a refusal that says so, and never a failure."""

import asyncio
import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from service.console.framework.forms import number_in
from service.console.framework.page import READERS, Page
from service.console.routes import PAGES
from tests.console.client import Browser
from tests.console.people import group_of, provision
from tests.following import until_followed
from tests.serving import Served, Tenant

HUGE: Final = 10**30
LAST: Final = 2**63 - 1  # Of the positions that the database can hold.
SENT: Final = (str(LAST), "-1", "x", "9" * 5_000)
TOGETHER: Final = ("position", "before", "from", "to", "at", "open", "day", "days")
EARLY: Final = "0001-01-01T00:00:00+14:00"
LATE: Final = "9999-12-31T23:59:59-14:00"
UNKNOWN: Final = "018f0000-0000-7000-8000-000000000000"


def of_readers(page: Page) -> bool:
    """Return whether a page is read by people of an organization."""
    return page.method == "GET" and bool(page.roles & READERS) and not page.is_stream


@dataclass(frozen=True, slots=True)
class Subjects:
    """A person, a group with this person, a cycle, and the last position."""

    person: str
    group: str
    group_name: str
    cycle: str
    end: int

    def filled(self, path: str) -> str:
        """Return the path of a page with ids that are there, where the page is about one of these."""
        kind = path.split("/")[1]
        found = {"people": self.person, "groups": self.group, "cycles": self.cycle}
        path = path.replace("{id}", found.get(kind, UNKNOWN))
        return (
            path.replace("{hold_id}", UNKNOWN).replace("{name}", "access").replace("{code}", "en")
        )


@pytest.fixture
async def subjects(served: Served, contoso: Tenant, browser: Browser) -> Subjects:
    """Give what the pages are about."""
    person = await provision(served, contoso)
    name = f"g{secrets.token_hex(6)}"
    group = await group_of(served, contoso, person["id"], name=name)
    end = await until_followed(served, contoso)
    cycles: list[str] = []
    while not cycles:  # Cycles are written each second.
        await asyncio.sleep(0.05)
        links = [href for href, _ in (await browser.get("/cycles")).page.links]
        cycles = [each for each in links if "/cycles/" in each and "?" not in each]
    return Subjects(person["id"], group["id"], name, cycles[0].rpartition("/")[2], end)


async def test_a_number_that_is_none_fails_no_page(browser: Browser, subjects: Subjects) -> None:
    paths = {subjects.filled(each.path) for each in PAGES if of_readers(each)}
    assert len(paths) > 40
    for path in sorted(paths):
        asked = [dict.fromkeys(TOGETHER, value) for value in SENT]
        asked += [{name: str(HUGE)} for name in ("position", "cursor")]
        for each in asked:
            shown = await browser.get(f"{path}?{urlencode(each)}")
            assert shown.status < 500, (path, str(each)[:200], shown.text[-300:])


def cursor(*held: Any) -> str:
    """Return a cursor that holds something that no page of a list wrote."""
    return base64.urlsafe_b64encode(json.dumps(held).encode()).rstrip(b"=").decode()


async def test_a_cursor_that_no_page_gave_is_refused(
    browser: Browser, contoso: Tenant, subjects: Subjects
) -> None:
    role, end = contoso.roles["Reader"], subjects.end
    group = quote(subjects.group_name)
    lists = [
        ("/accounts?", "accounts", 1),
        ("/tokens?", "tokens", 1),
        (f"/audit/compare?before=0&position={end}&", f"console diff 0 {end}", 1),
        (f"/audit/day?ask=role&role=Reader&position={end}&", f"console day role {role} {end}", 1),
        (
            f"/audit/day?ask=group&group={group}&position={end}&",
            f"console day group {subjects.group} {end}",
            1,
        ),
        (f"/audit/day?ask=access&position={end}&", f"console day access {end}", 1),
        ("/audit?", "console events", 2),
        ("/people?", "people", 1),
        (f"/people/{subjects.person}?", "timeline", 2),
        ("/groups?", "groups", 1),
        (f"/groups/{subjects.group}?", "members", 1),
        (f"/groups/{subjects.group}?position={end}&", "members", 1),
        ("/cycles?", "console cycles", 2),
        (f"/cycles/{subjects.cycle}?", "cycle changes", 2),
        (f"/cycles/{subjects.cycle}/refusals?", "cycle refusals", 1),
        ("/guard?", "console holds", 1),
    ]
    for path, kind, parts in lists:
        nowhere: list[Any] = [HUGE, -1, None, {}, [], 1.5, "\0"]
        held_in: list[list[Any]] = [[[each] * parts, []] for each in nowhere]
        held_in += [[[each, UNKNOWN], []] for each in (EARLY, LATE)]
        held_in += [[[], []], [["x"] * parts], ["x" * parts, []], [["x"] * parts, "x"]]
        held_in += [[{}, {}], [1], [[1] * (parts + 1), []]]
        for held in held_in:
            shown = await browser.get(f"{path}cursor={cursor(kind, *held)}")
            assert shown.status == 400, (path, held, shown.status, shown.text[-300:])
            assert "gave no such cursor" in shown.text, (path, held, shown.text[-300:])
        for each in ("x", LAST):  # A name, or a position of the log that is not yet reached.
            shown = await browser.get(f"{path}cursor={cursor(kind, [each] * parts, [])}")
            assert shown.status in {200, 400}, (path, each, shown.text[-300:])


async def test_a_number_that_is_none_fails_no_form(browser: Browser) -> None:
    page = await browser.get("/roles/groups")
    for value in SENT:
        entry = {"role": "Reader", "group": "", "name": "Legal", "count": value}
        shown = await browser.post(page, "/roles/groups/preview", do=f"up:{value}", **entry)
        assert shown.status in {200, 422}, (value[:40], shown.text[-300:])


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), (str(HUGE), None)]
    + [(each, None) for each in (None, "", "-1", "+1", "x", "1 ", "1.0", "²", "٣")],
)
def test_a_number_is_read_in_one_way(text: str | None, number: int | None) -> None:
    assert number_in(text) == number
