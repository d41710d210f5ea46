"""What is known of the proof of an organization's log, for the foot of each page."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from eventstore.trees.extend import Contradicted
from eventstore.trees.logs import load_log
from service.http.health import Proof


@dataclass(frozen=True, slots=True)
class ProofState:
    """How far a log is signed, and the code of what contradicts it, if anything does."""

    size: int | None  # Events under the newest signed checkpoint; None: there is none yet.
    signed_at: datetime | None
    contradiction: str | None


async def find_proof_state(pool: asyncpg.Pool, organization_id: UUID, proof: Proof) -> ProofState:
    """Return the state of the proof of a log."""
    codes = {
        each["organizationId"]: each["code"] for each in proof.document().get("contradictions", ())
    }
    contradiction = codes.get(str(organization_id))
    try:
        async with pool.acquire() as connection:
            state = await load_log(connection, organization_id)
    except Contradicted as error:
        return ProofState(None, None, contradiction or error.finding.code)
    if state is None or state.note is None:
        return ProofState(None, None, contradiction)
    return ProofState(state.size, state.signed_at, contradiction)
