"""Ends the sessions of the console of whoever is erased: they hold a browser and an address. Also forgets a set-up."""

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
    names: Collection[str] = (),  # noqa: ARG001 - as every forgetter is called.
    *,
    sealer: Sealer | None = None,  # noqa: ARG001 - the same.
) -> int:
    """End the sessions of a person, or of everybody; return how many there were."""
    done = await connection.execute(statement("forget_sessions"), organization_id, user_id)
    return int(done.rpartition(" ")[2])


async def forget_setup(connection: Connection, organization_id: UUID) -> None:
    """Forget the set-up of an organization: job titles stand in it."""
    await connection.execute(statement("forget_setup"), organization_id)
