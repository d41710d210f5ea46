"""Technical accounts and their tokens, over the admin API."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.ids import new_id
from tests.admin.client import Admin
from tests.serving import Answer, Scim, Served, Tenant


def hence(**time: float) -> str:
    """Return an instant from now on, as a client sends it."""
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


async def issued(admin: Admin, **fields: Any) -> Answer:
    """Return the answer to POST /tokens."""
    answer = await admin.post("/tokens", {"label": "Entra", **fields})
    assert answer.status == 201, answer
    return answer


async def accepted(scim: Scim) -> Answer:
    """Return an answer to a request that needs a token which is accepted."""
    return await scim.get("/Users?count=0")


async def test_a_token_is_issued_for_a_year_and_used(
    served: Served, admin: Admin, tenant: Tenant
) -> None:
    token = (await issued(admin)).body
    scim = Scim(served, token["token"])

    assert token["tenantUrl"] == served.base
    assert (token["label"], token["scopes"], token["state"]) == ("Entra", ["scim"], "active")
    assert (token["accountId"], token["accountName"]) == (tenant.account_id, "technical-account")
    assert token["createdBy"] == "technical-account"
    assert token["lastUsedAt"] is token["lastUsedFrom"] is token["blockedBecause"] is None
    lifetime = datetime.fromisoformat(token["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=364) < lifetime <= timedelta(days=365)
    assert (await accepted(scim)).status == 200

    row = (await admin.get(f"/tokens/{token['id']}")).body
    assert "token" not in row
    assert row["lastUsedFrom"] == "127.0.0.1"
    assert datetime.now(UTC) - datetime.fromisoformat(row["lastUsedAt"]) < timedelta(seconds=60)


async def test_no_list_and_no_event_holds_the_value_of_a_token(
    served: Served, admin: Admin
) -> None:
    token = (await issued(admin)).body["token"]

    assert token not in str((await admin.get("/tokens")).body)
    kept = await served.owner.fetch("SELECT data FROM eventstore.events WHERE type = 'TokenIssued'")
    assert all(token.rpartition(".")[2] not in str(row["data"]) for row in kept)


async def test_a_revoked_token_is_dead_within_a_second(served: Served, admin: Admin) -> None:
    token = (await issued(admin)).body
    scim = Scim(served, token["token"])
    assert (await accepted(scim)).status == 200

    row = await admin.post(f"/tokens/{token['id']}/revoke")
    again = await admin.post(f"/tokens/{token['id']}/revoke")
    await asyncio.sleep(0.55)

    assert (
        (row.status, row.body["state"]) == (again.status, again.body["state"]) == (200, "revoked")
    )
    assert (await accepted(scim)).status == 401


async def test_a_rotated_token_works_until_the_overlap_ends(served: Served, admin: Admin) -> None:
    former = (await issued(admin, scopes=["scim:read"], allowedNetworks=["127.0.0.0/8"])).body
    answer = await admin.post(f"/tokens/{former['id']}/rotate", {"overlapUntil": hence(days=7)})
    token = answer.body

    assert answer.status == 200
    assert token["id"] != former["id"]
    for name in ("label", "scopes", "accountId", "allowedNetworks"):
        assert token[name] == former[name]
    assert (await accepted(Scim(served, token["token"]))).status == 200
    assert (await accepted(Scim(served, former["token"]))).status == 200
    row = (await admin.get(f"/tokens/{former['id']}")).body
    assert row["state"] == "expiring"


async def test_a_token_that_is_rotated_without_overlap_ends_at_once(
    served: Served, admin: Admin
) -> None:
    former = (await issued(admin)).body
    scim = Scim(served, former["token"])
    assert (await accepted(scim)).status == 200

    await admin.post(f"/tokens/{former['id']}/rotate")
    await asyncio.sleep(0.55)

    answer = await accepted(scim)
    assert (answer.status, "The token expired on" in answer.body["detail"]) == (401, True)
    assert (await admin.get(f"/tokens/{former['id']}")).body["state"] == "expired"
    assert (await admin.post(f"/tokens/{former['id']}/rotate")).status == 409


@pytest.mark.parametrize(
    "overlap", [hence(days=-1), "tomorrow", "2026-01-01T00:00:00", 7], ids=range(4)
)
async def test_an_overlap_ends_in_the_future(admin: Admin, overlap: object) -> None:
    token = (await issued(admin)).body

    answer = await admin.post(f"/tokens/{token['id']}/rotate", {"overlapUntil": overlap})

    assert answer.status == 422
    assert [each["pointer"] for each in answer.body["errors"]] == ["#/overlapUntil"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"label": ""}, "#/label"),
        ({"label": "a" * 201}, "#/label"),
        ({"label": "a\r\nSet-Cookie: b"}, "#/label"),
        ({"label": None}, "#/label"),
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["scim", "everything"]}, "#/scopes"),
        ({"scopes": ["scim admin"]}, "#/scopes"),
        ({"scopes": "scim"}, "#/scopes"),
        ({"expiresAt": hence(days=-1)}, "#/expiresAt"),
        ({"expiresAt": hence(days=4_000)}, "#/expiresAt"),
        ({"expiresAt": "0001-01-01T00:00:00+14:00"}, "#/expiresAt"),
        ({"expiresAt": "9999-12-31T23:59:59-14:00"}, "#/expiresAt"),
        ({"expiresAt": 1_800_000_000}, "#/expiresAt"),
        ({"allowedNetworks": ["10.0.0.1/8"]}, "#/allowedNetworks"),
        ({"allowedNetworks": ["everywhere"]}, "#/allowedNetworks"),
        ({"allowedNetworks": ["10.0.0.0/8"] * 51}, "#/allowedNetworks"),
        ({"accountId": "technical-account"}, "#/accountId"),
        ({"organizationId": str(new_id())}, "#/organizationId"),
    ],
    ids=range(18),
)
async def test_a_wrong_token_is_not_issued(
    admin: Admin, fields: dict[str, Any], pointer: str
) -> None:
    answer = await admin.post("/tokens", {"label": "Entra", **fields})

    assert answer.status == 422, answer
    [problem] = answer.body["errors"]
    assert problem["pointer"].startswith(pointer)


@pytest.mark.parametrize("scope", ["audit:erase", "operate"])
async def test_some_scopes_are_granted_on_the_command_line_only(admin: Admin, scope: str) -> None:
    answer = await admin.post("/tokens", {"label": "Entra", "scopes": ["scim", scope]})

    assert answer.status == 422
    assert answer.body["errors"][0]["pointer"] == "#/scopes"


async def test_an_administrator_grants_all_other_scopes(admin: Admin) -> None:
    scopes = ["scim", "scim:read", "admin", "admin:read", "audit:read", "audit:export", "feed:read"]

    assert (await issued(admin, scopes=scopes)).body["scopes"] == scopes


async def test_a_token_is_accepted_from_its_networks_only(served: Served, admin: Admin) -> None:
    inside = (await issued(admin, allowedNetworks=["127.0.0.1", "2001:db8::/32"])).body
    outside = (await issued(admin, allowedNetworks=["203.0.113.0/24"])).body

    assert inside["allowedNetworks"] == ["127.0.0.1/32", "2001:db8::/32"]
    assert (await accepted(Scim(served, inside["token"]))).status == 200
    answer = await accepted(Scim(served, outside["token"]))
    assert answer.status == 401
    assert "from the address 127.0.0.1" in answer.body["detail"]
    assert (await admin.get(f"/tokens/{outside['id']}")).body["lastUsedAt"] is None


async def test_what_another_organization_has_is_not_found(
    admin: Admin, other_admin: Admin, stranger: Tenant
) -> None:
    foreign = (await issued(other_admin)).body["id"]

    for method, path in (("GET", ""), ("POST", "/revoke"), ("POST", "/rotate")):
        assert (await admin.send(method, f"/tokens/{foreign}{path}")).status == 404
    body = {"label": "Entra", "accountId": stranger.account_id}
    assert (await admin.post("/tokens", body)).status == 404
    assert (await other_admin.get(f"/tokens/{foreign}")).body["state"] == "active"


async def test_tokens_are_listed_page_by_page_the_latest_first(admin: Admin) -> None:
    made = [(await issued(admin)).body["id"] for _ in range(3)]

    pages = await admin.pages("/tokens", limit=2)

    ids = [row["id"] for page in pages for row in page]
    assert ids[:3] == made[::-1]
    assert len(ids) == len(set(ids))
    assert all(len(page) == 2 for page in pages[:-1])


async def test_the_walk_of_a_dedicated_account(served: Served, admin: Admin) -> None:
    account = (await admin.post("/accounts", {"userName": "entra", "displayName": "Entra"})).body
    token = (await issued(admin, accountId=account["id"])).body
    scim = Scim(served, token["token"])

    assert (account["role"], account["active"], account["listedInScim"]) == (
        "Administrator",
        True,
        False,
    )
    assert token["accountName"] == "entra"
    assert (await scim.get("/Me")).body["id"] == account["id"]
    assert (await scim.get(f"/Users/{account['id']}")).body["userName"] == "entra"
    assert account in (await admin.get("/accounts")).body["items"]


async def test_an_unlisted_account_is_in_no_list_and_no_match(
    served: Served, admin: Admin, tenant: Tenant
) -> None:
    account = (await admin.post("/accounts", {"userName": "Sync", "displayName": "Sync"})).body
    scim = Scim(served, tenant.token)
    person = await scim.post("/Users", {"userName": "sync", "displayName": "A person"})

    assert person.status == 201
    for query in (
        'filter=userName eq "SYNC"',
        'filter=userName sw "syn"',
        'filter=displayName eq "Sync" or userName eq "sync"',
        "count=100",
        "sortBy=userName&count=100",
        "cursor=&count=100",
        "count=1&attributes=userName",
    ):
        found = (await scim.get(f"/Users?{query}")).body
        ids = [each["id"] for each in found["Resources"]]
        assert account["id"] not in ids
        assert tenant.account_id not in ids
        assert found["totalResults"] == 1
    for body in ({}, {"filter": 'meta.resourceType eq "User"'}):
        message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], **body}
        assert account["id"] not in str((await scim.post("/.search", message)).body)
    taken = await admin.post("/accounts", {"userName": "SYNC"})
    assert taken.status == 409
    assert (await scim.delete(f"/Users/{person.body['id']}")).status == 204


async def test_a_listed_account_is_matched_as_a_person(
    served: Served, admin: Admin, tenant: Tenant
) -> None:
    body = {"userName": "listed", "listedInScim": True}
    account = (await admin.post("/accounts", body)).body
    scim = Scim(served, tenant.token)

    found = (await scim.find("/Users", filter='userName eq "listed"')).body
    assert [each["id"] for each in found["Resources"]] == [account["id"]]
    assert (await scim.post("/Users", {"userName": "LISTED"})).status == 409
    assert (await scim.delete(f"/Users/{account['id']}")).status == 204


async def test_a_token_is_blocked_while_its_account_may_hold_none(admin: Admin) -> None:
    account = (await admin.post("/accounts", {"userName": "blocked"})).body
    token = (await issued(admin, accountId=account["id"])).body
    path = f"/tokens/{token['id']}"
    user = f"/users/{account['id']}"

    async def because(change: dict[str, Any]) -> tuple[str, str]:
        assert (await admin.patch(user, change)).status == 200
        row = (await admin.get(path)).body
        return row["state"], row["blockedBecause"]

    assert await because({"role": "Reader"}) == (
        "blocked",
        "The account is no longer an Administrator.",
    )
    assert await because({"active": False}) == (
        "blocked",
        "The account is deactivated.",
    )
    refused = await admin.post("/tokens", {"label": "Entra", "accountId": account["id"]})
    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == "#/accountId"
    assert (await admin.send("DELETE", user)).status == 204
    row = (await admin.get(path)).body
    assert (row["state"], row["blockedBecause"]) == ("blocked", "The account was deleted.")
    assert row["accountName"] == account["id"]
