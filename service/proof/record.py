"""Appends an event that says something about the log itself, or about what follows it."""

from datetime import UTC, datetime
from uuid import UUID

from eventstore.events import Provenance
from schema.events.feed import FeedEvent
from schema.events.organization import Organization
from schema.events.proof import ProofEvent
from service.callers.caller import Caller
from service.runtime import Runtime
from service.write.commands import RecordProof


async def record(
    runtime: Runtime, organization_id: UUID, event: ProofEvent | FeedEvent, provenance: Provenance
) -> None:
    """Append an event to a log. Errors: ScimError."""
    # The decision looks at the organization that it loads; the caller only names it.
    organization = Organization(organization_id, 0, datetime.now(UTC), "", {})
    caller = Caller(organization, None, provenance.source)
    await runtime.lanes.submit(RecordProof(organization_id, event), caller, provenance)
