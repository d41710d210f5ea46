"""Erase people in the transaction that appended their UserErased: destroy the key, and remove them from all tables."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from eventstore.erase import destroy_key
from eventstore.postgres.connection import Connection
from projections.erasure.person import ErasedPerson
from projections.erasure.sweep import sweep

# Removes a person from tables that are no projection's; returns the rows by table. One line for each such table.
Forgetter = Callable[[Connection, UUID, UUID, frozenset[str]], Awaitable[dict[str, int]]]
FORGETTERS: Final[tuple[Forgetter, ...]] = ()


async def erase(connection: Connection, person: ErasedPerson) -> dict[str, int]:
    """Destroy a person's key and remove the person from every table; return the removed rows by table."""
    await destroy_key(connection, person.organization_id, person.id)
    cleared = await sweep(connection, person)
    for forget in FORGETTERS:
        cleared |= await forget(connection, person.organization_id, person.id, person.names)
    return cleared
