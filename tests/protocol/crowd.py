"""A crowd of users for sorting: their values differ, are equal, or are missing."""

from asyncio import gather
from typing import Any

from schema.scim.urns import ENTERPRISE_USER
from tests.protocol.extensions import URN, attribute, register
from tests.serving import Scim, Served, Tenant

CROWD = 23  # Users. The technical account is in no list.
SORTS = (  # Every kind of value: text, multi-valued, boolean, instant, UUID, an extension's numbers.
    "userName",
    "title",
    "name.familyName",
    "emails",
    "active",
    "meta.created",
    "id",
    "roleId",
    f"{ENTERPRISE_USER}:department",
    attribute("Level"),
    attribute("Rate"),
    attribute("Certified"),
    attribute("Since"),
    attribute("Tags"),
)


def body(number: int) -> dict[str, Any]:
    """Return one of the crowd: every third has a title, every fourth a level, and so on."""
    sent: dict[str, Any] = {
        "userName": f"{'aBcDeF'[number % 6]}-{number:03}",
        "active": number % 5 != 0,
        "name": {"familyName": f"Family {number // 4}"},
        "emails": [{"value": f"z{number % 7}@x.com"}, {"value": "a@x.com", "primary": True}],
    }
    if number % 3 == 0:
        sent["title"] = ("Lead", "lead", "Ärztin", "\U0001f600", "x" * 3_000)[number % 5]
    if number % 2:
        sent[ENTERPRISE_USER] = {"department": f"D {number % 4}"}
    if number % 4:
        sent[URN] = extended(number)
    return sent


def extended(number: int) -> dict[str, Any]:
    """Return the values of the extension for one of the crowd."""
    return {
        "Level": (number * 7) % 30 - 10,
        "Rate": number / 4,
        "Certified": number % 2 == 0,
        "Since": f"20{number:02}-01-31T09:30:00{'+02:00' if number % 2 else 'Z'}",
        "Tags": [f"t{number % 3}", "all"],
    }


async def make_crowd(served: Served, scim: Scim, organization: Tenant) -> list[str]:
    """Register the extension, make the crowd, and return its ids."""
    await register(served, organization)
    made = await gather(*(scim.post("/Users", body(number)) for number in range(CROWD)))
    assert {each.status for each in made} == {201}
    return [each.body["id"] for each in made]


def ids(page: dict[str, Any]) -> list[str]:
    """Return the ids of a page, in its order."""
    return [each["id"] for each in page["Resources"]]


async def pages(
    scim: Scim, path: str, *, by: str = "nextCursor", cursor: str = "", **query: str
) -> list[dict[str, Any]]:
    """Return the pages of a query from a cursor on, to the last one in the direction of `by`."""
    found = []
    while True:
        page = await scim.find(path, cursor=cursor, **query)
        assert page.status == 200, page
        assert page.body["itemsPerPage"] == len(page.body["Resources"])
        found.append(page.body)
        if by not in page.body:
            return found
        cursor = page.body[by]


async def walk(scim: Scim, path: str, **query: str) -> tuple[list[str], list[str]]:
    """Return the ids of all pages read forward, and of all pages read back from the last one."""
    forward = await pages(scim, path, **query)
    there = [each for page in forward for each in ids(page)]
    if "previousCursor" not in forward[-1]:
        return there, there
    back = await pages(
        scim, path, by="previousCursor", cursor=forward[-1]["previousCursor"], **query
    )
    again = [each for page in reversed(back) for each in ids(page)]
    return there, again + ids(forward[-1])
