"""Bearer tokens: JWTs signed with EdDSA (RFC 7519, RFC 8037). Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt

from schema.scim.errors import Unauthorized
from service.callers.scopes import SCIM, read_scopes
from service.callers.signing_keys import SigningKey

ISSUER = "scim-ledger"
AUDIENCE = "scim-ledger/scim"
SCOPE = SCIM  # Of a token that is issued without naming scopes.
ALGORITHM = (
    "EdDSA"  # RFC 8725 §3.1: the only algorithm we accept, whatever the token's header says.
)
REQUIRED = ["iss", "aud", "sub", "organization", "jti", "iat", "scope"]
TOKEN_LENGTH_MAX = 8_000
CLIENT_TOKEN_TYPE = "at+jwt"  # noqa: S105 - no password (RFC 9068 §2.1).


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a token whose signature was checked."""

    organization_id: UUID
    account_id: UUID
    jti_hash: str
    scopes: frozenset[str]
    expires_at: datetime | None
    client_id: UUID | None = None  # Of an access token: the OAuth client that it was issued to.


def hash_jti(jti: str) -> str:
    """Return the hash that is stored in place of a jti: a stolen database must yield no token."""
    return hashlib.sha256(jti.encode()).hexdigest()


def encode_token(
    key: SigningKey,
    *,
    organization_id: UUID,
    account_id: UUID,
    jti: str,
    issued_at: datetime,
    expires_at: datetime | None,
    scope: str = SCOPE,
    client_id: UUID | None = None,
) -> str:
    """Return a signed token: a bearer token, or an access token, which names its client (RFC 9068 §2)."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(account_id),
        "organization": str(organization_id),
        "jti": jti,
        "iat": issued_at,
        "scope": scope,
    }
    headers = {"kid": key.kid}
    if expires_at:
        claims["exp"] = expires_at
    if client_id:
        claims["client_id"] = str(client_id)
        headers["typ"] = CLIENT_TOKEN_TYPE
    return jwt.encode(claims, key.private_key, algorithm=ALGORITHM, headers=headers)


def decode_token(token: str, keys: Mapping[str, SigningKey]) -> Claims:
    """Return the claims of a token, which may have expired. Errors: Unauthorized, which says what is wrong."""
    claims = _verified(token, keys)
    try:
        _instant(claims["iat"])
        expires_at = _instant(claims["exp"]) if "exp" in claims else None
        return Claims(
            UUID(claims["organization"]),
            UUID(claims["sub"]),
            hash_jti(claims["jti"]),
            read_scopes(claims["scope"]),
            expires_at,
            UUID(claims["client_id"]) if "client_id" in claims else None,
        )
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        raise Unauthorized("The token is not one that this service issues.") from None


class UnknownKey(Unauthorized):
    """A token was signed by a key that is not known here, or not accepted any more."""

    reason = "unknown"

    def __init__(self, kid: str) -> None:
        super().__init__(
            "The token is unknown: it was signed by a key that this service does not have, or accepts no "
            "more. Issue a new token."
        )
        self.kid = kid


class TokenRefused(Unauthorized):
    """A token that we signed is not accepted. Its organization is certain, so the log may name it."""

    def __init__(
        self, detail: str, organization_id: UUID, token_id: UUID | None, *, reason: str = "unknown"
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.organization_id = organization_id
        self.token_id = token_id  # None if the directory does not know the token.


def refuse_expired(
    claims: Claims, token_id: UUID | None, now: datetime, *, ends_at: datetime | None = None
) -> None:
    """Raise TokenRefused for a token that has expired: at `ends_at`, if that is earlier than its claims say."""
    ends = ends_at or claims.expires_at
    if ends and ends <= now:
        remedy = "get a new one with the client" if claims.client_id else "issue a new one"
        detail = f"The token expired on {ends:%Y-%m-%d at %H:%M:%S} UTC; {remedy}."
        raise TokenRefused(detail, claims.organization_id, token_id, reason="expired")


def _instant(seconds: Any) -> datetime:
    """Return when a token expires or was issued. Errors: ValueError and others for what is no NumericDate (RFC 7519 §2)."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError("no NumericDate")
    return datetime.fromtimestamp(seconds, UTC)


def _verified(token: str, keys: Mapping[str, SigningKey]) -> dict[str, Any]:
    """Return the claims of a token that one of our keys signed, for us as issuer and audience."""
    try:
        kid = jwt.get_unverified_header(token[:TOKEN_LENGTH_MAX]).get("kid")
        key = keys.get(str(kid))
        claims: dict[str, Any] = (
            {}
            if key is None
            else jwt.decode(
                token,
                key.public_key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options=_options(REQUIRED),
            )
        )
    except (jwt.InvalidTokenError, UnicodeError):
        raise Unauthorized(
            "The token is malformed or its signature is wrong; copy it whole, without line breaks."
        ) from None
    if key is None:
        raise UnknownKey(str(kid))
    if key.is_elsewhere and "client_id" in claims:
        # What a bearer token opens is looked up by its secret jti. An access token vouches for itself, so whoever has that
        # key would have every organization here. Its client has a new one within the hour.
        raise Unauthorized("The access token was issued in another database: ask for a new one.")
    return claims


def _options(required: Sequence[str]) -> Any:
    """Return the options that leave the times to us: our message says when a token expired."""
    return {"require": list(required), "verify_exp": False, "verify_iat": False}
