"""OAuth clients over the admin API: registered, listed, given secrets, revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.admin.client import Admin, with_scope
from tests.admin.test_audit import AUDIT
from tests.following import until_followed
from tests.protocol.oauth import ask
from tests.serving import Scim, Served, Tenant

FEDERATED = {
    "kind": "federated",
    "issuer": "https://127.0.0.1/tid/v2.0",
    "subjects": ["5b0c3f0e"],
    "audiences": ["api://clm", "api://clm/scim.example.com"],
}


def body(tenant: Tenant, **changed: Any) -> dict[str, Any]:
    """Return what POST /clients takes; None leaves a field out."""
    fields = {"label": "Entra", "accountId": tenant.account_id, "kind": "secret", **changed}
    return {name: value for name, value in fields.items() if value is not None}


async def token_status(served: Served, client_id: str, secret: str) -> int:
    """Return how the token endpoint answers a secret."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return (await ask(served, form)).status


async def test_a_client_is_registered_and_its_secret_shown_once(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    made = await admin.post("/clients", body(tenant))

    read = await admin.get(f"/clients/{made.body['id']}")
    shown = {"secretId", "clientSecret", "expiresAt", "tokenEndpoint"}
    assert made.status == 201
    assert made.headers["Location"] == f"/api/admin/v1/clients/{made.body['id']}"
    assert made.body["tokenEndpoint"] == f"http://127.0.0.1:{served.port}/oauth2/token"
    assert made.body["id"] == made.body["clientId"]
    assert read.body == {name: each for name, each in made.body.items() if name not in shown}
    assert (read.body["state"], read.body["scopes"]) == ("active", ["scim"])
    assert read.body["accountName"] == "technical-account"
    secret = made.body["clientSecret"]
    assert await token_status(served, made.body["clientId"], secret) == 200
    assert secret not in str((await admin.get("/clients")).body)


async def test_an_account_that_holds_only_a_client_is_listed(tenant: Tenant, admin: Admin) -> None:
    roles = (await admin.get("/roles")).body["items"]
    [administrator] = [each["id"] for each in roles if each["name"] == "Administrator"]
    person = {"userName": "holder@contoso.example", "roleId": administrator}
    made = (await admin.post("/users", person)).body
    before = (await admin.get("/accounts")).body["items"]
    assert made["id"] not in [each["id"] for each in before]

    assert (await admin.post("/clients", body(tenant, accountId=made["id"]))).status == 201

    listed = (await admin.get("/accounts")).body["items"]
    assert made["id"] in [each["id"] for each in listed]


async def test_a_federated_client_has_no_secret(tenant: Tenant, admin: Admin) -> None:
    made = await admin.post("/clients", body(tenant, **FEDERATED, scopes=["scim", "admin:read"]))

    assert made.status == 201
    assert (made.body["clientSecret"], made.body["secretId"], made.body["secrets"]) == (None, None, [])  # fmt: skip
    assert {name: made.body[name] for name in FEDERATED} == FEDERATED
    assert made.body["scopes"] == ["scim", "admin:read"]
    assert (await admin.post(f"/clients/{made.body['id']}/secrets")).status == 409


async def test_secrets_are_replaced_without_an_interruption(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    made = (await admin.post("/clients", body(tenant))).body
    path = f"/clients/{made['id']}"

    second = await admin.post(f"{path}/secrets")
    third = await admin.post(f"{path}/secrets", {})
    revoked = await admin.post(f"{path}/secrets/{made['secretId']}/revoke")

    assert second.status == 201
    assert second.body.keys() == {"clientId", "secretId", "clientSecret", "expiresAt"}
    assert third.status == 409
    assert "at most 2 live secrets" in third.body["detail"]
    assert [each["state"] for each in revoked.body["secrets"]] == ["revoked", "active"]
    assert await token_status(served, made["id"], made["clientSecret"]) == 401
    assert await token_status(served, made["id"], second.body["clientSecret"]) == 200


async def test_a_client_is_revoked(served: Served, tenant: Tenant, admin: Admin) -> None:
    made = (await admin.post("/clients", body(tenant))).body

    first = await admin.post(f"/clients/{made['id']}/revoke")
    again = await admin.post(f"/clients/{made['id']}/revoke")

    assert (first.status, first.body["state"]) == (200, "revoked")
    assert again.body == first.body
    assert await token_status(served, made["id"], made["clientSecret"]) == 401


async def test_the_audiences_of_a_trust_are_replaced(tenant: Tenant, admin: Admin) -> None:
    made = (await admin.post("/clients", body(tenant, **FEDERATED))).body
    path = f"/clients/{made['id']}"

    same = await admin.patch(path, {})
    changed = await admin.patch(path, {"audiences": ["api://moved"]})
    wrong: list[dict[str, Any]] = [{"audiences": []}, {"audiences": None}, {"issuer": "https://a/"}]
    refused = [await admin.patch(path, each) for each in wrong]

    assert same.body["audiences"] == FEDERATED["audiences"]
    assert (changed.status, changed.body["audiences"]) == (200, ["api://moved"])
    assert changed.body["subjects"] == FEDERATED["subjects"]
    assert {each.status for each in refused} == {422}


async def test_a_secret_that_ends_soon_is_shown_as_expiring(tenant: Tenant, admin: Admin) -> None:
    soon = (datetime.now(UTC) + timedelta(days=20)).isoformat()

    made = await admin.post("/clients", body(tenant, expiresAt=soon))

    assert (made.body["state"], made.body["secrets"][0]["state"]) == ("expiring", "expiring")


async def test_clients_are_listed_in_pages(tenant: Tenant, admin: Admin) -> None:
    for _ in range(3):
        await admin.post("/clients", body(tenant))

    whole = (await admin.get("/clients?limit=200")).body["items"]
    pages = await admin.pages("/clients", 2)

    assert [each for page in pages for each in page] == whole
    assert {len(page) for page in pages[:-1]} == {2}


@pytest.mark.parametrize(
    ("changed", "status", "pointer"),
    [
        ({"label": None}, 422, "#/label"),
        ({"label": ""}, 422, "#/label"),
        ({"label": "x" * 201}, 422, "#/label"),
        ({"label": 7}, 422, "#/label"),
        ({"kind": "basic"}, 422, "#/kind"),
        ({"accountId": "me"}, 422, "#/accountId"),
        ({"accountId": str(uuid4())}, 404, None),
        ({"scopes": ["operate"]}, 422, "#/scopes"),
        ({"scopes": ["audit:erase"]}, 422, "#/scopes"),
        ({"scopes": ["scim read"]}, 422, "#/scopes"),
        ({"scopes": []}, 422, "#/scopes"),
        ({"expiresAt": "2999-01-01T00:00:00Z"}, 422, "#/expiresAt"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, 422, "#/expiresAt"),
        ({"expiresAt": "2027-01-01T00:00:00"}, 422, "#/expiresAt"),
        ({"clientSecret": "mine"}, 422, "#/clientSecret"),
        ({"issuer": "https://127.0.0.1/"}, 422, "#/kind"),
        ({**FEDERATED, "issuer": None}, 422, "#/issuer"),
        ({**FEDERATED, "issuer": "https://evil.example/"}, 422, "#/issuer"),
        ({**FEDERATED, "issuer": "file:///etc/passwd"}, 422, "#/issuer"),
        ({**FEDERATED, "subjects": []}, 422, "#/subjects"),
        ({**FEDERATED, "subjects": "me"}, 422, "#/subjects"),
        ({**FEDERATED, "audiences": ["a b"]}, 422, "#/audiences"),
        ({**FEDERATED, "audiences": ["x"] * 21}, 422, "#/audiences"),
        ({**FEDERATED, "expiresAt": "2027-01-01T00:00:00Z"}, 422, "#/expiresAt"),
    ],
    ids=range(24),
)
async def test_a_client_that_makes_no_sense_is_refused_by_field(
    tenant: Tenant, admin: Admin, changed: dict[str, Any], status: int, pointer: str | None
) -> None:
    answer = await admin.post("/clients", body(tenant, **changed))

    assert answer.status == status, answer
    assert pointer in [each["pointer"] for each in answer.body.get("errors", ())] or not pointer


async def test_a_client_of_another_organization_is_not_found(
    tenant: Tenant, admin: Admin, other_admin: Admin
) -> None:
    made = (await admin.post("/clients", body(tenant))).body
    path = f"/clients/{made['id']}"

    answers = [
        await other_admin.get(path),
        await other_admin.post(f"{path}/revoke"),
        await other_admin.post(f"{path}/secrets"),
        await other_admin.post(f"{path}/secrets/{made['secretId']}/revoke"),
        await other_admin.post("/clients", body(tenant)),
        await admin.get("/clients/..%2F..%2Fetc"),
        await admin.post(f"{path}/secrets/{uuid4()}/revoke"),
    ]

    assert {each.status for each in answers} == {404}
    assert (await other_admin.get("/clients")).body == {"items": [], "nextCursor": None}
    assert (await admin.get(path)).body["state"] == "active"


async def test_reading_is_enough_to_list_and_nothing_else(served: Served, tenant: Tenant) -> None:
    reader = Admin(served, with_scope(served, tenant, "admin:read"))

    assert (await reader.get("/clients")).status == 200
    assert (await reader.post("/clients", body(tenant))).status == 403


async def test_events_say_that_the_api_was_the_door(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    made = await admin.post("/clients", body(tenant))

    rows = await served.owner.fetch(
        "SELECT type, source, token_id, data::text FROM eventstore.events WHERE request_id = $1",
        made.headers["X-Request-Id"],
    )
    assert [row["type"] for row in rows] == ["ClientRegistered", "ClientSecretAdded"]
    assert {(row["source"], row["token_id"]) for row in rows} == {("api", tenant.token_id)}
    assert made.body["clientSecret"] not in str(rows)


async def test_a_client_may_administer_if_it_has_the_scope(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    made = (await admin.post("/clients", body(tenant, scopes=["admin"]))).body
    form = {
        "grant_type": "client_credentials",
        "client_id": made["id"],
        "client_secret": made["clientSecret"],
    }
    granted = await ask(served, {**form, "scope": "admin:read"})

    reader = Admin(served, granted.body["access_token"])

    assert (await reader.get("/clients")).status == 200
    assert (await reader.post(f"/clients/{made['id']}/revoke")).status == 403


async def test_what_a_client_did_is_told_with_its_label(
    served: Served, tenant: Tenant, admin: Admin
) -> None:
    made = (await admin.post("/clients", body(tenant, label="Gallery"))).body
    form = {"grant_type": "client_credentials", "client_id": made["clientId"]}
    answer = await ask(served, {**form, "client_secret": made["clientSecret"]})
    user = {"userName": "of.a.client@x.example"}
    created = await Scim(served, answer.body["access_token"]).post("/Users", user)
    await until_followed(served, tenant)

    audit = Admin(served, with_scope(served, tenant, "audit:read"), AUDIT)
    query = f"client={made['id']}&resource={created.body['id']}"
    (event,) = (await audit.get(f"/events?{query}")).body["items"]
    assert "(token “Gallery”)" in event["sentence"]
    registered = (await audit.get("/events?type=ClientRegistered&limit=1")).body["items"][0]
    assert registered["sentence"].endswith(" registered the client “Gallery”.")
