"""Erase in the transaction that appended the event of it: destroy the key, and remove what it sealed from all tables."""

from uuid import UUID

from eventstore.erase import destroy_key, sealed_streams
from eventstore.postgres.connection import Connection
from projections.erasure.person import ErasedPerson
from projections.erasure.sweep import sweep, sweep_groups


async def erase(connection: Connection, person: ErasedPerson) -> dict[str, int]:
    """Destroy a person's key and remove the person from every projection; return the removed rows by table."""
    await destroy_key(connection, person.organization_id, person.id)
    return await sweep(connection, person)


async def erase_names_of_groups(connection: Connection, organization_id: UUID) -> None:
    """Destroy the key of an organization, and remove the groups whose names it seals from every projection."""
    await destroy_key(connection, organization_id, organization_id)
    groups = await sealed_streams(connection, organization_id, organization_id)
    await sweep_groups(connection, organization_id, groups)
