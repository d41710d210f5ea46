"""Access tokens of OAuth clients: JWTs that name their client (RFC 9068 §2), and the secrets that clients have. Pure."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import jwt

from service.callers.access_tokens import ALGORITHM, AUDIENCE, ISSUER
from service.callers.signing_keys import SigningKey

TYPE = "at+jwt"


def hash_secret(secret: str) -> str:
    """Return the hash that is stored in place of a secret. It has 256 random bits, so one round is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_same_hash(one: str, other: str) -> bool:
    """Compare hashes; the time that takes does not depend on where they differ."""
    return hmac.compare_digest(one, other)


def encode_client_token(
    key: SigningKey,
    *,
    organization_id: UUID,
    account_id: UUID,
    client_id: UUID,
    jti: str,
    scopes: Sequence[str],
    issued_at: datetime,
    expires_at: datetime,
) -> str:
    """Return a signed access token. Nothing is stored for it: what stands behind it is the client."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(account_id),
        "organization": str(organization_id),
        "client_id": str(client_id),
        "jti": jti,
        "iat": issued_at,
        "exp": expires_at,
        "scope": " ".join(scopes),
    }
    headers = {"kid": key.kid, "typ": TYPE}
    return jwt.encode(claims, key.private_key, algorithm=ALGORITHM, headers=headers)
