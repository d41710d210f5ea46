"""The secrets that OAuth clients have. Pure."""

import hashlib
import hmac


def hash_secret(secret: str) -> str:
    """Return the hash that is stored in place of a secret. It has 256 random bits, so one round is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_same_hash(one: str, other: str) -> bool:
    """Compare hashes; the time that takes does not depend on where they differ."""
    return hmac.compare_digest(one, other)
