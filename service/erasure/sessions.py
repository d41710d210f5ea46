"""Ends the sessions of the console of whoever is erased: they hold a browser and an address."""

from collections.abc import Collection
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer

statement = statements_in(__package__)


async def end_sessions(
    connection: Connection,
    organization_id: UUID,
    user_id: UUID | None,
    _names: Collection[str] = (),
    *,
    sealer: Sealer | None = None,  # noqa: ARG001 - as every forgetter is called.
) -> int:
    """End the sessions of a person, or of everybody; return how many there were."""
    done = await connection.execute(statement("forget_sessions"), organization_id, user_id)
    return int(done.rpartition(" ")[2])
