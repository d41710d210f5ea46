"""When tokens expire, over all organizations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class LastExpiry:
    """The tokens that are neither revoked nor expired: when the last one expires, and how many never do."""

    tokens: int
    endless: int
    at: datetime | None  # None: no token expires.


@dataclass(frozen=True, slots=True)
class ExpiringToken:
    """A token that is not revoked, and expires soon."""

    organization_id: UUID
    id: UUID
    account_id: UUID
    expires_at: datetime


async def find_last_expiry(connection: Connection) -> LastExpiry:
    """Return until when tokens that were issued so far are accepted."""
    return LastExpiry(*await connection.fetchrow(statement("find_last_expiry")))


async def find_expiring(connection: Connection, days: int) -> Sequence[ExpiringToken]:
    """Return the tokens that expire within so many days, the next one first."""
    rows = await connection.fetch(statement("find_expiring_tokens"), days)
    return [ExpiringToken(*row) for row in rows]
