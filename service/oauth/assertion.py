"""Check a JWT with which a federated client authenticates (RFC 7523 §3, with RFC 8725). Pure.

First `read_assertion` reads what nobody vouches for yet: it only serves to find the client and the key.
`check_signature` and `check_claims` then decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from schema.events.client import Client
from service.oauth.errors import InvalidClient
from service.oauth.key_sets import ALGORITHMS, PublicKey

ASSERTION_LENGTH_MAX = 16_000
KID_LENGTH_MAX = 200
JTI_LENGTH_MAX = 500
LOGGED_LENGTH_MAX, LOGGED_MAX = 300, 10  # Characters of a claim in the log, and values of a list.
LEEWAY = timedelta(seconds=60)  # Clocks differ.
# Entra's tokens live up to 28 hours. A jti is remembered until its assertion expires.
LIFETIME_MAX = timedelta(hours=48)
INSTANT_MAX = 253_402_300_799  # Seconds since 1970: the end of the year 9999.
# Each check of a claim is ours, so that its refusal has a reason of its own.
SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud"), False),
    **dict.fromkeys(("verify_iss", "verify_sub", "verify_jti"), False),
}
MALFORMED = (jwt.PyJWTError, ValueError, TypeError, RecursionError)

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UnverifiedAssertion:
    """What an assertion says of itself; anybody may have written it."""

    text: str
    algorithm: str
    kid: str
    issuer: Any
    subject: Any


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is left to do with an assertion that is good: note its jti, if it has one, until it expires."""

    jti: str | None
    expires_at: datetime


def read_assertion(text: str) -> UnverifiedAssertion:
    """Return what an assertion says of itself. Errors: InvalidClient."""
    if len(text) > ASSERTION_LENGTH_MAX:
        raise InvalidClient("assertion_too_long", "The assertion is too long.")
    try:
        read = jwt.decode_complete(text, options={"verify_signature": False})
    except MALFORMED:
        raise InvalidClient("assertion_malformed", "The assertion is not a signed JWT.") from None
    header, claims = read["header"], read["payload"]
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise InvalidClient("algorithm", f"The assertion is signed with {' or '.join(ALGORITHMS)}.")
    if "crit" in header or "b64" in header:
        raise InvalidClient("critical_header", "The assertion needs an unsupported extension.")
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_LENGTH_MAX:
        raise InvalidClient("kid_missing", "The header of the assertion has no kid.")
    return UnverifiedAssertion(text, algorithm, kid, claims.get("iss"), claims.get("sub"))


def check_signature(assertion: UnverifiedAssertion, key: PublicKey) -> Claims:
    """Return the claims of an assertion that a key signed. Errors: InvalidClient."""
    try:
        claims: Claims = jwt.decode(
            assertion.text, key, algorithms=[assertion.algorithm], options=SIGNATURE_ONLY
        )
    except MALFORMED:
        raise InvalidClient("signature", "The signature of the assertion is wrong.") from None
    return claims


def check_claims(claims: Claims, client: Client, now: datetime) -> Accepted:
    """Return what is left to do with an assertion whose signature is right. Errors: InvalidClient.

    The log gets the expected and the received values; the answer does not show the expected ones.
    """
    if claims.get("iss") != client.issuer:
        raise InvalidClient("issuer", "The assertion is not of the issuer of the client.")
    expires_at = _check_times(claims, now)
    received = claims.get("aud")
    audiences = received if isinstance(received, list) else [received]
    if not any(each in client.audiences for each in audiences):
        raise InvalidClient(
            "audience",
            "The aud of the assertion is none of the audiences of the client.",
            fields={
                "expected_audiences": list(client.audiences),
                "received_audience": _logged(audiences),
            },
        )
    subjects = [claims.get("sub"), claims.get("azp")]
    if not any(each in client.subjects for each in subjects):
        raise InvalidClient(
            "subject",
            "Neither sub nor azp of the assertion is one of the subjects of the client.",
            fields={
                "expected_subjects": list(client.subjects),
                "received_subjects": _logged(subjects),
            },
        )
    jti = claims.get("jti")
    if jti is not None and not (isinstance(jti, str) and 0 < len(jti) <= JTI_LENGTH_MAX):
        raise InvalidClient("jti", "The jti of the assertion is not a text of usual length.")
    return Accepted(jti, expires_at)


def _check_times(claims: Claims, now: datetime) -> datetime:
    """Return when an assertion expires; it is valid now. Errors: InvalidClient."""
    expires_at, begins_at = _instant(claims, "exp"), _instant(claims, "nbf")
    if expires_at is None:
        raise InvalidClient("exp_missing", "The assertion has no exp.")
    if expires_at + LEEWAY <= now:
        raise InvalidClient("expired", "The assertion has expired.")
    if expires_at - now > LIFETIME_MAX:
        raise InvalidClient("exp_too_late", "The exp of the assertion is too far in the future.")
    if begins_at is not None and begins_at - LEEWAY > now:
        raise InvalidClient("not_yet_valid", "The assertion is not valid yet: see its nbf.")
    return expires_at


def _instant(claims: Claims, name: str) -> datetime | None:
    """Return a NumericDate (RFC 7519 §2); None if it is left out. Errors: InvalidClient."""
    value = claims.get(name)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < INSTANT_MAX:  # NaN compares as false too.
        raise InvalidClient("time_malformed", f"The {name} of the assertion is not a number.")
    return datetime.fromtimestamp(value, UTC)


def _logged(values: list[Any]) -> list[str]:
    """Return received values as the log may show them: shortened, texts only."""
    return [str(each)[:LOGGED_LENGTH_MAX] for each in values[:LOGGED_MAX] if each is not None]
