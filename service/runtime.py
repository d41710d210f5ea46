"""What every command needs to be open: Postgres, the keys, the lanes, the reader."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from eventstore.postgres.session import connect
from eventstore.sealing.sealer import Sealer
from projections.directory.queries.point_reads import PointReader
from projections.maintenance.adopt import adopt
from service.background.notifier import Notifier
from service.callers.signing_keys import SigningKey, load_signing_keys
from service.callers.token_uses import TokenUses
from service.config import Settings
from service.database.embedded import postgres as embedded
from service.database.embedded.watch import watched
from service.database.master_key import find_key_at_hand, open_master_key
from service.database.migrate import is_behind, migrate
from service.database.pool import CONNECT_TIMEOUT_S, close_pool, open_pool
from service.write.lane import Lanes


class NotMigrated(Exception):
    """The database is not in this release's shape: run `scim-ledger migrate`."""


class NoDatabase(Exception):
    """There is no embedded database, and only `scim-ledger serve` makes one."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The open parts. They are closed when the context that opened them ends."""

    dsn: str  # The owner's.
    pool: asyncpg.Pool  # Connects as the service, with the service's rights only.
    sealer: Sealer
    signing_keys: dict[str, SigningKey]
    lanes: Lanes
    reader: PointReader
    token_uses: TokenUses

    @property
    def signing_key(self) -> SigningKey:
        """Return the key that signs new tokens: the latest."""
        return list(self.signing_keys.values())[-1]


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, is_migrating: bool, may_make_key: bool = False
) -> AsyncIterator[Runtime]:
    """Open everything, and close it in reverse order. The embedded database is always migrated.

    A command that migrates may also make the embedded database and the master key if they do not exist.
    An organization is the first thing in a new database, so a command that makes one may make the key.

    Errors: NoDatabase, NotMigrated, MigrationProblem, KeyProblem, EmbeddedPostgresError, asyncpg's
    errors on connecting.
    """
    async with open_database(settings, may_make=is_migrating) as dsn:
        if is_migrating or settings.is_embedded:
            await migrate(dsn)
            await adopt_by_log(dsn, settings)
        elif await is_behind(dsn):
            raise NotMigrated(NotMigrated.__doc__)
        sealer, keys = await open_keys(dsn, settings, may_make=is_migrating or may_make_key)
        pool = await open_pool(dsn, settings)
        try:
            notifier = Notifier(pool)
            lanes = Lanes(pool, sealer, waiting_max=settings.waiting_max, on_commit=notifier.note)
            reader = PointReader(pool)
            try:
                yield Runtime(dsn, pool, sealer, keys, lanes, reader, TokenUses())
            finally:
                await lanes.close()
                await notifier.close()
                await reader.close()
        finally:
            await close_pool(pool)


@asynccontextmanager
async def open_database(settings: Settings, *, may_make: bool) -> AsyncIterator[str]:
    """Yield the owner's DSN: the configured one, or that of the embedded server.

    Errors: NoDatabase if the embedded database does not exist and may not be made.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    if not (may_make or embedded.is_made(settings.data_dir)):
        raise NoDatabase(
            f"There is no database in {settings.data_dir}: run scim-ledger serve first, "
            "or set SCIM_LEDGER_DATA_DIR (or DATABASE_URL)."
        )
    async with embedded.running(settings.data_dir) as postgres, watched(postgres):
        yield postgres.dsn


async def adopt_by_log(dsn: str, settings: Settings) -> None:
    """Spare rebuilds that `migrate` could not, since it needed the log: where the key that opens it is here."""
    secret = settings.master_key.get_secret_value() if settings.master_key else None
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        key = await find_key_at_hand(connection, setting=secret, key_file=settings.master_key_file)
        if key is not None:
            await adopt(connection, Sealer(key))
    finally:
        await connection.close()


async def open_keys(
    dsn: str, settings: Settings, *, may_make: bool
) -> tuple[Sealer, dict[str, SigningKey]]:
    """Return the sealer and the signing keys by kid; the master key is made only if `may_make`."""
    secret = settings.master_key.get_secret_value() if settings.master_key else None
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        sealer = Sealer(
            await open_master_key(
                connection, setting=secret, key_file=settings.master_key_file, may_make=may_make
            )
        )
        keys = await load_signing_keys(connection, sealer)
    finally:
        await connection.close()
    return sealer, {key.kid: key for key in keys}
