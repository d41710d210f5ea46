"""Tokens with another signature or other claims: none of them opens anything (RFC 8725)."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.callers.signing_keys import SigningKey
from tests.protocol.test_tokens import OPEN_DETAILS, refused
from tests.serving import Scim, Served, Tenant


def claims(tenant: Tenant, **changed: Any) -> dict[str, Any]:
    """Return the claims of a token that works, with these changes; None leaves a claim out."""
    known = jwt.decode(tenant.token, options={"verify_signature": False})
    return {name: value for name, value in {**known, **changed}.items() if value is not None}


def signed(key: SigningKey, content: dict[str, Any], **headers: str) -> str:
    """Return a token with any claims, signed as the service signs."""
    return jwt.encode(content, key.private_key, "EdDSA", headers={"kid": key.kid, **headers})


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody"},
        {"aud": "somewhere"},
        {"iss": None},
        {"aud": None},
        {"sub": None},
        {"jti": None},
        {"iat": None},
        {"scope": None},
        {"organization": None},
        {"jti": "never issued"},
        {"sub": "01a20ac2-c1ba-72cf-a811-23dbe6a27250"},
        {"sub": "nobody"},
        {"organization": "01a20ac2-c1ba-72cf-a811-23dbe6a27250"},
        {"organization": "none"},
        {"jti": 7},
        {"exp": "tomorrow"},
        {"exp": "2099-01-01T00:00:00Z"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**30},
        {"exp": -(10**30)},
        {"exp": [4_102_444_800]},
        {"exp": {}},
        {"iat": "yesterday"},
        {"iat": True},
        {"iat": float("nan")},
        {"iat": [1]},
        {"iat": 10**30},
        {"scope": ["scim"]},
        {"scope": 7},
        {"scope": {"scim": True}},
    ],
    ids=str,
)
async def test_a_token_with_other_claims_is_refused(
    served: Served, organization: Tenant, changed: dict[str, Any]
) -> None:
    content = claims(organization, **changed)
    token = jwt.api_jws.encode(
        jwt.api_jwt.PyJWT()._encode_payload(content),
        served.runtime.signing_key.private_key,
        "EdDSA",
        headers={"kid": served.runtime.signing_key.kid},
    )

    detail = refused(await Scim(served, token).get("/Users"))

    assert any(each in detail for each in OPEN_DETAILS)


@pytest.mark.parametrize("exp", [0, -1, 1.5, 946_684_800])
async def test_a_time_that_is_past_is_expired(
    served: Served, organization: Tenant, exp: float
) -> None:
    token = signed(served.runtime.signing_key, claims(organization, exp=exp))

    assert "The token expired on" in refused(await Scim(served, token).get("/Users"))


@pytest.mark.parametrize("scope", ["", "scimx", "SCIM", "openid"])
async def test_a_token_without_the_scope_is_forbidden(
    served: Served, organization: Tenant, scope: str
) -> None:
    token = signed(served.runtime.signing_key, claims(organization, scope=scope))

    assert (await Scim(served, token).get("/Users")).status == 403


async def test_the_claims_of_a_token_that_works_do_work(
    served: Served, organization: Tenant
) -> None:
    token = signed(served.runtime.signing_key, claims(organization))

    assert (await Scim(served, token).get("/Users")).status == 200


async def test_a_token_of_another_organization_opens_that_one_only(
    served: Served, organization: Tenant, other_organization: Tenant
) -> None:
    content = claims(organization, organization=str(other_organization.id))

    detail = refused(await Scim(served, signed(served.runtime.signing_key, content)).get("/Users"))

    assert detail == "The token is unknown."


async def test_a_token_without_signature_is_refused(served: Served, organization: Tenant) -> None:
    kid = served.runtime.signing_key.kid
    token = jwt.encode(claims(organization), "", "none", headers={"kid": kid})

    assert "malformed" in refused(await Scim(served, token).get("/Users"))


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    served: Served, organization: Tenant, algorithm: str
) -> None:
    key = served.runtime.signing_key
    secret = key.public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    secret = secret * 2  # HS512 wants more bytes than a public key has.
    token = jwt.encode(claims(organization), secret, algorithm, headers={"kid": key.kid})

    assert "malformed" in refused(await Scim(served, token).get("/Users"))


@pytest.mark.parametrize("kid", ["known", "other"])
async def test_a_token_of_a_strange_key_is_refused(
    served: Served, organization: Tenant, kid: str
) -> None:
    known = served.runtime.signing_key.kid
    headers = {"kid": known if kid == "known" else kid}
    token = jwt.encode(claims(organization), Ed25519PrivateKey.generate(), "EdDSA", headers)

    detail = refused(await Scim(served, token).get("/Users"))

    assert any(each in detail for each in OPEN_DETAILS)
