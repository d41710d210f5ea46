"""Writes when tokens were last used: every few seconds, and when the service stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from service.background.periodic import going_on, periodically
from service.callers.token_uses import FLUSH_INTERVAL_S, TokenUses


@asynccontextmanager
async def keeping_token_uses(uses: TokenUses, pool: asyncpg.Pool) -> AsyncIterator[None]:
    """Write the uses of tokens for the duration of the block, and the last ones at its end."""
    try:
        async with periodically(
            partial(uses.flush, pool),
            every_s=FLUSH_INTERVAL_S,
            name="token uses",
            failed="token_uses_failed",
            postponed="token_uses_postponed",
        ):
            yield
    finally:
        with going_on("token_uses_failed", "token_uses_postponed"):
            await uses.flush(pool)
