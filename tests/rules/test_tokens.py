"""Bearer tokens: which are accepted, and what a refusal says (RFC 7519, RFC 8725)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schema.scim.errors import Unauthorized
from service.callers.access_tokens import (
    AUDIENCE,
    ISSUER,
    SCOPE,
    TOKEN_LENGTH_MAX,
    Claims,
    TokenRefused,
    decode_token,
    encode_token,
    hash_jti,
    refuse_expired,
)
from service.callers.signing_keys import SigningKey
from tests.builders import JO, ORGANIZATION_ID, START

NOW = START + timedelta(days=1)
TOKEN_ID = UUID(int=7)
EXPIRES = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)


def signing_key(number: int, kid: str) -> SigningKey:
    """Return a key that is the same in every run."""
    return SigningKey(kid, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


KEY, OTHER = signing_key(1, "first"), signing_key(2, "second")
KEYS = {"first": KEY}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": str(JO),
    "organization": str(ORGANIZATION_ID),
    "jti": "secret",
    "iat": START,
    "scope": SCOPE,
}


def token(key: SigningKey = KEY, expires_at: datetime | None = None) -> str:
    """Return a token of Jo's account."""
    return encode_token(
        key,
        organization_id=ORGANIZATION_ID,
        account_id=JO,
        jti="secret",
        issued_at=START,
        expires_at=expires_at,
    )


def signed(**claims: Any) -> str:
    """Return a token with these claims changed; one that is None is left out."""
    stated = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(stated, KEY.private_key, algorithm="EdDSA", headers={"kid": KEY.kid})


def test_a_key_of_elsewhere_vouches_for_bearer_tokens_only() -> None:
    elsewhere = {"first": SigningKey("first", KEY.public_key)}

    assert decode_token(token(), elsewhere) == decode_token(token(), KEYS)
    for scope in (SCOPE, "admin", "audit:read"):
        of_client = signed(client_id=str(TOKEN_ID), scope=scope, exp=EXPIRES)
        assert decode_token(of_client, KEYS).client_id == TOKEN_ID
        with pytest.raises(Unauthorized, match="ask for a new one"):
            decode_token(of_client, elsewhere)


@pytest.mark.parametrize("expires_at", [None, EXPIRES])
def test_a_token_says_whose_it_is(expires_at: datetime | None) -> None:
    assert decode_token(token(expires_at=expires_at), KEYS) == Claims(
        ORGANIZATION_ID, JO, hash_jti("secret"), frozenset({"scim"}), expires_at
    )


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("scim", {"scim"}),
        ("scim:read", {"scim:read"}),
        ("openid  scim ", {"openid", "scim"}),
        ("scim scim", {"scim"}),
        ("SCIM", {"SCIM"}),  # RFC 6749 §3.3: scopes are case-sensitive.
        ("scim,scim:read", {"scim,scim:read"}),
        ("", set()),
    ],
)
def test_the_scopes_of_a_token_have_blanks_between_them(scope: str, scopes: set[str]) -> None:
    assert decode_token(signed(scope=scope), KEYS).scopes == scopes


@pytest.mark.parametrize("scope", [["scim"], {"scim": True}, 1, True])
def test_a_scope_that_is_no_text_is_refused(scope: object) -> None:
    with pytest.raises(Unauthorized, match="not one that this service issues"):
        decode_token(signed(scope=scope), KEYS)


def test_a_token_names_its_key() -> None:
    assert jwt.get_unverified_header(token()) == {"alg": "EdDSA", "typ": "JWT", "kid": "first"}


def test_a_token_holds_no_claims_but_ours() -> None:
    claims = jwt.decode(token(expires_at=EXPIRES), options={"verify_signature": False})

    assert claims == {**CLAIMS, "iat": int(START.timestamp()), "exp": int(EXPIRES.timestamp())}


def test_a_token_of_a_former_key_is_accepted_beside_the_new_one() -> None:
    assert decode_token(token(OTHER), {"first": KEY, "second": OTHER}).account_id == JO


def test_only_a_hash_of_the_jti_is_kept() -> None:
    assert hash_jti("secret") == "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"


def test_a_token_is_accepted_until_it_expires() -> None:
    claims = decode_token(token(expires_at=EXPIRES), KEYS)

    refuse_expired(claims, TOKEN_ID, EXPIRES - timedelta(seconds=1))
    assert claims.expires_at == EXPIRES


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
def test_an_expired_token_is_refused_with_its_end(late: timedelta) -> None:
    claims = decode_token(token(expires_at=EXPIRES), KEYS)
    detail = "expired on 2027-01-31 at 09:30:00 UTC; issue a new one"

    with pytest.raises(TokenRefused, match=detail) as refused:
        refuse_expired(claims, TOKEN_ID, EXPIRES + late)
    assert (refused.value.organization_id, refused.value.token_id) == (ORGANIZATION_ID, TOKEN_ID)


def test_a_token_of_an_unknown_key_is_refused() -> None:
    with pytest.raises(Unauthorized, match="signed by a key that this service does not have"):
        decode_token(token(OTHER), KEYS)


def test_a_token_that_another_key_has_signed_is_refused() -> None:
    with pytest.raises(Unauthorized, match="signature is wrong"):
        decode_token(token(signing_key(2, "first")), KEYS)


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "é.é.é", token()[:-2], f"{token()} ", token().replace(".", "\n.")]
)
def test_a_malformed_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized, match="copy it whole"):
        decode_token(text, KEYS)


def test_a_very_long_token_is_refused() -> None:
    with pytest.raises(Unauthorized):
        decode_token(f"{token()}{'x' * TOKEN_LENGTH_MAX}", KEYS)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_is_accepted(algorithm: str) -> None:
    secret = "" if algorithm == "none" else "x" * 32
    forged = jwt.encode(CLAIMS, secret, algorithm=algorithm, headers={"kid": KEY.kid})

    with pytest.raises(Unauthorized):
        decode_token(forged, KEYS)


@pytest.mark.parametrize("missing", sorted(CLAIMS))
def test_every_claim_is_required(missing: str) -> None:
    with pytest.raises(Unauthorized):
        decode_token(signed(**{missing: None}), KEYS)


@pytest.mark.parametrize("claim", ["iss", "aud", "organization", "sub"])
def test_a_claim_that_is_not_ours_is_refused(claim: str) -> None:
    with pytest.raises(Unauthorized):
        decode_token(signed(**{claim: "another"}), KEYS)


def test_the_clock_of_another_machine_may_be_late() -> None:
    assert decode_token(signed(iat=NOW + timedelta(hours=1)), KEYS).account_id == JO


def test_a_token_of_another_organization_says_so() -> None:
    other = UUID(int=7)

    assert decode_token(signed(organization=str(other)), KEYS).organization_id == other
