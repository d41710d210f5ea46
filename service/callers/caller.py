"""Who makes a request, as decisions see it."""

from dataclasses import dataclass
from uuid import UUID

from eventstore.events import Provenance
from schema.events.organization import Organization
from service.ids import as_id


@dataclass(frozen=True, slots=True)
class Caller:
    """The account whose token is used (None on the command line) and its organization."""

    organization: Organization
    account_id: UUID | None
    source: str


def acting(organization: Organization, provenance: Provenance) -> Caller:
    """Return the caller that a provenance names. Without a token it uses no technical account."""
    account_id = as_id(provenance.actor_id) if provenance.token_id else None
    return Caller(organization, account_id, provenance.source)
