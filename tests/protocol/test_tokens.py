"""Bearer tokens: which are accepted, which are refused, and how (RFC 6750 §3)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest

from service.callers.access_tokens import encode_token
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token, revoke_token
from tests.protocol.endpoints import body_for, endpoints
from tests.protocol.extensions import URN, register
from tests.serving import Answer, Scim, Served, Tenant

SECOND_S = 1.0
OPEN_DETAILS = ("malformed", "unknown", "not one that this service issues", "Send a token")


def refused(answer: Answer) -> str:
    """Return the detail of a 401, after a check of its form."""
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "scimType" not in answer.body
    return str(answer.body["detail"])


async def until_refused(scim: Scim) -> tuple[str, float]:
    """Return the detail with which a token is refused in the end, and after how many seconds."""
    begun = time.monotonic()
    while (answer := await scim.get("/Roles")).status == 200:
        assert time.monotonic() - begun < 3 * SECOND_S
        await asyncio.sleep(0.02)
    return refused(answer), time.monotonic() - begun


PUBLIC = (  # Endpoints that a client may read before it has a token (RFC 7643 §5, RFC 7644 §4).
    ("GET", "/ResourceTypes"),
    ("GET", "/ResourceTypes/{id}"),
    ("GET", "/ServiceProviderConfig"),
)


@pytest.mark.parametrize(("method", "path"), [each for each in endpoints() if each not in PUBLIC])
async def test_no_other_endpoint_answers_without_a_token(
    served: Served, method: str, path: str
) -> None:
    address = path.replace("{id}", "some")

    answer = await Scim(served, None).send(method, address, body_for(path, method))

    assert "Send a token" in refused(answer)


OPEN = ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/Group"]
OTHERWISE = ["/serviceproviderconfig/", "//RESOURCETYPES", "/resourcetypes//group?x=y"]


@pytest.mark.parametrize("path", [*OPEN, *OTHERWISE])
async def test_what_the_service_supports_is_shown_without_a_token(
    served: Served, scim: Scim, path: str
) -> None:
    anyone = Scim(served, None)

    answer, head = await anyone.get(path), await anyone.send("HEAD", path)

    assert (answer.status, answer.body) == (200, (await scim.get(path)).body)
    assert (head.status, head.headers["Content-Length"]) == (200, answer.headers["Content-Length"])


@pytest.mark.parametrize("path", ["/ResourceTypes", "/ResourceTypes/User"])
async def test_without_a_token_nothing_of_an_organization_is_shown(
    served: Served, scim: Scim, organization: Tenant, path: str
) -> None:
    await register(served, organization)

    own = await scim.get(path)
    for_anyone = await Scim(served, None).get(path)

    assert URN in str(own.body)
    assert for_anyone.status == 200
    assert URN not in str(for_anyone.body)


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("header", ["", "Bearer", "Basic dXNlcjpwYXNz", "Bearer a.b.c", "é"])
async def test_a_wrong_token_is_refused_where_none_is_needed(
    served: Served, path: str, header: str
) -> None:
    answer = await Scim(served, None).get(path, Authorization=header)

    assert any(each in refused(answer) for each in OPEN_DETAILS)


@pytest.mark.parametrize("path", OPEN)
async def test_a_revoked_token_is_refused_where_none_is_needed(
    served: Served, organization: Tenant, path: str
) -> None:
    found = await find_organization(served.runtime, str(organization.id))
    await revoke_token(served.runtime, found, organization.token_id, provenance=cli_provenance())

    answer = await Scim(served, organization.token).get(path)

    assert "was revoked on" in refused(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", OPEN)
async def test_what_is_open_is_open_to_read_only(served: Served, method: str, path: str) -> None:
    assert (await Scim(served, None).send(method, path, {})).status == 405


async def test_what_is_open_has_no_filter_and_no_unknown_parts(served: Served) -> None:
    anyone = Scim(served, None)

    filtered = await anyone.find("/ResourceTypes", filter='id eq "User"')
    unknown = await anyone.get("/ResourceTypes/Nobody")

    assert (filtered.status, unknown.status) == (403, 404)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token abc", "Bearer abc", "Bearer a.b.c", "é"],
)
async def test_a_header_without_a_token_is_refused(served: Served, header: str) -> None:
    answer = await Scim(served, None).get("/Users", Authorization=header)

    assert any(each in refused(answer) for each in OPEN_DETAILS)


async def test_a_request_without_a_token_gets_no_error_code(served: Served, scim: Scim) -> None:
    without = await Scim(served, None).get("/Users")
    wrong = await Scim(served, "a.b.c").get("/Users")

    assert without.headers["WWW-Authenticate"] == 'Bearer realm="scim"'
    assert wrong.headers["WWW-Authenticate"] == 'Bearer realm="scim", error="invalid_token"'


async def test_the_scheme_is_written_in_any_case(scim: Scim) -> None:
    answer = await scim.get("/Users", Authorization=f"bEARER  {scim.token} ")

    assert answer.status == 200


@pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None), slice(0, 40)])
async def test_a_token_that_was_cut_is_refused(served: Served, scim: Scim, cut: slice) -> None:
    assert scim.token is not None

    answer = await Scim(served, scim.token[cut]).get("/Users")

    assert any(each in refused(answer) for each in ("malformed", "unknown"))


async def test_a_very_long_token_is_refused(served: Served) -> None:
    assert "malformed" in refused(await Scim(served, "e" * 9_000).get("/Users"))


async def test_a_refusal_says_when_the_token_expired(served: Served, organization: Tenant) -> None:
    known = jwt.decode(organization.token, options={"verify_signature": False})
    token = encode_token(
        served.runtime.signing_key,
        organization_id=organization.id,
        account_id=UUID(organization.account_id),
        jti=known["jti"],
        issued_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
    )

    detail = refused(await Scim(served, token).get("/Users"))

    assert detail == "The token expired on 2026-01-31 at 09:30:00 UTC; issue a new one."


async def test_a_token_expires_while_it_is_used(served: Served, organization: Tenant) -> None:
    found = await find_organization(served.runtime, str(organization.id))
    lifetime = timedelta(seconds=2)
    issued = await issue_token(
        served.runtime, found, "short", lifetime=lifetime, provenance=cli_provenance()
    )
    scim = Scim(served, issued.token)

    assert (await scim.get("/Roles")).status == 200
    detail, _ = await until_refused(scim)
    assert "expired on" in detail


async def test_a_revoked_token_is_refused_within_a_second(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    assert (await scim.get("/Roles")).status == 200
    found = await find_organization(served.runtime, str(organization.id))

    await revoke_token(served.runtime, found, organization.token_id, provenance=cli_provenance())

    detail, after_s = await until_refused(scim)
    assert "was revoked on" in detail
    assert after_s < SECOND_S


async def test_other_tokens_of_the_account_stay_when_one_is_revoked(
    served: Served, scim: Scim, organization: Tenant
) -> None:
    found = await find_organization(served.runtime, str(organization.id))
    issued = await issue_token(served.runtime, found, "second", provenance=cli_provenance())

    await revoke_token(served.runtime, found, organization.token_id, provenance=cli_provenance())
    await until_refused(scim)

    assert (await Scim(served, issued.token).get("/Roles")).status == 200
