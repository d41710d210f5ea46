"""The keys of the service: the master key that wraps all others, and those that sign tokens."""

import base64
import binascii
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventstore.errors import BrokenSeal
from eventstore.seal import KEY_BYTES, Sealer, derived
from service.statements import statement

SETTING = "SCIM_LEDGER_MASTER_KEY"
KID_LENGTH = 16
HOW_TO_MAKE_ONE = "`openssl rand -base64 32` makes one"


class KeyProblem(Exception):
    """A key is missing or not the right one; the message says what to change."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tokens, under the id that their header names."""

    kid: str
    private_key: Ed25519PrivateKey

    @property
    def public_key(self) -> Ed25519PublicKey:
        """Return what verifies: from the private key, since whoever may write tables could swap another."""
        return self.private_key.public_key()


def load_master_key(*, setting: str | None, key_file: Path, create: bool = True) -> bytes:
    """Return the master key: from the setting, else from the file, which is made when there is none.

    Errors: KeyProblem.
    """
    if setting is not None:
        return decoded(setting, SETTING)
    if create and not key_file.exists():
        try:
            make_key_file(key_file)
        except FileExistsError:
            pass  # Another process was faster; its key is ours too.
        except OSError as error:
            raise KeyProblem(
                f"{key_file} cannot be made: {error.strerror}. Set SCIM_LEDGER_DATA_DIR to a folder "
                f"that this account may write, or {SETTING}."
            ) from error
    return read_key_file(key_file)


def decoded(text: str, where: str) -> bytes:
    """Return the key that a text holds in base64."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyProblem(f"{where} is not base64: {HOW_TO_MAKE_ONE}.") from error
    if len(key) != KEY_BYTES:
        raise KeyProblem(f"{where} holds {len(key)} bytes, not {KEY_BYTES}: {HOW_TO_MAKE_ONE}.")
    return key


def make_key_file(key_file: Path) -> None:
    """Write a new key to a file that only its owner may read: whole, or not at all.

    Errors: FileExistsError where somebody else was faster.
    """
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = key_file.with_name(f".{key_file.name}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, key_file)  # Unlike a rename, it refuses to overwrite.
    finally:
        draft.unlink()
    sync_folder(key_file.parent)


def sync_folder(folder: Path) -> None:
    """Let a new name in a folder outlive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def read_key_file(key_file: Path) -> bytes:
    """Return the key in a file that nobody but its owner may read."""
    try:
        if key_file.stat().st_mode & 0o077:
            raise KeyProblem(f"Others may read {key_file}: run `chmod 600 {key_file}`.")
        return decoded(key_file.read_text("ascii"), str(key_file))
    except FileNotFoundError as error:
        raise KeyProblem(
            f"There is no master key: set {SETTING}, or restore {key_file}. "
            "In a new database, scim-ledger serve makes it."
        ) from error
    except OSError as error:
        raise KeyProblem(f"{key_file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise KeyProblem(f"{key_file} is not base64: {HOW_TO_MAKE_ONE}.") from error


async def open_master_key(
    connection: asyncpg.Connection, *, setting: str | None, key_file: Path, may_make: bool
) -> bytes:
    """Return the master key of a database, which is made only where the database has none yet.

    Errors: KeyProblem; no file is left behind then.
    """
    async with connection.transaction():
        # Two that start together take turns: the second finds the key of the first.
        await connection.execute(statement("lock_signing_keys"))
        is_new = await connection.fetchval(statement("find_master_key")) is None
        key = load_master_key(setting=setting, key_file=key_file, create=is_new and may_make)
        await check_master_key(connection, key)
    return key


async def check_master_key(connection: asyncpg.Connection, master_key: bytes) -> None:
    """Hold the database to the master key that came first. Errors: KeyProblem."""
    fingerprint = derived(master_key, "fingerprint").hex()
    await connection.execute(statement("claim_master_key"), fingerprint)
    if await connection.fetchval(statement("find_master_key")) != fingerprint:
        raise KeyProblem(
            f"The database was made with another master key: set {SETTING} to that one, "
            "or restore its file."
        )


async def load_signing_keys(connection: asyncpg.Connection, sealer: Sealer) -> list[SigningKey]:
    """Return the signing keys, oldest first; the last one signs. The first is made when there is none.

    Errors: KeyProblem.
    """
    async with connection.transaction():
        await connection.execute(statement("lock_signing_keys"))
        rows = await connection.fetch(statement("load_signing_keys"))
        if not rows:
            return [await make_signing_key(connection, sealer)]
    return [opened_key(sealer, kid, wrapped) for kid, wrapped in rows]


async def make_signing_key(connection: asyncpg.Connection, sealer: Sealer) -> SigningKey:
    """Return a new signing key, stored."""
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
    """Return what binds a wrapped key to its id."""
    return f"signing key {kid}"


def thumbprint(public: bytes) -> str:
    """Return the JWK thumbprint of an Ed25519 key (RFC 8037 appendix A.3, RFC 7638)."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{base64url(public)}"}}'
    return base64url(hashlib.sha256(jwk.encode()).digest())


def base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
