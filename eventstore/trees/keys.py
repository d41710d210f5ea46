"""The keys of the proof: those that sign checkpoints, and the key of the marks.

One pair signs for all logs. Its private part is wrapped by the master key; the service may read the tables of keys, and
only the owner of the database writes them. A retired private key is deleted.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventstore.errors import BrokenSeal
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.leaf import origin_of
from eventstore.proof.notes import ED25519, TrustedKey, Vkey, public_of
from eventstore.sealing.randomness import random_bytes
from eventstore.sealing.sealer import KEY_BYTES, Sealer

statement = statements_in(__package__)

MARK_CONTEXT = "mark key 1"


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key that signs checkpoints."""

    number: int
    public: bytes
    private: Ed25519PrivateKey | None  # None: it is retired.

    def vkey(self, origin: str) -> Vkey:
        """Return the public key under the name of a log."""
        return Vkey(origin, ED25519, self.public)


class Signer(NamedTuple):
    """Which sizes of a log a key signs."""

    incarnation: int
    key_number: int
    public: bytes
    from_size: int
    to_size: int | None
    introduced_at: int | None  # The position of the event that changed the key.

    def trusted(self, organization_id: UUID) -> TrustedKey:
        """Return the key under the name of the log's incarnation."""
        name = origin_of(organization_id, self.incarnation)
        return TrustedKey(Vkey(name, ED25519, self.public), self.from_size, self.to_size)


def key_context(public: bytes) -> str:
    """Return what binds a wrapped key to its public part."""
    return f"log key {public.hex()}"


async def make_missing_keys(connection: Connection, sealer: Sealer) -> None:
    """Make the first key of the checkpoints and the key of the marks, unless they are there. The owner calls it."""
    async with connection.transaction():
        await connection.execute(statement("lock_keys"))
        if not await connection.fetch(statement("load_log_keys")):
            await add_log_key(connection, sealer)
        if await connection.fetchval(statement("load_mark_key")) is None:
            wrapped = sealer.wrap_secret(random_bytes(KEY_BYTES), context=MARK_CONTEXT)
            await connection.execute(statement("save_mark_key"), wrapped)


async def add_log_key(connection: Connection, sealer: Sealer) -> LogKey:
    """Make a new key of the checkpoints and store it. The owner calls it."""
    private = Ed25519PrivateKey.generate()
    public = public_of(private)
    wrapped = sealer.wrap_secret(private.private_bytes_raw(), context=key_context(public))
    number = await connection.fetchval(statement("save_log_key"), public, wrapped)
    return LogKey(number, public, private)


async def load_log_keys(connection: Connection, sealer: Sealer) -> dict[int, LogKey]:
    """Return the keys of the checkpoints by number, the oldest first. Errors: BrokenSeal."""
    rows = await connection.fetch(statement("load_log_keys"))
    return {number: _opened(sealer, number, public, wrapped) for number, public, wrapped in rows}


def _opened(sealer: Sealer, number: int, public: bytes, wrapped: bytes | None) -> LogKey:
    if wrapped is None:
        return LogKey(number, public, None)
    raw = sealer.unwrap_secret(wrapped, context=key_context(public))
    private = Ed25519PrivateKey.from_private_bytes(raw)
    # Whoever can write tables could swap the public part: the private one decides.
    return LogKey(number, public_of(private), private)


def newest(keys: Mapping[int, LogKey]) -> LogKey:
    """Return the key that signs new logs."""
    return keys[max(keys)]


async def load_mark_key(connection: Connection, sealer: Sealer) -> bytes | None:
    """Return the key of the marks; None if there is none yet. Errors: BrokenSeal."""
    wrapped = await connection.fetchval(statement("load_mark_key"))
    return None if wrapped is None else sealer.unwrap_secret(wrapped, context=MARK_CONTEXT)


async def load_signers(connection: Connection, organization_id: UUID) -> list[Signer]:
    """Return which keys sign which sizes of a log, the oldest first."""
    rows = await connection.fetch(statement("load_signers"), organization_id)
    return [Signer(*row[1:]) for row in rows]


async def load_all_signers(connection: Connection) -> dict[UUID, list[Signer]]:
    """Return which keys sign which sizes, for all logs."""
    found: dict[UUID, list[Signer]] = {}
    for organization_id, *row in await connection.fetch(statement("load_all_signers")):
        found.setdefault(UUID(bytes=organization_id.bytes), []).append(Signer(*row))
    return found


def signing(signers: Sequence[Signer], incarnation: int) -> Signer | None:
    """Return the key that signs an incarnation of a log now."""
    return next(
        (each for each in signers if each.incarnation == incarnation and each.to_size is None), None
    )


async def end_signers(
    connection: Connection, organization_id: UUID, incarnation: int, *, size: int, key_number: int
) -> None:
    """Let the keys of a log sign nothing above a size, but for one of them."""
    await connection.execute(
        statement("end_signer"), organization_id, incarnation, key_number, size
    )


async def retire_log_keys(connection: Connection) -> int:
    """Delete the private parts of keys that sign no log any more; return how many. The owner calls it."""
    count: int = await connection.fetchval(statement("retire_log_keys"))
    return count


async def rewrap_keys(connection: Connection, sealer: Sealer) -> None:
    """Wrap the keys of the proof with the master key that wraps now. The owner calls it, in a transaction.

    One that does not open stays as it is.
    """
    await connection.execute(statement("lock_keys"))
    for number, public, wrapped in await connection.fetch(statement("load_log_keys")):
        if wrapped is not None:
            with suppress(BrokenSeal):
                again = sealer.rewrap_secret(wrapped, context=key_context(public))
                await connection.execute(statement("rewrap_log_key"), number, again)
    mark_key = await connection.fetchval(statement("load_mark_key"))
    if mark_key is not None:
        with suppress(BrokenSeal):
            again = sealer.rewrap_secret(mark_key, context=MARK_CONTEXT)
            await connection.execute(statement("rewrap_mark_key"), again)
