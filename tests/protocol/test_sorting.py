"""sortBy and sortOrder on any attribute (RFC 7644 §3.4.2.3): folded, stable, missing values last."""

from typing import Any

import pytest

from schema.scim.urns import ENTERPRISE_USER, USER
from tests.protocol.extensions import attribute, register
from tests.protocol.resources import people, values
from tests.serving import Scim, Served, Tenant

LEVEL = attribute("Level")
DEPARTMENT = f"{ENTERPRISE_USER}:department"


async def named(scim: Scim, **attributes: dict[str, Any]) -> None:
    """Make users one after another; each has a name, and attributes by path."""
    for name, sent in attributes.items():
        made = await scim.post("/Users", {"userName": f"u-{name}", **sent})
        assert made.status == 201, made


async def order(scim: Scim, path: str = "/Users", **query: str) -> list[str]:
    """Return the names, without u-, of the users in the order of a query."""
    listed = await scim.find(path, filter='userName sw "u-"', **query)
    assert listed.status == 200, listed
    return [each["userName"][2:] for each in listed.body["Resources"]]


@pytest.mark.parametrize(
    ("path", "least", "middle", "most"),
    [
        ("title", {"title": "Accountant"}, {"title": "builder"}, {"title": "Clerk"}),
        ("TITLE", {"title": "10"}, {"title": "9"}, {"title": "a"}),
        (
            "name.familyName",
            {"name": {"familyName": "adams"}},
            {"name": {"familyName": "Brown"}},
            {"name": {"familyName": "ÇELIK"}},
        ),
        (f"{USER}:nickName", {"nickName": "a"}, {"nickName": "aa"}, {"nickName": "b"}),
        (
            DEPARTMENT,
            {ENTERPRISE_USER: {"department": "Art"}},
            {ENTERPRISE_USER: {"department": "Law"}},
            {ENTERPRISE_USER: {"department": "math"}},
        ),
        (
            f"{ENTERPRISE_USER}:manager.value",
            {ENTERPRISE_USER: {"manager": {"value": "1"}}},
            {ENTERPRISE_USER: {"manager": {"value": "2"}}},
            {ENTERPRISE_USER: {"manager": {"value": "3"}}},
        ),
        (
            "emails",
            {"emails": [{"value": "z@x.com"}, {"value": "A@x.com", "primary": True}]},
            {"emails": [{"value": "b@x.com"}, {"value": "a@x.com"}]},
            {"emails": [{"value": "C@x.com", "type": "home"}]},
        ),
        (
            "addresses.locality",
            {"addresses": [{"locality": "Bonn"}]},
            {"addresses": [{"locality": "A"}, {"locality": "Graz", "primary": True}]},
            {"addresses": [{"locality": "ulm"}]},
        ),
    ],
)
async def test_values_are_sorted_as_they_compare_and_what_has_none_comes_last(
    scim: Scim, path: str, least: dict[str, Any], middle: dict[str, Any], most: dict[str, Any]
) -> None:
    await named(scim, void={}, most=most, least=least, middle=middle)

    up = await order(scim, sortBy=path)
    down = await order(scim, sortBy=path, sortOrder="descending")

    assert up == ["least", "middle", "most", "void"]
    assert down == ["void", "most", "middle", "least"]


@pytest.mark.parametrize(
    ("name", "least", "middle", "most"),
    [
        ("Level", -7, 9, 10),
        ("Rate", 0.5, 2, 10.25),
        ("Since", "2026-01-01T01:00:00+02:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z"),
        ("Contract", "a", "B", "c"),
        ("Tags", ["a", "z"], ["B"], ["c", "a"]),
    ],
)
async def test_values_of_an_extension_are_sorted_by_their_type(
    served: Served,
    scim: Scim,
    organization: Tenant,
    name: str,
    least: object,
    middle: object,
    most: object,
) -> None:
    await register(served, organization)
    container, _, attribute_name = attribute(name).rpartition(":")
    sent = {
        key: {container: {attribute_name: value}}
        for key, value in (("most", most), ("middle", middle), ("least", least))
    }
    await named(scim, void={}, **sent)

    assert await order(scim, sortBy=attribute(name)) == ["least", "middle", "most", "void"]


async def test_booleans_are_sorted_false_first(scim: Scim) -> None:
    await named(scim, on={"active": True}, off={"active": False})

    assert await order(scim, sortBy="active") == ["off", "on"]
    assert await order(scim, sortBy="active", sortOrder="Descending") == ["on", "off"]


async def test_equal_values_come_in_the_order_of_their_creation_and_back_where_it_descends(
    scim: Scim,
) -> None:
    await named(scim, **{f"n{number}": {"title": "Same"} for number in range(9)})

    expected = [f"n{number}" for number in range(9)]
    assert await order(scim, sortBy="title") == expected
    assert await order(scim, sortBy="title", sortOrder="descending") == expected[::-1]
    first = await order(scim, sortBy="title", count="4")
    assert first + await order(scim, sortBy="title", startIndex="5") == expected


async def test_without_an_order_resources_come_as_they_were_created(scim: Scim) -> None:
    await named(scim, b={}, a={}, c={})

    assert await order(scim) == ["b", "a", "c"]


async def test_groups_are_sorted_by_what_they_have(scim: Scim) -> None:
    ids = sorted(await people(scim, 2))
    few, many = values(ids[1:]), values(ids)
    await scim.post("/Groups", {"displayName": "beta", "externalId": "1", "members": few})
    await scim.post("/Groups", {"displayName": "Alpha", "externalId": "2", "members": many})

    by_name = await scim.get("/Groups?sortBy=displayName")
    by_id = await scim.get("/Groups?sortBy=externalId")
    by_members = await scim.get("/Groups?sortBy=members")

    names = [
        [each["displayName"] for each in answer.body["Resources"]]
        for answer in (by_name, by_id, by_members)
    ]
    assert names == [["Alpha", "beta"], ["beta", "Alpha"], ["Alpha", "beta"]]


@pytest.mark.parametrize("path", ["name", "addresses", "password", "nobody.knows", "a b", "meta"])
async def test_what_has_no_order_is_refused(scim: Scim, path: str) -> None:
    refused = await scim.find("/Users", sortBy=path)

    assert (refused.status, refused.body["scimType"]) == (400, "invalidPath")
    assert "sort" in refused.body["detail"]
