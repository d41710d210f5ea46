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


def contradiction_of(organization_id: UUID, proof: Proof) -> str | None:
    """Return the code of what contradicts the proof of a log, as far as this process knows; None for nothing."""
    known = proof.document().get("contradictions", ())
    return next(
        (each["code"] for each in known if each["organizationId"] == str(organization_id)), None
    )


async def find_proof_state(pool: asyncpg.Pool, organization_id: UUID, proof: Proof) -> ProofState:
    """Return the state of the proof of a log."""
    contradiction = contradiction_of(organization_id, proof)
    try:
        async with pool.acquire() as connection:
            state = await load_log(connection, organization_id)
    except Contradicted as error:
        return ProofState(None, None, contradiction or error.finding.code)
    if state is None or state.note is None:
        return ProofState(None, None, contradiction)
    return ProofState(state.size, state.signed_at, contradiction)
