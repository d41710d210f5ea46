"""Appends an event that says something about the log itself, or about what follows it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from eventstore.append import lock_log
from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from schema.events.feed import FeedEvent
from schema.events.organization import Organization
from schema.events.proof import ProofEvent
from schema.scim.errors import ScimError
from service.callers.caller import Caller
from service.runtime import Runtime
from service.write.batch import Work, decide_batch, write_batch
from service.write.commands import Command, RecordProof
from service.write.load_state import finding_names
from service.write.quota import Quotas


async def record(
    runtime: Runtime, organization_id: UUID, event: ProofEvent | FeedEvent, provenance: Provenance
) -> None:
    """Append an event to a log. Errors: ScimError."""
    command, caller = RecordProof(organization_id, event), _caller(organization_id, provenance)
    await runtime.lanes.submit(command, caller, provenance)


async def record_within(  # noqa: PLR0917 - where, of which log, what, and who.
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    event: ProofEvent,
    provenance: Provenance,
    further: Sequence[Command] = (),
) -> None:
    """Append an event in the caller's transaction, and those of further commands. Errors: ScimError.

    The search path is the directory's.
    """
    tail = await lock_log(connection, organization_id)
    caller = _caller(organization_id, provenance)
    decided = await decide_batch(
        connection,
        organization_id,
        tail,
        [
            Work(each, caller, provenance)
            for each in (RecordProof(organization_id, event), *further)
        ],
        find_names=finding_names(connection, sealer),
        quotas=Quotas(None),
    )
    for answer in decided.answers:
        if isinstance(answer, ScimError):
            raise answer
    await write_batch(connection, decided, sealer)


def _caller(organization_id: UUID, provenance: Provenance) -> Caller:
    """Return a caller. The decision looks at the organization that it loads; the caller only names it."""
    organization = Organization(organization_id, 0, datetime.now(UTC), "", {})
    return Caller(organization, None, provenance.source)
