"""An organization's extension: shown, checked, patched and filtered as if it were built in."""

import asyncio
from typing import Any

import pytest

from schema.scim import urns
from schema.scim.errors import InvalidValue
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.schemas import register_schema
from tests.protocol.extensions import EXTENSION, FILE, URN, attribute, register, with_attributes
from tests.protocol.terminal import run
from tests.serving import Scim, Served, Tenant

TAGS, CONTRACT = attribute("Tags"), attribute("Contract")
FIRST = EXTENSION["attributes"][0]
VALUES = {
    "Contract": "4711",
    "Tags": ["Red", "Blue"],
    "Level": 7,
    "Rate": 0.5,
    "Certified": True,
    "Since": "2026-01-31T09:30:00Z",
}
ADA = {"userName": "ada", URN: VALUES}


@pytest.fixture
async def extended(served: Served, organization: Tenant, scim: Scim) -> Scim:
    """Return a client of an organization that has the extension."""
    await register(served, organization)
    return scim


async def schema_ids(scim: Scim) -> list[str]:
    """Return the URNs at /Schemas."""
    return [each["id"] for each in (await scim.get("/Schemas")).body["Resources"]]


async def test_an_extension_is_discovered_with_every_characteristic(extended: Scim) -> None:
    shown = (await extended.get(f"/Schemas/{URN.lower()}")).body
    types = (await extended.get("/ResourceTypes/User")).body

    plain = {
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    sent = EXTENSION["attributes"]
    expected = [
        {"multiValued": False, "description": each["name"], **plain, **each} for each in sent
    ]
    assert shown == {
        **EXTENSION,
        "attributes": expected,
        "meta": {"resourceType": "Schema", "location": f"{extended.base}/Schemas/{URN}"},
    }
    assert {"schema": URN, "required": False} in types["schemaExtensions"]
    assert URN in await schema_ids(extended)


async def test_another_organization_does_not_know_it(extended: Scim, other_scim: Scim) -> None:
    made = await other_scim.post("/Users", ADA)

    assert URN not in await schema_ids(other_scim)
    assert (await other_scim.get(f"/Schemas/{URN}")).status == 404
    types = (await other_scim.get("/ResourceTypes/User")).body
    assert URN not in str(types["schemaExtensions"])
    assert (made.status, URN in made.body) == (201, False)
    assert (await other_scim.find("/Users", filter=f"{TAGS} pr")).status == 400


async def test_it_takes_effect_within_a_second(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    assert (await scim.get("/Schemas")).status == 200  # The cached token state is fresh now.

    await register(served, organization)

    async with asyncio.timeout(1):
        while URN not in await schema_ids(scim):
            pass


async def test_values_are_kept_as_they_were_sent(extended: Scim) -> None:
    made = await extended.post("/Users", ADA)

    read = await extended.get(f"/Users/{made.body['id']}")
    assert made.body[URN] == VALUES
    assert read.body == made.body


@pytest.mark.parametrize(
    "body",
    [
        {URN.lower(): {"contract": "4711", "TAGS": ["Red"]}},
        {URN.upper(): {"CONTRACT": "4711", "tags": "Red"}},
        {f"{URN}:Contract": "4711", f"{URN}:tags": ["Red"]},
        {"schemas": [urns.USER], URN: {"Contract": "4711", "Tags": ["Red", None, ""]}},
    ],
)
async def test_names_are_taken_in_any_case_and_shown_as_registered(
    extended: Scim, body: dict[str, Any]
) -> None:
    made = await extended.post("/Users", {"userName": "ada", **body})

    assert made.body[URN] == {"Contract": "4711", "Tags": ["Red"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Contract", 47.11),
        ("Contract", ["a", "b"]),
        ("Contract", {"value": "a"}),
        ("Tags", [7.5]),
        ("Tags", [["a"]]),
        ("Level", "seven"),
        ("Level", 1.5),
        ("Level", 2**63),
        ("Level", True),
        ("Rate", "much"),
        ("Certified", "yes"),
        ("Since", "yesterday"),
    ],
)
async def test_a_value_of_another_type_is_refused_with_its_name(
    extended: Scim, name: str, value: object
) -> None:
    refused = await extended.post("/Users", {"userName": "ada", URN: {name: value}})

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert attribute(name) in refused.body["detail"]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "Add", "path": CONTRACT, "value": "1"}, {"Contract": "1"}),
        ({"op": "Replace", "path": CONTRACT.upper(), "value": "1"}, {"Contract": "1"}),
        ({"op": "replace", "value": {CONTRACT: "1"}}, {"Contract": "1"}),
        ({"op": "replace", "value": {URN: {"contract": "1"}}}, {"Contract": "1"}),
        ({"op": "add", "path": URN, "value": {"Contract": "1"}}, {"Contract": "1"}),
        ({"op": "replace", "path": CONTRACT, "value": ""}, {"Contract": None}),
        ({"op": "Remove", "path": CONTRACT}, {"Contract": None}),
        ({"op": "add", "path": TAGS, "value": ["Green"]}, {"Tags": ["Red", "Blue", "Green"]}),
        ({"op": "Add", "path": TAGS, "value": "Green"}, {"Tags": ["Red", "Blue", "Green"]}),
        ({"op": "add", "path": TAGS, "value": ["Red"]}, {}),
        ({"op": "replace", "path": TAGS, "value": ["Green"]}, {"Tags": ["Green"]}),
        ({"op": "Remove", "path": TAGS, "value": ["Red"]}, {"Tags": ["Blue"]}),
        ({"op": "remove", "path": f'{TAGS}[value eq "red"]'}, {"Tags": ["Blue"]}),
        ({"op": "remove", "path": f'{TAGS}[value eq "green"]'}, {}),
        (
            {"op": "replace", "path": f'{TAGS}[value eq "Red"]', "value": "Green"},
            {"Tags": ["Blue", "Green"]},
        ),
        ({"op": "remove", "path": TAGS}, {"Tags": None}),
        ({"op": "replace", "value": {f"{URN}:level": "8", f"{URN}:certified": "False"}},
         {"Level": 8, "Certified": False}),
    ],
    ids=str,
)  # fmt: skip
async def test_every_dialect_patches_it(
    extended: Scim, operation: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = await extended.post("/Users", ADA)

    patched = await extended.patch(f"/Users/{made.body['id']}", operation)

    after = {name: each for name, each in {**VALUES, **expected}.items() if each is not None}
    assert (patched.status, patched.body[URN]) == (200, after)
    assert patched.headers["ETag"] == ('W/"2"' if expected else 'W/"1"')


async def test_the_whole_extension_is_removed(extended: Scim) -> None:
    made = await extended.post("/Users", ADA)

    patched = await extended.patch(f"/Users/{made.body['id']}", {"op": "remove", "path": URN})

    assert URN not in patched.body
    assert URN not in patched.body["schemas"]


@pytest.mark.parametrize(
    "text",
    [
        f'{CONTRACT} eq "4711"',
        f'{CONTRACT.lower()} sw "47"',
        'contract co "71"',
        f'{TAGS} eq "red"',
        f'{TAGS}[value sw "bl"]',
        f"{TAGS} pr",
        f"{attribute('Level')} gt 6 and {attribute('level')} le 7",
        f"{attribute('Rate')} lt 0.75",
        f'{attribute("Certified")} eq "True"',
        f'{attribute("Since")} eq "2026-01-31T10:30:00+01:00"',
        f"not ({attribute('Level')} ne 7)",
    ],
)
async def test_it_is_found_by_filters(extended: Scim, text: str) -> None:
    made = await extended.post("/Users", ADA)
    await extended.post("/Users", {"userName": "bob", URN: {"Level": 3, "Rate": 0.75}})

    found = await extended.find("/Users", filter=text)

    assert (found.status, found.body.get("Resources")) == (200, [made.body])


async def test_it_is_selected(extended: Scim) -> None:
    path = f"/Users/{(await extended.post('/Users', ADA)).body['id']}"

    one = await extended.get(f"{path}?attributes={CONTRACT.lower()}")
    whole = await extended.get(f"{path}?attributes={URN}")
    less = await extended.get(f"{path}?excludedAttributes={TAGS},userName")

    assert one.body[URN] == {"Contract": "4711"}
    assert (whole.body[URN], "userName" in whole.body) == (VALUES, False)
    rest = {name: each for name, each in VALUES.items() if name != "Tags"}
    assert (less.body[URN], "userName" in less.body) == (rest, False)


async def test_attributes_are_added_to_a_registered_extension(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    assert await register(served, organization, with_attributes(FIRST))
    made = await scim.post("/Users", {"userName": "ada", URN: {"Contract": "4711"}})

    assert await register(served, organization)
    again = await register(served, organization)

    await asyncio.sleep(0.6)
    path = f"/Users/{made.body['id']}"
    assert not again
    assert (await scim.get(path)).body == made.body
    patched = await scim.patch(path, {"op": "add", "path": TAGS, "value": ["Red"]})
    assert patched.body[URN] == {"Contract": "4711", "Tags": ["Red"]}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (with_attributes({**FIRST, "name": "Other"}), "Contract is registered already"),
        (with_attributes({**FIRST, "caseExact": True}), "attributes are only ever added"),
        ({**EXTENSION, "id": URN.upper()}, f"registered already as {URN}"),
        ({**EXTENSION, "id": urns.ENTERPRISE_USER}, "is built in"),
    ],
)
async def test_what_is_registered_stays(
    served: Served, organization: Tenant, document: dict[str, Any], expected: str
) -> None:
    await register(served, organization)

    with pytest.raises(InvalidValue, match=expected):
        await register(served, organization, document)


async def test_a_description_may_change(served: Served, organization: Tenant, scim: Scim) -> None:
    await register(served, organization)

    changed = await register(served, organization, {**EXTENSION, "description": "Better."})

    assert changed
    assert (await scim.get(f"/Schemas/{URN}")).body["description"] == "Better."


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[1]", b'"text"'])
async def test_a_file_that_is_no_schema_is_refused(
    served: Served, organization: Tenant, text: bytes
) -> None:
    found = await find_organization(served.runtime, str(organization.id))

    with pytest.raises(InvalidValue, match=r"not JSON|JSON object"):
        await register_schema(served.runtime, found, text, provenance=cli_provenance())


@pytest.mark.process
async def test_an_administrator_registers_it_in_a_terminal(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    chosen = ("--organization", organization.name)

    first = await run(served, "schema", "add", str(FILE), *chosen)
    again = await run(served, "schema", "add", str(FILE), *chosen)
    listed = await run(served, "schema", "list", *chosen)
    missing = await run(served, "schema", "add", "nowhere.json", *chosen)

    assert (first.out, again.out) == (
        "Registered: clients see it at /Schemas.\n",
        "It was already registered.\n",
    )
    assert listed.out == f"{URN}  Contract, Tags, Level, Rate, Certified, Since\n"
    assert missing.code == 2
    assert URN in await schema_ids(scim)


async def ask(scim: Scim) -> None:
    """Read until cancelled: the service then keeps a cached token state, as old as it may be."""
    while True:
        await scim.get("/Schemas")


@pytest.mark.process
async def test_a_write_after_the_command_has_ended_may_use_the_extension(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    asking = asyncio.create_task(ask(scim))

    await run(served, "schema", "add", str(FILE), "--organization", organization.name)
    made = await scim.post("/Users", ADA)

    asking.cancel()
    assert made.body[URN] == VALUES
