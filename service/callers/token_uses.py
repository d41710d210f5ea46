"""When each token was last used, and from where. No request waits for it: uses are written together, now and then."""

import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)

FLUSH_INTERVAL_S: Final = 20.0
FLUSH_TIMEOUT_S: Final = 5.0


class TokenUse(NamedTuple):
    """The last use of a token."""

    at: datetime
    address: str | None  # Of the client.


class TokenUses:
    """The uses since they were last written. One per process."""

    def __init__(self) -> None:
        self._noted: dict[UUID, tuple[UUID, float, str | None]] = {}

    def note(self, organization_id: UUID, token_id: UUID, address: str | None) -> None:
        """Note a use that happens now."""
        self._noted[token_id] = (organization_id, time.time(), address)

    async def flush(self, pool: asyncpg.Pool) -> None:
        """Write what was noted. If that fails, it is noted still. Errors: asyncpg's, TimeoutError."""
        if not self._noted:
            return
        noted, self._noted = self._noted, {}
        rows = sorted((token_id, *use) for token_id, use in noted.items())
        tokens, organizations, at_s, addresses = (
            list(column) for column in zip(*rows, strict=True)
        )
        try:
            async with borrowed(pool, timeout_s=FLUSH_TIMEOUT_S) as connection:
                await connection.execute(
                    statement("save_token_uses"),
                    organizations,
                    tokens,
                    [_instant(each) for each in at_s],
                    addresses,
                )
        except BaseException:
            self._noted = noted | self._noted
            raise

    async def find(
        self, connection: Connection, organization_id: UUID, token_ids: Collection[UUID]
    ) -> Mapping[UUID, TokenUse]:
        """Return the last uses of some tokens, also those that are not written yet. Unused ones are left out."""
        rows = await connection.fetch(
            statement("find_token_uses"), organization_id, list(token_ids)
        )
        found = {row["token_id"]: TokenUse(row["used_at"], row["address"]) for row in rows}
        for token_id in token_ids:
            noted = self._noted.get(token_id)
            if noted and (token_id not in found or found[token_id].at < _instant(noted[1])):
                found[token_id] = TokenUse(_instant(noted[1]), noted[2])
        return found


def _instant(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
