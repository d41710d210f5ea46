"""The keys that sign tokens. The latest one signs; a retired one verifies until no token needs it any more."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventstore.errors import BrokenSeal
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.database.master_key import KeyProblem
from service.encoding import base64url

statement = statements_in(__package__)


KID_LENGTH = 16

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tokens. The header of a token names it by its id."""

    kid: str
    key: Ed25519PrivateKey | Ed25519PublicKey  # Public: it signs elsewhere, and only verifies here.
    retired_at: datetime | None = None  # None: it signs.
    verifies_until: datetime | None = None  # None: without end.

    @property
    def is_elsewhere(self) -> bool:
        """Return whether the key signs in another database, and only verifies here."""
        return isinstance(self.key, Ed25519PublicKey)

    @property
    def private_key(self) -> Ed25519PrivateKey:
        """Return the key that signs. Errors: KeyProblem."""
        if isinstance(self.key, Ed25519PublicKey):
            raise KeyProblem(f"The key {self.kid} signs elsewhere.")
        return self.key

    @property
    def public_key(self) -> Ed25519PublicKey:
        """Return the public key, derived from the private one: whoever can write tables could swap a stored one."""
        return self.key if isinstance(self.key, Ed25519PublicKey) else self.key.public_key()

    def verifies(self, now: datetime) -> bool:
        """Return whether tokens that it has signed are accepted."""
        return self.verifies_until is None or now < self.verifies_until


class SigningKeys(Mapping[str, SigningKey]):
    """The keys of this process that verify tokens, by id. `replace` is the only way to change them."""

    def __init__(self, keys: Iterable[SigningKey]) -> None:
        self._keys = verifying(keys)
        self._callbacks: list[Callable[[], None]] = []

    def __getitem__(self, kid: str) -> SigningKey:
        return self._keys[kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def current(self) -> SigningKey:
        """Return the key that signs new tokens. Errors: KeyProblem."""
        for each in reversed(self._keys.values()):
            if each.retired_at is None:
                return each
        raise KeyProblem("There is no key to sign with: run scim-ledger keys rotate signing.")

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call this whenever the keys have changed: a token may be accepted no more."""
        self._callbacks.append(callback)

    def replace(self, keys: Iterable[SigningKey]) -> None:
        """Use these keys from now on, oldest first."""
        replaced = verifying(keys)
        is_changed = replaced.keys() != self._keys.keys()
        self._keys = replaced
        if is_changed:
            for callback in self._callbacks:
                callback()


def verifying(keys: Iterable[SigningKey]) -> dict[str, SigningKey]:
    """Return the keys that verify tokens now, by id."""
    now = datetime.now(UTC)
    return {each.kid: each for each in keys if each.verifies(now)}


async def load_signing_keys(
    connection: asyncpg.Connection, sealer: Sealer, unusable: set[str] | None = None
) -> list[SigningKey]:
    """Return the signing keys, oldest first. If there is none, one is made; only the owner may do that.

    A key that does not open is skipped, with a line in the log: the tokens of the others work all the same.
    Those in `unusable` are known already, and have no line; it holds the present ones afterwards.
    Errors: KeyProblem if none opens.
    """
    async with connection.transaction():
        await connection.execute(statement("lock_signing_keys"))
        rows = await connection.fetch(statement("load_signing_keys"))
        if not rows:
            return [await make_signing_key(connection, sealer)]
    return opened_keys(sealer, rows, set() if unusable is None else unusable)


async def reload_signing_keys(
    connection: asyncpg.Connection, sealer: Sealer, unusable: set[str]
) -> list[SigningKey]:
    """Return the signing keys, oldest first, as `load_signing_keys` does. Errors: KeyProblem if none opens."""
    return opened_keys(sealer, await connection.fetch(statement("load_signing_keys")), unusable)


def opened_keys(
    sealer: Sealer, rows: Iterable[asyncpg.Record], unusable: set[str]
) -> list[SigningKey]:
    """Return the stored keys that open, and note those that do not. Errors: KeyProblem if none does."""
    keys, problem, broken = [], KeyProblem("There is no signing key."), set[str]()
    for row in rows:
        try:
            keys.append(opened_key(sealer, row))
        except KeyProblem as error:
            problem = error
            broken.add(row["kid"])
            if row["kid"] not in unusable:
                _report_unusable(row["kid"][:KID_LENGTH], error)
    unusable.clear()
    unusable.update(broken)
    if not keys:
        raise problem
    return keys


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key as the database has it, for a list."""

    kid: str
    created_at: datetime
    retired_at: datetime | None
    verifies_until: datetime | None
    is_usable: bool  # It opens.


async def load_stored_keys(connection: asyncpg.Connection, sealer: Sealer) -> list[StoredKey]:
    """Return all signing keys, oldest first, also those that do not open."""
    rows = await connection.fetch(statement("load_signing_keys"))
    return [
        StoredKey(
            kid=row["kid"],
            created_at=row["created_at"],
            retired_at=row["retired_at"],
            verifies_until=row["verifies_until"],
            is_usable=_is_usable(sealer, row),
        )
        for row in rows
    ]


def _is_usable(sealer: Sealer, row: asyncpg.Record) -> bool:
    try:
        opened_key(sealer, row)
    except KeyProblem:
        return False
    return True


def _report_unusable(kid: str, problem: KeyProblem) -> None:
    log.error("signing_key_unusable", kid=kid, problem=str(problem))


async def make_signing_key(connection: asyncpg.Connection, sealer: Sealer) -> SigningKey:
    """Make a signing key, store it and return it."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    kid = thumbprint(public)[:KID_LENGTH]
    wrapped = sealer.wrap_secret(key.private_bytes_raw(), context=context(kid))
    await connection.execute(statement("save_signing_key"), kid, public, wrapped)
    return SigningKey(kid, key)


async def retire_signing_keys(
    connection: asyncpg.Connection, kid: str, *, until: datetime | None, is_chosen: bool
) -> None:
    """Let all keys but one sign no more, and verify until then (None: without end).

    A chosen end also shortens that of keys that were retired before. The caller owns the transaction.
    """
    await connection.execute(statement("retire_signing_keys"), kid, until, is_chosen)


async def rewrap_signing_keys(connection: asyncpg.Connection, sealer: Sealer) -> None:
    """Wrap all signing keys with the master key that wraps now. The caller owns the transaction.

    One that does not open stays as it is.
    """
    await connection.execute(statement("lock_signing_keys"))
    for row in await connection.fetch(statement("load_signing_keys")):
        kid = row["kid"]
        again = _rewrapped(sealer, kid, row["wrapped_private_key"])
        if again is None:
            continue
        await connection.execute(statement("rewrap_signing_key"), kid, again)


def _rewrapped(sealer: Sealer, kid: str, wrapped: bytes) -> bytes | None:
    for each in (context(kid), public_context(kid)):
        with suppress(BrokenSeal):
            return sealer.rewrap_secret(wrapped, context=each)
    return None


async def add_public_key(
    connection: asyncpg.Connection, sealer: Sealer, kid: str, public: bytes
) -> None:
    """Accept tokens that another installation has signed. A key that is here already stays as it is.

    The public key is wrapped too, so that nobody who writes tables can swap it. The owner calls it.
    """
    if thumbprint(public)[:KID_LENGTH] != kid:
        raise KeyProblem(f"The signing key {kid} has another id.")
    wrapped = sealer.wrap_secret(public, context=public_context(kid))
    await connection.execute(statement("save_public_key"), kid, public, wrapped)


def opened_key(sealer: Sealer, row: asyncpg.Record) -> SigningKey:
    """Return a stored signing key. Errors: KeyProblem."""
    kid = row["kid"]
    with suppress(BrokenSeal):
        public = sealer.unwrap_secret(row["wrapped_private_key"], context=public_context(kid))
        key = Ed25519PublicKey.from_public_bytes(public)
        retired_at = row["retired_at"] or row["created_at"]  # It never signs here.
        return SigningKey(kid, key, retired_at, row["verifies_until"])
    try:
        raw = sealer.unwrap_secret(row["wrapped_private_key"], context=context(kid))
        private = Ed25519PrivateKey.from_private_bytes(raw)
    except (BrokenSeal, ValueError) as error:
        raise KeyProblem(f"The signing key {kid} was altered: restore it from a backup.") from error
    return SigningKey(kid, private, row["retired_at"], row["verifies_until"])


def context(kid: str) -> str:
    """Return the context that binds a wrapped key to its id."""
    return f"signing key {kid}"


def public_context(kid: str) -> str:
    """Return the context that binds a wrapped public key to its id."""
    return f"verifying key {kid}"


def thumbprint(public: bytes) -> str:
    """Return the JWK thumbprint of an Ed25519 key (RFC 8037 appendix A.3, RFC 7638)."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(public)}"}}'
    return base64url(hashlib.sha256(jwk.encode()).digest())
