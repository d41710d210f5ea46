"""The keys that sign tokens."""

import base64
import hashlib
from dataclasses import dataclass

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventstore.errors import BrokenSeal
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.database.master_key import KeyProblem

statement = statements_in(__package__)


KID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tokens. The header of a token names it by its id."""

    kid: str
    private_key: Ed25519PrivateKey

    @property
    def public_key(self) -> Ed25519PublicKey:
        """Return the public key, derived from the private one: whoever can write tables could swap a stored one."""
        return self.private_key.public_key()


async def load_signing_keys(connection: asyncpg.Connection, sealer: Sealer) -> list[SigningKey]:
    """Return the signing keys, oldest first; the last one signs. If there is none, one is made.

    Errors: KeyProblem.
    """
    async with connection.transaction():
        await connection.execute(statement("lock_signing_keys"))
        rows = await connection.fetch(statement("load_signing_keys"))
        if not rows:
            return [await make_signing_key(connection, sealer)]
    return [opened_key(sealer, kid, wrapped) for kid, wrapped in rows]


async def make_signing_key(connection: asyncpg.Connection, sealer: Sealer) -> SigningKey:
    """Make a signing key, store it and return it."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    kid = thumbprint(public)[:KID_LENGTH]
    wrapped = sealer.wrap_secret(key.private_bytes_raw(), context=context(kid))
    await connection.execute(statement("save_signing_key"), kid, public, wrapped)
    return SigningKey(kid, key)


def opened_key(sealer: Sealer, kid: str, wrapped: bytes) -> SigningKey:
    """Return a stored signing key."""
    try:
        raw = sealer.unwrap_secret(wrapped, context=context(kid))
    except BrokenSeal as error:
        raise KeyProblem(f"The signing key {kid} was altered: restore it from a backup.") from error
    return SigningKey(kid, Ed25519PrivateKey.from_private_bytes(raw))


def context(kid: str) -> str:
    """Return the context that binds a wrapped key to its id."""
    return f"signing key {kid}"


def thumbprint(public: bytes) -> str:
    """Return the JWK thumbprint of an Ed25519 key (RFC 8037 appendix A.3, RFC 7638)."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(public)}"}}'
    return base64url(hashlib.sha256(jwk.encode()).digest())


def base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
