"""/Me is the technical account of the token (RFC 7644 §3.11): it can be read, and only administrators change it."""

import pytest

from tests.serving import Scim, Tenant


async def test_me_is_the_technical_account(scim: Scim, organization: Tenant) -> None:
    me = await scim.get("/Me")

    account = await scim.get(f"/Users/{organization.account_id}")
    assert (me.status, me.body) == (200, account.body)
    assert me.headers["Location"] == f"{scim.base}/Users/{organization.account_id}"
    assert me.headers["ETag"] == account.headers["ETag"]


async def test_me_shows_what_is_selected(scim: Scim) -> None:
    me = await scim.get("/Me?attributes=userName")

    assert me.body.keys() == {"id", "schemas", "userName"}


async def test_me_is_not_sent_again_to_a_client_that_has_it(scim: Scim) -> None:
    me = await scim.get("/Me")

    again = await scim.get("/Me", If_None_Match=me.headers["ETag"])

    assert (again.status, again.body) == (304, None)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_me_cannot_be_written(scim: Scim, organization: Tenant, method: str) -> None:
    before = await scim.get("/Me")

    refused = await scim.send(method, "/Me", {"userName": "somebody"})

    assert refused.status == 403
    assert "technical account whose token you use" in refused.body["detail"]
    assert (await scim.get("/Me")).body == before.body


async def test_each_organization_has_its_own_me(scim: Scim, other_scim: Scim) -> None:
    me, other = await scim.get("/Me"), await other_scim.get("/Me")

    assert me.body["id"] != other.body["id"]
    assert (await scim.get(f"/Users/{other.body['id']}")).status == 404
