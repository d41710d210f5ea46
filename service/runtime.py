"""What every command needs to be open: Postgres, the keys, the lanes, the reader."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg

from eventstore.postgres.session import connect
from eventstore.sealing.sealer import Sealer
from projections.directory.queries.point_reads import PointReader
from projections.maintenance.adopt import adopt
from service.background.notifier import Notifier
from service.callers.signing_keys import SigningKey, SigningKeys
from service.config import Settings
from service.database.embedded import postgres as embedded
from service.database.embedded.watch import watched
from service.database.master_key import KeyProblem
from service.database.migrate import is_behind, migrate
from service.database.pool import CONNECT_TIMEOUT_S, close_pool, open_pool
from service.keys.keyring import Keyring, open_keyring
from service.keys.master_keys import find_needed, load_master_keys
from service.keys.places import KeyPlaces
from service.keys.secrets import load_name_key
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
    keyring: Keyring
    lanes: Lanes
    reader: PointReader

    @property
    def sealer(self) -> Sealer:
        """Return what seals and opens personal values."""
        return self.keyring.sealer

    @property
    def signing_keys(self) -> SigningKeys:
        """Return the keys that verify tokens, by id."""
        return self.keyring.signing_keys

    @property
    def signing_key(self) -> SigningKey:
        """Return the key that signs new tokens. Errors: KeyProblem."""
        return self.signing_keys.current


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
        keyring = await open_keys(dsn, settings, may_make=is_migrating or may_make_key)
        pool = await open_pool(dsn, settings)
        try:
            notifier = Notifier(pool)
            lanes = Lanes(
                pool, keyring.sealer, waiting_max=settings.waiting_max, on_commit=notifier.note
            )
            reader = PointReader(pool)
            try:
                yield Runtime(dsn, pool, keyring, lanes, reader)
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
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        known = await load_master_keys(connection)
        with suppress(KeyProblem):
            if known:
                sealer = Sealer(*find_needed(known, KeyPlaces.of(settings)))
                name_key = await load_name_key(connection, sealer)
                await adopt(connection, Sealer(*sealer.keys.master_keys, name_key=name_key))
    finally:
        await connection.close()


async def open_keys(dsn: str, settings: Settings, *, may_make: bool) -> Keyring:
    """Return the keys; the master key is made only if `may_make`. Errors: KeyProblem."""
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        return await open_keyring(connection, KeyPlaces.of(settings), may_make=may_make)
    finally:
        await connection.close()
