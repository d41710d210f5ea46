"""An organization may ask for what the interoperability profiles demand: then nothing loose is taken."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from schema.scim.urns import GROUP, PATCH_OP, USER
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from tests.invariants import check_log
from tests.serving import Scim, Served, make_tenant, patch_op

TITLE = {"op": "replace", "path": "title", "value": "Countess"}
LOOSE: list[tuple[str, str, object, str]] = [
    ("POST", "/Users", {"userName": "ada"}, "schemas"),
    ("POST", "/Users", {"schemas": [GROUP], "userName": "ada"}, "schemas"),
    ("POST", "/Users", {"schemas": [USER], "userName": "ada", "shoeSize": 7}, "shoeSize"),
    ("POST", "/Users", {"schemas": [USER], "userName": "ada", "password": "p"}, "password"),
    ("POST", "/Groups", {"displayName": "Sales"}, "schemas"),
    ("PUT", "/Users/{id}", {"userName": "ada"}, "schemas"),
    ("PATCH", "/Users/{id}", {"Operations": [TITLE]}, "schemas"),
    ("PATCH", "/Users/{id}", patch_op(), "Operations"),
    ("PATCH", "/Users/{id}", patch_op({"op": "add", "value": {"title": "a"}}), "path"),
    ("PATCH", "/Users/{id}", patch_op({**TITLE, "path": "shoeSize"}), "shoeSize"),
]


@pytest.fixture(scope="module")
async def strict(served: Served) -> AsyncIterator[Scim]:
    """Give a client of an organization that asked for it."""
    tenant = await make_tenant(served.runtime, f"Strict {secrets.token_hex(6)}")
    organization = await find_organization(served.runtime, tenant.name)
    await change_settings(
        served.runtime, organization, {"strict": True}, provenance=cli_provenance()
    )
    await asyncio.sleep(0.55)
    yield Scim(served, tenant.token)
    await check_log(served.owner, served.runtime.sealer, tenant.id)


@pytest.fixture(scope="module")
async def path(strict: Scim) -> str:
    """Give the path of a user."""
    made = await strict.post("/Users", {"schemas": [USER], "userName": "jo"})
    return f"/Users/{made.body['id']}"


@pytest.mark.parametrize(("method", "place", "body", "about"), LOOSE, ids=str)
async def test_what_is_loose_is_refused(
    strict: Scim, path: str, method: str, place: str, body: object, about: str
) -> None:
    answer = await strict.send(method, place.replace("/Users/{id}", path), body)

    assert answer.status == 400, answer
    assert about in answer.body["detail"]


async def test_what_is_conformant_is_taken(strict: Scim, path: str) -> None:
    assert (await strict.patch(path, TITLE)).body["title"] == "Countess"
    user = {"schemas": [USER], "userName": "jo", "title": "Queen"}
    assert (await strict.put(path, user)).body["title"] == "Queen"
    group = {"schemas": [GROUP], "displayName": "Sales"}
    assert (await strict.post("/Groups", group)).status == 201
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "PATCH", "path": path, "data": [TITLE]}],
    }
    assert (await strict.post("/Bulk", bulk)).body["Operations"][0]["status"] == "200"
    assert PATCH_OP in str(patch_op(TITLE))


async def test_only_an_organization_that_asked_for_it_is_conformant(
    strict: Scim, scim: Scim
) -> None:
    config = (await strict.get("/ServiceProviderConfig")).body

    assert config["interopProfileConformant"] is True
    assert "interopProfileConformant" not in (await scim.get("/ServiceProviderConfig")).body
    assert (await scim.post("/Users", {"userName": "ada", "shoeSize": 7})).status == 201


async def test_new_organizations_list_no_password(scim: Scim) -> None:
    user = (await scim.get(f"/Schemas/{USER}")).body

    assert "password" not in [each["name"] for each in user["attributes"]]
    assert (await scim.post("/Users", {"userName": "ada", "password": "p"})).status == 201
