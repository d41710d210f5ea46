"""The scopes of a token: which requests they permit, and how the others are refused (RFC 6750 §3.1)."""

import pytest

from tests.protocol.endpoints import body_for, endpoints
from tests.protocol.logged import logged
from tests.protocol.test_token_claims import claims, signed
from tests.serving import Answer, Scim, Served, Tenant

NEEDS_SCIM = 'Bearer realm="scim", error="insufficient_scope", scope="scim"'
READING = [each for each in endpoints() if each[0] == "GET" or each[1].endswith("/.search")]
WRITING = [each for each in endpoints() if each not in READING]


def bearer(served: Served, tenant: Tenant, scope: str) -> Scim:
    """Return a client whose token has a scope."""
    changed = claims(tenant) | {"scope": scope}
    return Scim(served, signed(served.runtime.signing_key, changed))


async def sent(scim: Scim, method: str, path: str) -> Answer:
    """Return the answer of an endpoint."""
    return await scim.send(method, path.replace("{id}", "some"), body_for(path, method))


def is_insufficient(answer: Answer) -> bool:
    """Return whether an answer is the refusal of a token that lacks a scope."""
    challenge = answer.headers.get("WWW-Authenticate")
    return answer.status == 403 and challenge == NEEDS_SCIM


@pytest.mark.parametrize(("method", "path"), endpoints())
@pytest.mark.parametrize("scope", ["", "openid"])
async def test_a_token_without_a_scope_of_ours_opens_no_endpoint(
    served: Served, organization: Tenant, scope: str, method: str, path: str
) -> None:
    answer = await sent(bearer(served, organization, scope), method, path)

    assert is_insufficient(answer), answer
    assert "lacks the scope scim" in answer.body["detail"]


@pytest.mark.parametrize("scope", ["SCIM", "scimx", "scim:", "scim:write", "scim,scim:read", "x"])
async def test_a_scope_that_is_written_otherwise_is_another_one(
    served: Served, organization: Tenant, scope: str
) -> None:
    assert is_insufficient(await bearer(served, organization, scope).get("/Users"))


@pytest.mark.parametrize(("method", "path"), READING)
@pytest.mark.parametrize("scope", ["scim:read", "openid scim"])
async def test_a_token_that_may_read_opens_what_reads(
    served: Served, organization: Tenant, scope: str, method: str, path: str
) -> None:
    answer = await sent(bearer(served, organization, scope), method, path)

    assert answer.status in (200, 404)


@pytest.mark.parametrize(("method", "path"), WRITING)
async def test_a_token_that_may_read_opens_nothing_that_writes(
    served: Served, organization: Tenant, method: str, path: str
) -> None:
    answer = await sent(bearer(served, organization, "scim:read"), method, path)

    assert is_insufficient(answer), answer
    assert "scim:read" not in answer.body["detail"]


@pytest.mark.parametrize(("method", "path"), WRITING)
@pytest.mark.parametrize("scope", ["openid scim", "scim:read scim"])
async def test_a_token_that_has_all_of_scim_opens_what_writes(
    served: Served, organization: Tenant, scope: str, method: str, path: str
) -> None:
    answer = await sent(bearer(served, organization, scope), method, path)

    assert not is_insufficient(answer), answer


async def test_a_token_that_may_read_reads_the_head_of_a_resource(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    made = await scim.post("/Users", {"userName": "ada@contoso.com"})

    reader = bearer(served, organization, "scim:read")
    answer = await reader.send("HEAD", f"/Users/{made.body['id']}")

    assert answer.status == 200


async def test_a_write_that_lacks_a_scope_changes_nothing(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    reader = bearer(served, organization, "scim:read")

    await reader.post("/Users", {"userName": "ada@contoso.com"})

    assert (await scim.find("/Users", filter='userName eq "ada@contoso.com"')).body[
        "totalResults"
    ] == 0


async def test_a_wrong_token_is_refused_as_such_whatever_its_scope(
    served: Served, organization: Tenant
) -> None:
    changed = claims(organization, jti="never issued") | {"scope": "openid"}

    answer = await Scim(served, signed(served.runtime.signing_key, changed)).get("/Users")

    assert answer.status == 401


async def test_the_log_says_whose_token_lacks_a_scope(served: Served, organization: Tenant) -> None:
    token = signed(served.runtime.signing_key, claims(organization) | {"scope": "openid"})
    async with logged(served, token) as (scim, lines):
        await scim.get("/ServiceProviderConfig")

        line = lines.of("request_answered")[-1]
        assert line["status"] == 403
        assert line["organization_id"] == str(organization.id)
        assert line["token_id"] == str(organization.token_id)
