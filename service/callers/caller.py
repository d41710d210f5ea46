"""Who makes a request, as decisions see it."""

from dataclasses import dataclass
from uuid import UUID

from schema.events.organization import Organization


@dataclass(frozen=True, slots=True)
class Caller:
    """The account whose token is used (None on the command line) and its organization."""

    organization: Organization
    account_id: UUID | None
    source: str
