"""`attributes` and `excludedAttributes` on every answer that shows a resource (RFC 7644 §3.9)."""

from typing import Any

import pytest

from schema.scim.urns import CLM_USER, ENTERPRISE_USER, USER
from tests.protocol.resources import values
from tests.serving import Answer, Scim

ADA = {
    "userName": "ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [
        {"type": "work", "value": "ada@contoso.com", "primary": True},
        {"type": "home", "value": "ada@example.com"},
    ],
    ENTERPRISE_USER: {"department": "Engines", "employeeNumber": "1"},
}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("userName", {"userName": "ada"}),
        ("USERNAME , NAME.givenname", {"userName": "ada", "name": {"givenName": "Ada"}}),
        (f"{USER}:userName", {"userName": "ada"}),
        ("emails.type", {"emails": [{"type": "work"}, {"type": "home"}]}),
        (f"{ENTERPRISE_USER}:department", {ENTERPRISE_USER: {"department": "Engines"}}),
        (ENTERPRISE_USER, {ENTERPRISE_USER: ADA[ENTERPRISE_USER]}),
        ("nobodyKnows", {}),
        ("name.nobodyKnows", {}),
        ("nickName", {}),
    ],
)
async def test_attributes_are_those_and_what_is_always_returned(
    scim: Scim, names: str, expected: dict[str, Any]
) -> None:
    made = await scim.post("/Users", ADA)

    read = await scim.get(f"/Users/{made.body['id']}?attributes={names}")

    always = {"id": made.body["id"], "schemas": made.body["schemas"]}
    assert read.body == {**always, **expected}


@pytest.mark.parametrize(
    ("names", "gone"),
    [
        ("userName", ["userName"]),
        ("id,schemas", []),
        ("meta,emails,name,active", ["meta", "emails", "name", "active"]),
        (ENTERPRISE_USER, [ENTERPRISE_USER]),
        (f"{ENTERPRISE_USER}:department,{ENTERPRISE_USER}:employeeNumber", [ENTERPRISE_USER]),
        ("nobodyKnows", []),
    ],
)
async def test_excluded_attributes_are_left_out(scim: Scim, names: str, gone: list[str]) -> None:
    made = await scim.post("/Users", ADA)

    read = await scim.get(f"/Users/{made.body['id']}?excludedAttributes={names}")

    assert read.body == {name: each for name, each in made.body.items() if name not in gone}


async def test_a_sub_attribute_is_left_out_alone(scim: Scim) -> None:
    made = await scim.post("/Users", ADA)

    read = await scim.get(f"/Users/{made.body['id']}?excludedAttributes=name.familyName")

    assert read.body == {**made.body, "name": {"givenName": "Ada"}}


async def test_a_role_is_selected_by_either_name(scim: Scim) -> None:
    made = await scim.post("/Users", ADA)
    path = f"/Users/{made.body['id']}?attributes="

    flat = await scim.get(f"{path}roleId")
    aliases = [await scim.get(f"{path}{each}") for each in (CLM_USER, f"{CLM_USER}:roleid")]
    without = await scim.get(f"/Users/{made.body['id']}?excludedAttributes={CLM_USER}:roleId")

    assert flat.body["roleId"] == made.body["roleId"]
    for alias in aliases:
        assert sorted(alias.body) == ["id", "schemas", CLM_USER]
        assert alias.body[CLM_USER] == {"roleId": made.body["roleId"]}
    assert without.body == {name: each for name, each in made.body.items() if name != CLM_USER}


def ids_only(answer: Answer) -> bool:
    """Return whether a resource is shown without its userName or displayName."""
    return sorted(answer.body) == ["id", "schemas"]


async def test_writes_show_what_is_selected(scim: Scim) -> None:
    made = await scim.post("/Users?attributes=id", ADA)
    path = f"/Users/{made.body['id']}?attributes=id"

    replaced = await scim.put(path, ADA)
    patched = await scim.patch(path, {"op": "add", "path": "title", "value": "Countess"})

    assert [ids_only(each) for each in (made, replaced, patched)] == [True] * 3


@pytest.mark.parametrize(("endpoint", "name"), [("/Users", "userName"), ("/Groups", "displayName")])
async def test_a_write_whose_query_is_refused_writes_nothing(
    scim: Scim, endpoint: str, name: str
) -> None:
    made = await scim.post(endpoint, {name: "ada"})
    path = f"{endpoint}/{made.body['id']}"
    wrong = "?attributes=%FF"
    change = {"op": "add", "path": "externalId", "value": "x"}

    answers = [
        await scim.post(f"{endpoint}{wrong}", {name: "bob"}),
        await scim.put(f"{path}{wrong}", {name: "bob"}),
        await scim.patch(f"{path}{wrong}", change),
    ]

    assert [each.status for each in answers] == [400] * 3
    assert (await scim.get(path)).body == made.body
    assert (await scim.find(endpoint, filter=f'{name} eq "bob"')).body["totalResults"] == 0


PLAIN = {"displayName": "Sales", "externalId": "g"}
NAMELESS = {"userName": "bob", "emails": [{"value": "bob@contoso.com"}]}


@pytest.mark.parametrize("names", ["members.display", "MEMBERS.Display,members.nobodyKnows"])
async def test_members_without_the_sub_attribute_leave_no_empty_list(
    scim: Scim, names: str
) -> None:
    bob = await scim.post("/Users", NAMELESS)
    group = {**PLAIN, "members": values([bob.body["id"]])}
    query = f"attributes={names}"
    made = await scim.post(f"/Groups?{query}", group)
    path = f"/Groups/{made.body['id']}?{query}"
    by_name = 'displayName eq "sales"'
    asked = {"attributes": names.split(","), "filter": by_name}

    answers = [
        made.body,
        (await scim.get(path)).body,
        (await scim.put(path, group)).body,
        (await scim.patch(path, {"op": "replace", "path": "externalId", "value": "h"})).body,
        *(await scim.get(f"/Groups?{query}")).body["Resources"],
        *(await scim.get(f"/Groups?{query}&filter={by_name}")).body["Resources"],
        *(await scim.get(f"/Groups?{query}&cursor=")).body["Resources"],
        *(await scim.get(f"/?{query}&filter={by_name}")).body["Resources"],
        *(await scim.post("/Groups/.search", asked)).body["Resources"],
        *(await scim.post("/.search", asked)).body["Resources"],
    ]

    assert answers == [{"id": made.body["id"], "schemas": made.body["schemas"]}] * 10


@pytest.mark.parametrize(
    "names", ["emails.display", "emails.type", "groups.$ref,phoneNumbers.type"]
)
async def test_values_without_the_sub_attribute_leave_no_empty_list(scim: Scim, names: str) -> None:
    made = await scim.post(f"/Users?attributes={names}", NAMELESS)
    path = f"/Users/{made.body['id']}?attributes={names}"

    answers = [
        made.body,
        (await scim.get(path)).body,
        (await scim.put(path, NAMELESS)).body,
        (await scim.patch(path, {"op": "add", "path": "title", "value": "Dr"})).body,
        *(await scim.get(f'/Users?attributes={names}&filter=title eq "Dr"')).body["Resources"],
        *(await scim.get(f'/Users?attributes={names}&filter=userName eq "bob"')).body["Resources"],
    ]

    assert answers == [{"id": made.body["id"], "schemas": made.body["schemas"]}] * 6


async def test_members_are_excluded_wherever_a_group_is_shown(scim: Scim) -> None:
    ada = await scim.post("/Users", ADA)
    members = values([ada.body["id"]])
    out = "excludedAttributes=members"
    made = await scim.post(f"/Groups?{out}", {"displayName": "Sales", "members": members})
    path = f"/Groups/{made.body['id']}?{out}"
    same = {"op": "add", "path": "members", "value": members}

    answers = [
        made.body,
        (await scim.get(path)).body,
        (await scim.patch(path, same)).body,
        (await scim.put(path, {"displayName": "Sales", "members": members})).body,
        (await scim.get(f"/Groups?{out}")).body["Resources"][0],
        (await scim.get(f'/Groups?{out}&filter=displayName eq "sales"')).body["Resources"][0],
    ]

    assert answers == [made.body] * 6
    assert "members" not in made.body
    assert made.body["displayName"] == "Sales"


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("excludedAttributes=members&excludedAttributes=meta", {"externalId": "g"}),
        ("excludedAttributes=meta,members&ExcludedAttributes=externalId", {}),
        ("attributes=externalId&attributes=&attributes=displayName", {"externalId": "g"}),
    ],
)
async def test_names_that_are_given_apart_add_up(
    scim: Scim, query: str, left: dict[str, Any]
) -> None:
    ada = (await scim.post("/Users", {"userName": "ada"})).body["id"]
    group = {"displayName": "Engines", "externalId": "g", "members": [{"value": ada}]}
    made = await scim.post("/Groups", group)

    read = await scim.get(f"/Groups/{made.body['id']}?{query}")

    always = {name: made.body[name] for name in ("id", "schemas", "displayName")}
    assert read.body == {**always, **left}
