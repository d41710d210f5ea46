"""Access tokens for clients with a secret: how they are asked for, refused, used, and how they die (RFC 6749)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from schema.scim.errors import InvalidValue
from service.cli.provenance import cli_provenance
from service.organizations.clients import (
    MadeClient,
    add_secret,
    revoke_client,
    revoke_secret,
)
from service.organizations.listed_clients import list_clients
from service.organizations.register import find_organization
from tests.admin.client import Admin, with_scope
from tests.protocol.logged import logged
from tests.protocol.oauth import ask, ask_with_secret, basic, make_client
from tests.serving import Answer, Scim, Served, Tenant

GRANT = {"grant_type": "client_credentials"}
BASIC = 'Basic realm="oauth2", charset="UTF-8"'


async def own(served: Served, tenant: Tenant) -> Any:
    """Return the organization of a tenant, as the use cases take it."""
    return await find_organization(served.runtime, str(tenant.id))


def is_refused(answer: Answer, error: str, status: int = 400) -> bool:
    """Return whether a token request was refused with an error."""
    return (answer.status, answer.body["error"]) == (status, error)


def bearer(served: Served, answer: Answer) -> Scim:
    """Return a client that uses an access token."""
    assert answer.status == 200, answer
    return Scim(served, answer.body["access_token"])


async def test_a_secret_gets_a_token_that_works(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)

    answer = await ask_with_secret(served, client)

    assert answer.status == 200
    assert answer.headers["Pragma"] == "no-cache"
    assert {name: each for name, each in answer.body.items() if name != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "scim",
    }
    made = await bearer(served, answer).post("/Users", {"userName": "ada@contoso.com"})
    assert made.status == 201


async def test_a_secret_may_come_as_basic(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    assert client.secret
    header = basic(str(client.client_id), client.secret.secret)

    plain = await ask(served, GRANT, Authorization=header)
    named = await ask(served, {**GRANT, "client_id": str(client.client_id)}, Authorization=header)

    assert (plain.status, named.status) == (200, 200)


async def test_a_token_carries_the_client_and_lives_as_long_as_it_says(
    served: Served, organization: Tenant
) -> None:
    client = await make_client(served, organization)

    answer = await ask_with_secret(served, client)

    token = answer.body["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["client_id"] == str(client.client_id)
    assert claims["organization"] == str(organization.id)
    assert claims["exp"] - claims["iat"] == answer.body["expires_in"]
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"


async def test_events_name_the_client_in_place_of_a_token(
    served: Served, organization: Tenant
) -> None:
    client = await make_client(served, organization)
    scim = bearer(served, await ask_with_secret(served, client))

    made = await scim.post("/Users", {"userName": "ada@contoso.com"})

    row = await served.owner.fetchrow(
        "SELECT actor_id, token_id, source FROM eventstore.events"
        " WHERE organization_id = $1 AND stream_id = $2",
        organization.id,
        UUID(made.body["id"]),
    )
    assert tuple(row) == (str(client.account_id), client.client_id, "scim")


async def test_tokens_need_no_event(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    count = "SELECT count(*) FROM eventstore.events WHERE organization_id = $1"
    before = await served.owner.fetchval(count, organization.id)

    tokens = {(await ask_with_secret(served, client)).body["access_token"] for _ in range(3)}

    assert len(tokens) == 3
    assert await served.owner.fetchval(count, organization.id) == before


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ("", "invalid_request", 400),
        ("grant_type=", "invalid_request", 400),
        ("grant_type=password&username=a&password=b", "unsupported_grant_type", 400),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type", 400),
        ("grant_type=refresh_token", "unsupported_grant_type", 400),
        ("grant_type=client_credentials", "invalid_client", 401),
        ("grant_type=client_credentials&client_id={id}", "invalid_client", 401),
        ("grant_type=client_credentials&client_secret={secret}", "invalid_client", 401),
        ("grant_type=client_credentials&client_id={id}&client_secret=", "invalid_client", 401),
        ("grant_type=client_credentials&client_id={id}&client_secret=x", "invalid_client", 401),
        ("grant_type=client_credentials&client_id={id}&client_secret={secret}x", "invalid_client", 401),
        ("grant_type=client_credentials&client_id={id}&client_secret=%F0", "invalid_request", 400),
        ("grant_type=client_credentials&client_id={other}&client_secret={secret}", "invalid_client", 401),
        ("grant_type=client_credentials&client_id=../x&client_secret={secret}", "invalid_client", 401),
        ("grant_type=client_credentials&client_id=%00&client_secret={secret}", "invalid_client", 401),
        ("grant_type=client_credentials&client_id={id}&client_id={id}&client_secret={secret}", "invalid_request", 400),
        ("grant_type=client_credentials&grant_type=x&client_id={id}&client_secret={secret}", "invalid_request", 400),
        ("grant_type=client_credentials&client_id={id}&client_secret={secret}&client_assertion=x", "invalid_request", 400),
        ("grant_type=client_credentials&client_id={id}&client_assertion=x", "invalid_client", 401),
        ("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=admin", "invalid_scope", 400),
        ("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=scim+openid", "invalid_scope", 400),
        ("&".join(f"p{n}=1" for n in range(60)), "invalid_request", 400),
        (b"\xff\xfe", "invalid_request", 400),
        (b'{"grant_type": "client_credentials"}', "invalid_request", 400),
    ],
    ids=lambda each: str(each)[:60],
)  # fmt: skip
async def test_a_request_that_is_wrong_is_refused_in_the_form_of_the_rfc(
    served: Served, organization: Tenant, form: str | bytes, error: str, status: int
) -> None:
    client = await make_client(served, organization)
    assert client.secret
    if isinstance(form, str):
        form = form.format(
            id=client.client_id, secret=client.secret.secret, other=organization.token_id
        )

    answer = await ask(served, form)

    assert is_refused(answer, error, status), answer
    assert answer.headers.get("WWW-Authenticate") == (BASIC if status == 401 else None)
    assert client.secret.secret not in answer.body["error_description"]


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic \u00e4",
        "Basic !!!",
        "Basic eA==",
        "Basic Og==",
        "Bearer eA==",
        "Basic //79",
        "Negotiate x",
    ],
)
async def test_an_authorization_that_is_no_basic_is_refused(
    served: Served, organization: Tenant, header: str
) -> None:
    assert is_refused(await ask(served, GRANT, Authorization=header), "invalid_client", 401)


async def test_one_request_authenticates_in_one_way(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    assert client.secret
    header = basic(str(client.client_id), client.secret.secret)

    both = {**GRANT, "client_secret": client.secret.secret}
    other = {**GRANT, "client_id": str(organization.id)}

    assert is_refused(await ask(served, both, Authorization=header), "invalid_request")
    assert is_refused(await ask(served, other, Authorization=header), "invalid_request")


async def test_only_a_form_sent_by_post_is_read(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    assert client.secret
    form = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret.secret}"

    got = await ask(served, "", "GET")
    as_json = await ask(served, form, Content_Type="application/json")
    zipped = await ask(served, form, Content_Encoding="gzip")
    large = await ask(served, f"{form}&padding={'x' * 70_000}")
    in_query = await served.session.post(f"http://127.0.0.1:{served.port}/oauth2/token?{form}")

    assert (got.status, got.headers["Allow"]) == (405, "POST")
    assert is_refused(as_json, "invalid_request")
    assert is_refused(zipped, "invalid_request")  # It is not what it says.
    assert is_refused(large, "invalid_request", 413)
    assert in_query.status == 400
    assert (await ask(served, form, Content_Type="application/x-www-form-urlencoded; charset=UTF-8")).status == 200  # fmt: skip


async def test_a_token_has_the_scopes_that_were_asked_for(
    served: Served, organization: Tenant
) -> None:
    client = await make_client(served, organization)

    narrow = await ask_with_secret(served, client, scope="scim:read")
    whole = await ask_with_secret(served, client, scope="scim")

    assert (narrow.body["scope"], whole.body["scope"]) == ("scim:read", "scim")
    assert (await bearer(served, narrow).get("/Users")).status == 200
    assert (await bearer(served, narrow).post("/Users", {"userName": "a"})).status == 403


async def test_a_client_has_only_its_own_scopes(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization, scopes=("scim:read",))

    assert (await ask_with_secret(served, client)).body["scope"] == "scim:read"
    assert is_refused(await ask_with_secret(served, client, scope="scim"), "invalid_scope")
    with pytest.raises(InvalidValue, match="There is no scope 'everything' to grant"):
        await make_client(served, organization, scopes=("everything",))


async def test_ids_and_secrets_need_no_encoding(served: Served, organization: Tenant) -> None:
    unreserved = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    for _ in range(20):
        client = await make_client(served, organization)
        assert client.secret
        assert unreserved.issuperset(f"{client.client_id}{client.secret.secret}")


async def test_two_secrets_work_until_one_is_revoked(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    tenant = await own(served, organization)
    assert client.secret
    second = await add_secret(served.runtime, tenant, client.client_id, provenance=cli_provenance())
    renewed = MadeClient(client.client_id, client.account_id, second)
    both = [(await ask_with_secret(served, each)).status for each in (client, renewed)]

    is_new = await revoke_secret(
        served.runtime,
        tenant,
        client.client_id,
        client.secret.secret_id,
        provenance=cli_provenance(),
    )

    refused = await ask_with_secret(served, client)
    assert (both, is_new) == ([200, 200], True)
    assert is_refused(refused, "invalid_client", 401)
    assert refused.body["error_description"] == "The secret of the client was revoked."
    assert (await ask_with_secret(served, renewed)).status == 200


async def test_a_secret_expires(served: Served, organization: Tenant) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    client = await make_client(served, organization, expires_at=soon)
    assert client.secret
    await served.owner.execute(
        "UPDATE directory.clients SET secrets = replace(secrets::text, $2, $3)::json WHERE id = $1",
        client.client_id,
        f"{client.secret.expires_at:%Y-}",
        "2001-",
    )

    refused = await ask_with_secret(served, client)

    # The table is put right again: the fixture compares it with the log.
    await served.owner.execute(
        "UPDATE directory.clients SET secrets = replace(secrets::text, '2001-', $2)::json WHERE id = $1",
        client.client_id,
        f"{client.secret.expires_at:%Y-}",
    )
    assert is_refused(refused, "invalid_client", 401)
    assert "expired on 2001-" in refused.body["error_description"]


async def test_a_secret_lives_a_year_and_at_most_three(
    served: Served, organization: Tenant
) -> None:
    client = await make_client(served, organization)
    assert client.secret
    assert 364 < (client.secret.expires_at - datetime.now(UTC)).days + 1 <= 365

    for days in (-1, 1_100):
        with pytest.raises(InvalidValue, match="at most 3 years"):
            await make_client(
                served, organization, expires_at=datetime.now(UTC) + timedelta(days=days)
            )


async def dies(scim: Scim) -> str:
    """Return the detail of the refusal that a token gets within a second."""
    async with asyncio.timeout(1.0):
        while (answer := await scim.get("/Users")).status == 200:  # noqa: ASYNC110 - a server is asked.
            await asyncio.sleep(0.05)
    assert answer.status == 401
    detail: str = answer.body["detail"]
    return detail


async def test_a_token_dies_with_its_client(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    scim = bearer(served, await ask_with_secret(served, client))
    assert (await scim.get("/Users")).status == 200

    await revoke_client(
        served.runtime,
        await own(served, organization),
        client.client_id,
        provenance=cli_provenance(),
    )

    assert (await dies(scim)).startswith("The client was revoked on")
    refused = await ask_with_secret(served, client)
    assert is_refused(refused, "invalid_client", 401)
    assert refused.body["error_description"].startswith("The client was revoked on")


async def test_a_token_dies_with_its_account(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    role_id = organization.roles["Administrator"]
    account = await scim.post("/Users", {"userName": "second-account", "roleId": role_id})
    client = await make_client(served, organization, account_id=UUID(account.body["id"]))
    used = bearer(served, await ask_with_secret(served, client))
    assert (await used.get("/Users")).status == 200

    admin = Admin(served, with_scope(served, organization, "admin"))
    await admin.post(f"/users/{account.body['id']}/deactivate")

    assert (await dies(used)) == "The technical account of this client is deactivated; activate it."
    assert is_refused(await ask_with_secret(served, client), "invalid_client", 401)


async def test_a_token_opens_its_own_organization_only(
    served: Served, organization: Tenant, other_organization: Tenant, other_scim: Scim
) -> None:
    made = await other_scim.post("/Users", {"userName": "ada@fabrikam.com"})
    client = await make_client(served, organization)
    scim = bearer(served, await ask_with_secret(served, client))

    assert (await scim.get(f"/Users/{made.body['id']}")).status == 404
    assert await list_clients(served.runtime, await own(served, other_organization)) == []


async def test_a_client_of_another_organization_is_not_found(
    served: Served, organization: Tenant, other_organization: Tenant
) -> None:
    client = await make_client(served, organization)
    with pytest.raises(Exception, match="There is no client"):
        await revoke_client(
            served.runtime,
            await own(served, other_organization),
            client.client_id,
            provenance=cli_provenance(),
        )


async def test_the_log_names_the_client_and_no_secret(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    assert client.secret
    async with logged(served, None) as (scim, lines):
        asked = scim.served
        granted = await ask_with_secret(asked, client)
        await ask(asked, {**GRANT, "client_id": str(client.client_id), "client_secret": "guess-1"})
        await ask(asked, {**GRANT, "client_id": "guess-2", "client_secret": "guess-3"})

    issued, refused = lines.of("access_token_issued"), lines.of("token_request_refused")
    known = {"organization_id": str(organization.id), "client_id": str(client.client_id)}
    assert issued[0].items() >= {**known, "scopes": ["scim"]}.items()
    assert refused[0].items() >= {**known, "reason": "secret_wrong"}.items()
    assert set(refused[1]) == {"request_id", "error", "reason"}
    for secret in (client.secret.secret, granted.body["access_token"], "guess-"):
        assert secret not in lines


async def test_whoever_guesses_is_slowed_down(served: Served, organization: Tenant) -> None:
    client = await make_client(served, organization)
    guess = {**GRANT, "client_id": str(client.client_id), "client_secret": "guess"}
    async with logged(served, None, failed_authentications_per_minute=2) as (scim, _):
        guesses = [await ask(scim.served, guess) for _ in range(4)]
        right = await ask_with_secret(scim.served, client)

    assert [each.status for each in guesses] == [401, 401, 429, 429]
    assert guesses[-1].body["error"] == "temporarily_unavailable"
    assert int(guesses[-1].headers["Retry-After"]) >= 1
    assert right.status == 200


async def test_the_metadata_says_where_and_how_to_ask(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}/.well-known/oauth-authorization-server"
    async with served.session.get(url) as response:
        document = await response.json()

    assert response.headers["Content-Type"] == "application/json"
    assert document == {
        "issuer": f"http://127.0.0.1:{served.port}",
        "token_endpoint": f"http://127.0.0.1:{served.port}/oauth2/token",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [
            *("scim", "scim:read", "admin", "admin:read", "audit:read", "audit:export", "feed:read")
        ],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "private_key_jwt")
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256"],
    }
