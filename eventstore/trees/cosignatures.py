"""Checkpoints that a witness cosigned: somebody else, who saw that each of them extends the one before."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.notes import Vkey
from eventstore.trees.logs import LogState

statement = statements_in(__package__)


class Cosigned(NamedTuple):
    """A checkpoint with the line of a witness."""

    note: str
    size: int
    cosigned_at: datetime  # By the clock of the witness.
    stored_at: datetime  # By the clock of the database.


async def find_cosigned(
    connection: Connection, state: LogState, witness: Vkey | None
) -> Cosigned | None:
    """Return the newest checkpoint of the present incarnation that a witness cosigned."""
    if witness is None:
        return None
    row = await connection.fetchrow(
        statement("find_cosigned"), state.organization_id, state.incarnation, witness.name
    )
    return None if row is None else Cosigned(*row)


async def load_cosigned(connection: Connection, organization_id: UUID) -> list[str]:
    """Return all checkpoints of a log that a witness cosigned, the oldest first."""
    rows = await connection.fetch(statement("load_cosigned"), organization_id)
    return [row["note"] for row in rows]


async def keep_cosigned(
    connection: Connection, state: LogState, witness: Vkey, *, note: str, cosigned_at: datetime
) -> None:
    """Keep the newest checkpoint of a log with the line of a witness."""
    await connection.execute(
        statement("keep_cosigned"),
        state.organization_id,
        state.incarnation,
        state.size,
        witness.name,
        note,
        cosigned_at,
    )
