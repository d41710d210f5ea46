"""Erase people in the transaction that appended their UserErased: destroy the key, and remove them from all tables."""

from eventstore.erase import destroy_key
from eventstore.postgres.connection import Connection
from projections.erasure.person import ErasedPerson
from projections.erasure.sweep import sweep


async def erase(connection: Connection, person: ErasedPerson) -> dict[str, int]:
    """Destroy a person's key and remove the person from every projection; return the removed rows by table."""
    await destroy_key(connection, person.organization_id, person.id)
    return await sweep(connection, person)
