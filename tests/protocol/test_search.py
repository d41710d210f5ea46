"""Queries over several types at the root, and queries in a body (RFC 7644 §3.4.2.1, §3.4.3)."""

from typing import Any

import pytest

from schema.scim import urns
from tests.protocol.extensions import URN, attribute, register
from tests.protocol.resources import people, values
from tests.serving import Answer, Scim, Served, Tenant

SEARCH = {"schemas": [urns.SEARCH_REQUEST]}


def names(answer: Answer) -> list[str]:
    """Return the userName or displayName of each resource, in order."""
    assert answer.status == 200, answer
    return [each.get("userName", each.get("displayName")) for each in answer.body["Resources"]]


@pytest.fixture
async def firm(scim: Scim) -> Scim:
    """Return a client of an organization with two users, and two groups of them."""
    ada = await scim.post("/Users", {"userName": "ada", "displayName": "Ada", "title": "Countess"})
    await scim.post("/Users", {"userName": "Bob", "displayName": "sales", "active": False})
    members = values([ada.body["id"]])
    await scim.post("/Groups", {"displayName": "Sales", "members": members, "externalId": "g-1"})
    await scim.post("/Groups", {"displayName": "Zoo"})
    return scim


async def both(scim: Scim, **query: Any) -> Answer:
    """Return the answer to a query at the root, after a check that GET and POST agree."""
    got = await scim.find("/", **{name: str(value) for name, value in query.items()})
    posted = await scim.post("/.search", {**SEARCH, **query})
    assert got.body == posted.body
    return posted


async def test_the_root_shows_users_and_groups_as_their_endpoints_do(firm: Scim) -> None:
    everything = await firm.get("/")

    users, groups = await firm.get("/Users"), await firm.get("/Groups")
    shown = sorted(each["id"] for each in everything.body["Resources"])
    assert everything.body["totalResults"] == 4
    assert everything.body["itemsPerPage"] == 4
    resources = [*users.body["Resources"], *groups.body["Resources"]]
    assert shown == sorted(each["id"] for each in resources)
    assert [each for each in resources if each not in everything.body["Resources"]] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('displayName eq "SALES"', ["Bob", "Sales"]),
        ('userName eq "ADA"', ["ada"]),
        ('userName eq "bob" or displayName eq "zoo"', ["Bob", "Zoo"]),
        ('displayName eq "zoo" or title pr', ["ada", "Zoo"]),
        ('members pr or userName eq "ada"', ["ada", "Sales"]),
        ('meta.resourceType eq "Group"', ["Sales", "Zoo"]),
        ('meta.resourceType eq "Group" and not (members pr)', ["Zoo"]),
        ("displayName pr and not (userName pr)", ["Sales", "Zoo"]),
        (f'{urns.USER}:userName eq "ada" or {urns.GROUP}:displayName eq "zoo"', ["ada", "Zoo"]),
        ('emails[type eq "work"].value pr', []),
        (f'{urns.ENTERPRISE_USER}:department pr or externalId eq "g-1"', ["Sales"]),
        ('active eq false or roleId eq "x"', ["Bob"]),
        ("displayName pr and id pr and meta.created pr and groups pr", ["ada"]),
    ],
)
async def test_what_a_type_does_not_have_is_without_a_value_there(
    firm: Scim, text: str, expected: list[str]
) -> None:
    found = await both(firm, filter=text)

    assert sorted(names(found)) == sorted(expected)
    assert found.body["totalResults"] == len(expected)


@pytest.mark.parametrize("text", ["shoeSize pr", "userName eq", 'displayName eq "x" or and', ""])
async def test_a_filter_that_no_type_knows_is_refused(firm: Scim, text: str) -> None:
    refused = await both(firm, filter=text)

    assert (refused.status, refused.body["scimType"]) == (400, "invalidFilter")


async def test_the_root_sorts_both_types_together(firm: Scim) -> None:
    query = {"filter": "displayName pr", "sortBy": "displayName"}

    up = await both(firm, **query, sortOrder="ascending")
    down = await both(firm, **query, sortOrder="descending")

    assert names(up) == ["ada", "Bob", "Sales", "Zoo"]
    assert names(down) == ["Zoo", "Sales", "Bob", "ada"]


@pytest.mark.parametrize(
    ("name", "least_first"),
    [
        ("Level", [-10, 9, 10, 200]),
        ("Rate", [-1.5, 0.25, 9, 10]),
        ("Certified", [False, True]),
        ("Since", ["2026-01-31T09:30:00Z", "2026-01-31T09:30:00.5Z", "2026-01-31T08:31:00-01:00"]),
    ],
)
async def test_the_root_sorts_by_an_attribute_of_an_extension_as_its_values_compare(
    served: Served, organization: Tenant, scim: Scim, name: str, least_first: list[Any]
) -> None:
    await register(served, organization)
    await scim.post("/Groups", {"displayName": "Sales"})
    for number, value in reversed([*enumerate(least_first)]):
        await scim.post("/Users", {"userName": f"u{number}", URN: {name: value}})

    up = await both(
        scim, filter='userName sw "u" or displayName eq "sales"', sortBy=f"{URN}:{name}"
    )
    down = await both(
        scim, filter='userName sw "u"', sortBy=f"{URN}:{name}", sortOrder="descending"
    )

    expected = [f"u{number}" for number, _ in enumerate(least_first)]
    assert names(up) == [*expected, "Sales"]
    assert names(down) == expected[::-1]


async def test_the_root_sorts_by_when_resources_were_changed(firm: Scim) -> None:
    found = await both(firm, filter='not (displayName eq "x")', sortBy="meta.lastModified")

    changed = [each["meta"]["lastModified"] for each in found.body["Resources"]]
    assert changed == sorted(changed)
    assert len(set(changed)) > 1


async def test_resources_without_the_sort_attribute_come_last(firm: Scim) -> None:
    found = await both(firm, filter="displayName pr", sortBy="userName")

    assert names(found) == ["ada", "Bob", "Sales", "Zoo"]


async def test_the_root_has_pages(firm: Scim) -> None:
    query = {"sortBy": "displayName", "count": 2}

    pages = [await both(firm, **query, startIndex=start) for start in (1, 3, 5, 9)]

    assert [names(each) for each in pages] == [
        ["ada", "Bob"],
        ["Sales", "Zoo"],
        [],
        [],
    ]
    assert {each.body["totalResults"] for each in pages} == {4}
    assert [each.body["startIndex"] for each in pages] == [1, 3, 5, 9]


async def test_pages_at_the_root_do_not_go_by_cursor(scim: Scim) -> None:
    refused = await scim.get("/?cursor=")

    assert (refused.status, refused.body["scimType"]) == (400, "invalidCursor")
    assert "startIndex" in refused.body["detail"]


async def test_the_root_selects_attributes_of_both_types(firm: Scim) -> None:
    text = 'displayName eq "sales"'
    chosen = await firm.find("/", filter=text, attributes="displayName,members.value,userName")
    lean = await firm.find("/", filter=text, excludedAttributes="members,meta,active")

    shown = {each["displayName"]: each for each in chosen.body["Resources"]}
    assert shown["sales"].keys() == {"id", "schemas", "displayName", "userName"}
    assert shown["Sales"].keys() == {"id", "schemas", "displayName", "members"}
    assert [each.keys() for each in shown["Sales"]["members"]] == [{"value"}]
    assert [each.keys() & {"members", "meta", "active"} for each in lean.body["Resources"]] == [
        set(),
        set(),
    ]


async def test_the_root_knows_the_extensions_of_the_organization(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    await register(served, organization)
    container, _, name = attribute("Level").rpartition(":")
    await scim.post("/Users", {"userName": "ada", container: {name: 7}})

    found = await both(scim, filter=f"{attribute('level')} ge 7")

    assert names(found) == ["ada"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/Users/.search", {"filter": 'userName sw "A"'}, ["ada"]),
        ("/Users/.search", {"FILTER": "active eq false"}, ["Bob"]),
        ("/Users/.search", {"sortBy": "userName", "startIndex": 2, "count": 1}, ["Bob"]),
        ("/Users/.search", {"count": 0}, []),
        ("/Groups/.search", {"filter": "members pr"}, ["Sales"]),
        ("/Groups/.search", {"sortBy": "displayName", "sortOrder": "descending"}, ["Zoo", "Sales"]),
        ("/Groups/.search", {"filter": None, "sortBy": "displayName"}, ["Sales", "Zoo"]),
        ("/.search", {"filter": 'displayName eq "zoo"', "startIndex": "1"}, ["Zoo"]),
    ],
)
async def test_a_search_is_asked_in_a_body(
    firm: Scim, path: str, body: dict[str, Any], expected: list[str]
) -> None:
    assert names(await firm.post(path, {**SEARCH, **body})) == expected


@pytest.mark.parametrize("path", ["/.search", "/Users/.search", "/Groups/.search"])
@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ([], "invalidSyntax"),
        ("x", "invalidSyntax"),
        ({"filter": 7}, "invalidValue"),
        ({"count": True}, "invalidValue"),
        ({"count": "many"}, "invalidValue"),
        ({"attributes": [7]}, "invalidValue"),
        ({"filter": "nobodyKnows pr"}, "invalidFilter"),
        ({"sortBy": "nobodyKnows"}, "invalidPath"),
    ],
)
async def test_a_malformed_search_is_refused(
    scim: Scim, path: str, body: object, scim_type: str
) -> None:
    refused = await scim.post(path, body)

    assert (refused.status, refused.body["scimType"]) == (400, scim_type)


async def test_a_search_selects_attributes(firm: Scim) -> None:
    body = {"filter": 'userName eq "ada"', "attributes": ["name", "title"]}

    chosen = await firm.post("/Users/.search", body)
    lean = await firm.post("/Groups/.search", {"excludedAttributes": ["members", "meta"]})

    assert [each.keys() for each in chosen.body["Resources"]] == [{"id", "schemas", "title"}]
    assert {name for each in lean.body["Resources"] for name in each} == {
        "id",
        "schemas",
        "displayName",
        "externalId",
    }


async def test_a_big_group_is_shown_to_any_depth(scim: Scim) -> None:
    ids = await people(scim, 1_001)
    made = await scim.post("/Groups", {"displayName": "Everyone", "members": values(ids)})
    path = f"/Groups/{made.body['id']}"

    thin = await scim.get(f"{path}?attributes=members.value,members.display")
    without = await scim.get(f"{path}?excludedAttributes=members.$ref,members.type,meta")
    root = await scim.get('/?filter=displayName eq "everyone"&attributes=members.value')
    kept_out = await scim.get('/?filter=displayName eq "everyone"&excludedAttributes=members')

    expected = [{"value": each, "display": f"U {n}"} for n, each in enumerate(ids)]
    expected.sort(key=lambda each: each["value"])
    assert thin.body["members"] == expected
    assert thin.body.keys() == {"id", "schemas", "members"}
    assert without.body["members"] == expected
    assert root.body["Resources"][0]["members"] == values(sorted(ids))
    assert "members" not in kept_out.body["Resources"][0]
