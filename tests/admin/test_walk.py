"""The walk of the product's help article: set provisioning up from nothing, over the admin API."""

import asyncio
import secrets

from schema.scim.urns import USER
from tests.admin.client import Admin, with_scope
from tests.serving import Scim, Served, make_tenant


async def test_an_administrator_sets_provisioning_up(served: Served) -> None:
    tenant = await make_tenant(served.runtime, f"Walk {secrets.token_hex(6)}")
    admin = Admin(served, with_scope(served, tenant, "admin"))

    # Create a dedicated account, which is an Administrator, and a token associated with it: shown once.
    account = (await admin.post("/accounts", {"userName": "entra", "displayName": "Entra"})).body
    assert account["role"] == "Administrator"
    wanted = {"label": "Entra production", "accountId": account["id"]}
    issued = (await admin.post("/tokens", wanted)).body
    assert "token" not in (await admin.get(f"/tokens/{issued['id']}")).body

    # Use it as Entra's connection test does: a match of nobody. The list is empty, and no account is in it.
    scim = Scim(served, issued["token"])
    probe = await scim.find(
        "/Users", filter='userName eq "non-existent"', startIndex="1", count="1"
    )
    assert (probe.status, probe.body["totalResults"]) == (200, 0)
    assert (await scim.get("/Users")).body["totalResults"] == 0

    # List the role UUIDs by GET /Schemas and, once there is one person, by GET /Users.
    user = (await scim.get(f"/Schemas/{USER}")).body
    [role] = [each for each in user["attributes"] if each["name"] == "roleId"]
    assert set(role["canonicalValues"]) == set(tenant.roles.values())
    assert {each["id"] for each in (await admin.get("/roles")).body["items"]} == set(
        tenant.roles.values()
    )
    ada = {"userName": "ada@contoso.com", "roleId": tenant.roles["Editor"]}
    assert (await scim.post("/Users", ada)).status == 201
    [person] = (await scim.get("/Users")).body["Resources"]
    assert person["roleId"] == tenant.roles["Editor"]

    # Revoke the token, and create a new one.
    assert (await admin.post(f"/tokens/{issued['id']}/revoke")).body["state"] == "revoked"
    await asyncio.sleep(0.55)
    assert (await scim.get("/Users")).status == 401
    again = (await admin.post("/tokens", wanted)).body
    assert (await Scim(served, again["token"]).get("/Users")).body["totalResults"] == 1
    states = [each["state"] for each in (await admin.get("/tokens")).body["items"]]
    assert states == ["active", "revoked", "active"]
