"""The caller that a provenance names."""

from eventstore.events import Provenance
from schema.events.organization import Organization
from service.callers.caller import Caller
from service.ids import as_id


def acting(organization: Organization, provenance: Provenance) -> Caller:
    """Return the caller that a provenance names. Without a token it uses no technical account."""
    account_id = as_id(provenance.actor_id) if provenance.token_id else None
    return Caller(organization, account_id, provenance.source)
