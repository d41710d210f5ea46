"""Secrets of the installation, wrapped by the master key: the key that names of former users are hashed with.

It is a key of its own, so that the hashes stay the same when the master key is rotated. Whoever has a copy of the
database, and not this key, cannot find out whether a name is among the hashes by trying names.
"""

import os
from contextlib import suppress

from eventstore.errors import BrokenSeal
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import KEY_BYTES, Sealer
from service.database.master_key import KeyProblem

statement = statements_in(__package__)
callers_statement = statements_in("service.callers")
webhooks_statement = statements_in("service.webhooks")


NAME_KEY = "name key"


async def load_name_key(connection: Connection, sealer: Sealer) -> bytes:
    """Return the key that names are hashed with; make it if there is none. Errors: KeyProblem."""
    async with connection.transaction():
        await connection.execute(callers_statement("lock_signing_keys"))
        wrapped = await connection.fetchval(statement("load_secret"), NAME_KEY)
        if wrapped is None:
            made = os.urandom(KEY_BYTES)
            await save_secret(connection, sealer, NAME_KEY, made)
            return made
    try:
        return sealer.unwrap_secret(wrapped, context=NAME_KEY)
    except BrokenSeal as error:
        raise KeyProblem(
            "The key that hashes names, in service.secrets, was altered: restore it from a backup."
        ) from error


async def save_secret(connection: Connection, sealer: Sealer, name: str, secret: bytes) -> None:
    """Store a new secret, wrapped."""
    wrapped = sealer.wrap_secret(secret, context=name)
    await connection.execute(statement("save_secret"), name, wrapped)


async def rewrap_secrets(connection: Connection, sealer: Sealer) -> None:
    """Wrap all secrets with the master key that wraps now. The caller owns the transaction. Errors: BrokenSeal."""
    for name, wrapped in await connection.fetch(statement("load_secrets")):
        again = sealer.rewrap_secret(wrapped, context=name)
        await connection.execute(statement("rewrap_secret"), name, again)


async def rewrap_webhooks(connection: Connection, sealer: Sealer) -> None:
    """Wrap the addresses and secrets of all webhooks with the master key that wraps now; the same rules hold.

    What opens under no key stays as it is: its webhook is disabled when it is next used.
    """
    for organization_id, webhook_id, wrapped in await connection.fetch(
        webhooks_statement("load_sealed")
    ):
        with suppress(BrokenSeal):
            again = sealer.rewrap_secret(wrapped, context=f"webhook {webhook_id}")
            await connection.execute(
                webhooks_statement("rewrap_sealed"), organization_id, webhook_id, again
            )
