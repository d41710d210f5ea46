"""Wrap subjects' keys with another master key, in batches, while appends go on.

Each batch is a transaction, and a key that is done is recognized by the id in front of it. So an interrupted
call goes on where it stopped. A key that was erased meanwhile stays erased: only a row that is still as it was
read is written.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.errors import BrokenSeal
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import WRAPPED_BYTES, Sealer, id_of

statement = statements_in(__package__)


BATCH = 1_000
FIRST = UUID(int=0)
CONSTRAINT = "subject_keys_wrapped_by_the_master_key"


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """A batch: how many keys were wrapped again, and whose key opens under no known master key."""

    keys: int
    broken: tuple[tuple[UUID, UUID], ...]  # Organization, subject.


async def rewrap_subject_keys(
    connection: Connection, sealer: Sealer, *, batch: int = BATCH
) -> AsyncIterator[Rewrapped]:
    """Wrap all keys of subjects that another master key has wrapped; yield each batch.

    The sealer opens under both, and wraps with the new one. The connection is the owner's.
    """
    wanted = id_of(sealer.fingerprint)
    after = (FIRST, FIRST)
    while True:
        rows = await connection.fetch(
            statement("load_wrapped_otherwise"), *after, wanted, WRAPPED_BYTES, batch
        )
        if not rows:
            return
        done: list[tuple[UUID, UUID, bytes, bytes]] = []
        broken: list[tuple[UUID, UUID]] = []
        for organization_id, subject_id, wrapped in rows:
            try:
                key = sealer.unwrap(wrapped, organization_id, subject_id)
            except BrokenSeal:
                broken.append((organization_id, subject_id))
                continue
            again = sealer.wrap(key, organization_id, subject_id)
            done.append((organization_id, subject_id, wrapped, again))
        if done:
            columns = zip(*done, strict=True)
            await connection.execute(statement("rewrap_subject_keys"), *columns)
        yield Rewrapped(len(done), tuple(broken))
        after = (rows[-1][0], rows[-1][1])


async def wrapped_for_transfer(
    connection: Connection, organization_id: UUID, sealer: Sealer, other: Sealer
) -> list[tuple[UUID, bytes, datetime]]:
    """Return the keys of all persons of an organization, wrapped by another sealer. Errors: BrokenSeal."""
    return [
        (
            subject_id,
            other.wrap(
                sealer.unwrap(wrapped, organization_id, subject_id), organization_id, subject_id
            ),
            created_at,
        )
        for subject_id, wrapped, created_at in await connection.fetch(
            statement("load_keys_of_organization"), organization_id
        )
    ]


async def count_wrapped_otherwise(connection: Connection, fingerprint: str) -> int:
    """Return how many keys of subjects another master key has wrapped."""
    count: int = await connection.fetchval(
        statement("count_wrapped_otherwise"), id_of(fingerprint), WRAPPED_BYTES
    )
    return count


async def admit_every_master_key(connection: Connection) -> None:
    """Let keys of subjects be wrapped by any master key. The caller owns the transaction, and the table."""
    await connection.execute(
        f"ALTER TABLE eventstore.subject_keys DROP CONSTRAINT IF EXISTS {CONSTRAINT}"
    )


async def refuse_other_master_keys(connection: Connection, fingerprint: str) -> None:
    """Let Postgres refuse every new key of a subject that this master key has not wrapped.

    A process that missed the rotation then cannot store a key that the destroyed master key would be needed
    for. What is stored already is not looked at. The caller owns the transaction, and the table.
    """
    await admit_every_master_key(connection)
    await connection.execute(
        f"ALTER TABLE eventstore.subject_keys ADD CONSTRAINT {CONSTRAINT} "
        f"CHECK (octet_length(wrapped_key) = {WRAPPED_BYTES} "
        f"AND substr(wrapped_key, 1, 4) = '\\x{id_of(fingerprint).hex()}'::bytea) NOT VALID"
    )


async def let_postgres_check(connection: Connection) -> None:
    """Let Postgres look at every stored key once more. Errors: asyncpg's CheckViolationError."""
    await connection.execute(
        f"ALTER TABLE eventstore.subject_keys VALIDATE CONSTRAINT {CONSTRAINT}"
    )
