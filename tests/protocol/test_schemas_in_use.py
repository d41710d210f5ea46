"""`schemas` of a resource (RFC 7643 §3): derived from its content, whatever the client lists."""

from typing import Any

import pytest

from schema.scim import urns
from tests.protocol.extensions import URN, register
from tests.serving import Scim, Served, Tenant

ALWAYS = [urns.USER, urns.CLM_USER]
IN_USE = [*ALWAYS, urns.ENTERPRISE_USER]
ENTERPRISE = {urns.ENTERPRISE_USER: {"department": "Law"}}


@pytest.mark.parametrize(
    "listed",
    [
        None,
        [],
        [urns.USER],
        [urns.USER, urns.ENTERPRISE_USER],
        ["urn:ietf:params:scim:schemas:extension:enterprise:2.0User", "http://nobody/knows"],
        "text",
    ],
)
async def test_schemas_are_those_that_the_content_is_of(scim: Scim, listed: object) -> None:
    made = await scim.post("/Users", {"schemas": listed, "userName": "ada", **ENTERPRISE})

    assert (made.status, sorted(made.body["schemas"])) == (
        201,
        sorted([*ALWAYS, urns.ENTERPRISE_USER]),
    )


async def test_an_extension_without_a_value_is_not_in_use(scim: Scim) -> None:
    listed = [urns.USER, urns.ENTERPRISE_USER]
    nothing = {urns.ENTERPRISE_USER: {"department": "", "manager": None}}

    made = await scim.post("/Users", {"schemas": listed, "userName": "ada", **nothing})

    assert sorted(made.body["schemas"]) == sorted(ALWAYS)
    assert urns.ENTERPRISE_USER not in made.body


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": f"{urns.ENTERPRISE_USER}:division", "value": "x"}, IN_USE),
        ({"op": "remove", "path": f"{urns.ENTERPRISE_USER}:department"}, ALWAYS),
        ({"op": "remove", "path": urns.ENTERPRISE_USER}, ALWAYS),
        (
            {"op": "replace", "path": urns.ENTERPRISE_USER.upper(), "value": {"division": "x"}},
            IN_USE,
        ),
        ({"op": "replace", "path": "schemas", "value": ["urn:nobody:knows"]}, IN_USE),
    ],
)
async def test_schemas_follow_a_patch(
    scim: Scim, operation: dict[str, Any], expected: list[str]
) -> None:
    made = await scim.post("/Users", {"userName": "ada", **ENTERPRISE})

    patched = await scim.patch(f"/Users/{made.body['id']}", operation)

    assert patched.status == 200
    assert sorted(patched.body["schemas"]) == sorted(expected)
    assert [each for each in expected if each not in patched.body] == [urns.USER]


async def test_schemas_follow_a_put(scim: Scim) -> None:
    made = await scim.post("/Users", {"userName": "ada", **ENTERPRISE})

    put = await scim.put(f"/Users/{made.body['id']}", {**made.body, urns.ENTERPRISE_USER: None})

    assert sorted(put.body["schemas"]) == sorted(ALWAYS)


async def test_an_extension_of_the_organization_is_listed_where_it_is_in_use(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    await register(served, organization)

    made = await scim.post("/Users", {"userName": "ada", URN: {"Contract": "7"}})
    other = await scim.post("/Users", {"userName": "bob"})

    assert sorted(made.body["schemas"]) == sorted([*ALWAYS, URN])
    assert sorted(other.body["schemas"]) == sorted(ALWAYS)


async def test_a_group_has_the_core_schema_alone(scim: Scim) -> None:
    entra = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

    made = await scim.post("/Groups", {"schemas": [urns.GROUP, entra], "displayName": "Sales"})

    assert made.body["schemas"] == [urns.GROUP]


OTHERS = [f"urn:scim:schemas:extension:enterprise:{each}" for each in ("1.0", "2.0", "1.0:User")]


@pytest.mark.parametrize("urn", OTHERS)
async def test_other_urns_of_the_enterprise_extension_are_shown_as_the_usual_one(
    scim: Scim, urn: str
) -> None:
    values = {"department": "Sales", "employeeNumber": "7", "manager": {"value": "b-1"}}
    flat = {f"{urn}:{name}": value for name, value in values.items()}
    made = await scim.post("/Users", {"schemas": [urns.USER, urn], "userName": "ada", urn: values})
    path = f"/Users/{made.body['id']}"

    put = await scim.put(path, {"schemas": [urns.USER, urn], "userName": "ada", **flat})
    cleared = await scim.patch(path, {"op": "remove", "path": urn})
    patched = await scim.patch(
        path,
        {"op": "add", "path": f"{urn}:department", "value": "Sales"},
        {"op": "replace", "path": f"{urn}:manager.value", "value": "b-1"},
        {"op": "replace", "path": urn, "value": {"employeeNumber": "7"}},
    )
    found = await scim.find("/Users", filter=f'{urn}:department eq "sales"', attributes=urn)
    sorted_ = await scim.find("/Users", filter=f"{urn}:manager pr", sortBy=f"{urn}:department")
    schema = await scim.get(f"/Schemas/{urn}")

    for answer in (made, put, patched):
        assert answer.body[urns.ENTERPRISE_USER] == values
        assert answer.body["schemas"] == made.body["schemas"]
        assert urn not in answer.body
    assert urns.ENTERPRISE_USER in made.body["schemas"]
    assert urns.ENTERPRISE_USER not in cleared.body
    assert found.body["Resources"][0][urns.ENTERPRISE_USER] == values
    assert sorted_.body["totalResults"] == 1
    assert schema.body["id"] == urns.ENTERPRISE_USER
