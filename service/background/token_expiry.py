"""Announces tokens that expire soon: 30, 14, 7 and 1 days before, each once, whichever process looks first.

Each announcement is an event as well (TokenExpiring), so the feed, webhooks and mails have it.

A token that expires unnoticed stops the provisioning of an organization. The table of announcements is shared by
all processes and outlives them.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Gauge

from eventstore.events import Provenance
from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from projections.directory.tokens import ExpiringToken, find_expiring
from schema.events.feed import TokenExpiring
from service.background.periodic import going_on, periodically
from service.ids import new_id

statement = statements_in(__package__)


DAYS = (30, 14, 7, 1)
INTERVAL_S = 300.0
TIMEOUT_S = 10.0

Record = Callable[[UUID, TokenExpiring, Provenance], Awaitable[None]]  # Appends an event.

log = structlog.get_logger()


EXPIRING = Gauge(
    "scim_ledger_tokens_expiring",
    "Tokens that are in use and expire within so many days.",
    ["days"],
    multiprocess_mode="livemostrecent",
)


@asynccontextmanager
async def announcing_expiry(pool: asyncpg.Pool, record: Record) -> AsyncIterator[None]:
    """Look for tokens that expire soon now, and every few minutes for the duration of the block."""

    async def look() -> None:
        try:
            async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
                report(await announce_expiry(connection, record), datetime.now(UTC))
        except BaseException:
            report_nothing()
            raise

    with going_on("token_expiry_look_failed", "token_expiry_not_looked_at"):
        await look()
    async with periodically(
        look,
        every_s=INTERVAL_S,
        name="token expiry",
        failed="token_expiry_look_failed",
        postponed="token_expiry_not_looked_at",
    ):
        yield


async def announce_expiry(connection: Connection, record: Record) -> Sequence[ExpiringToken]:
    """Announce the tokens that are due, in our log and by an event, and return all that expire soon.

    What is announced is noted in the same transaction in which its events are awaited: another process waits for it,
    and after a crash it is announced again.
    """
    tokens = await find_expiring(connection, max(DAYS))
    now = datetime.now(UTC)
    due = [(each, days) for each in tokens for days in days_due(each.expires_at, now)]
    if due:
        async with connection.transaction():
            noted = await _note(connection, due)
            for each in tokens:
                # If the service was down at an earlier day, that one is noted with the next, and not announced late.
                nearest = min(days_due(each.expires_at, now))
                if (each.id, nearest) in noted:
                    await _announce(each, nearest, record)
    await connection.execute(statement("forget_token_notices"))
    return tokens


async def _announce(token: ExpiringToken, days: int, record: Record) -> None:
    log.warning(
        "token_expires_soon",
        organization_id=str(token.organization_id),
        token_id=str(token.id),
        account_id=str(token.account_id),
        expires_at=token.expires_at.isoformat(),
        days=days,
    )
    event = TokenExpiring(
        token_id=token.id, account_id=token.account_id, expires_at=token.expires_at, days=days
    )
    await record(token.organization_id, event, Provenance("system", None, new_id(), "system"))


def days_due(expires_at: datetime, now: datetime) -> Iterator[int]:
    """Yield the announcements that are due for a token, in days before it expires."""
    return (days for days in DAYS if expires_at <= now + timedelta(days=days))


async def _note(
    connection: Connection, due: Sequence[tuple[ExpiringToken, int]]
) -> set[tuple[UUID, int]]:
    """Note announcements; return those that nobody has noted before."""
    rows = await connection.fetch(
        statement("note_token_notices"),
        [each.id for each, _ in due],
        [days for _, days in due],
        [each.expires_at for each, _ in due],
    )
    return {(row["token_id"], row["days"]) for row in rows}


def report(tokens: Sequence[ExpiringToken], now: datetime) -> None:
    """Set the gauges."""
    for days in DAYS:
        EXPIRING.labels(str(days)).set(
            sum(each.expires_at <= now + timedelta(days=days) for each in tokens)
        )


def report_nothing() -> None:
    """Set the gauges to NaN: nothing is known now."""
    for days in DAYS:
        EXPIRING.labels(str(days)).set(math.nan)
