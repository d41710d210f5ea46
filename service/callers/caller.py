"""Who makes a request, as decisions see it."""

from dataclasses import dataclass
from uuid import UUID

from schema.events.organization import Organization


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the account whose token it is (None for the command line) and its organization."""

    organization: Organization
    account_id: UUID | None
    source: str
