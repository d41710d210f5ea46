"""What every command needs to be open: Postgres, the keys, the lanes, the reader."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg
from pydantic import SecretStr

from eventstore.errors import BrokenSeal
from eventstore.postgres.replica import Reads, Replica
from eventstore.postgres.session import connect
from eventstore.sealing.sealer import Sealer
from eventstore.trees.keys import load_mark_key, make_missing_keys
from projections.directory.queries.point_reads import PointReader
from projections.maintenance.adopt import adopt
from service.background.notifier import Notifier
from service.callers.signing_keys import SigningKey, SigningKeys
from service.callers.stopped_logs import StoppedLogs
from service.callers.token_uses import TokenUses
from service.clock import Clock
from service.config import Settings
from service.database.embedded import postgres as embedded
from service.database.embedded.superuser import FILE
from service.database.embedded.watch import watched
from service.database.logins.given import LoginProblem, Logins, find_logins, refuse_unfit_login
from service.database.logins.provided import provide_login
from service.database.logins.session import ServiceLogin, open_login, warn_of_more
from service.database.master_key import KeyProblem, is_key_at_hand
from service.database.migrate import is_behind, migrate
from service.database.pool import CONNECT_TIMEOUT_S, close_pool, open_pool, open_replica
from service.keys.keyring import Keyring, open_keyring
from service.keys.master_keys import find_needed, load_master_keys
from service.keys.places import KeyPlaces
from service.keys.secrets import load_name_key
from service.reads.seen import AuditReads
from service.requests.kept import KeptRequests
from service.tracing.spans import Spans
from service.write.lane import Lanes
from service.write.log_heights import LogHeights


class NotMigrated(Exception):
    """The database is not in this release's shape: run `scim-ledger migrate` with its owner's login."""


class NoDatabase(Exception):
    """There is no embedded database, and only `scim-ledger serve` makes one."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The open parts. They are closed when the context that opened them ends."""

    logins: Logins
    login: ServiceLogin  # For connections of its own with the rights of the service.
    pool: asyncpg.Pool  # Connects with this login.
    keyring: Keyring
    lanes: Lanes
    reader: PointReader
    token_uses: TokenUses
    stopped: StoppedLogs
    heights: LogHeights
    reads: AuditReads  # Of the log, until they are written.
    kept: KeptRequests  # Those that were refused or changed nothing, until they are written.
    clock: Clock
    reading: Reads  # Where reads go that a replica may answer.
    spans: Spans | None = None  # What makes traces, where they are wanted.

    @property
    def sealer(self) -> Sealer:
        """Return what seals and opens personal values."""
        return self.keyring.sealer

    @property
    def signing_keys(self) -> SigningKeys:
        """Return the keys that verify tokens, by id."""
        return self.keyring.signing_keys

    @property
    def dsn(self) -> str:
        """Return the owner's DSN, for what changes tables. Errors: NoOwner."""
        return self.logins.owner_dsn

    @property
    def signing_key(self) -> SigningKey:
        """Return the key that signs new tokens. Errors: KeyProblem."""
        return self.signing_keys.current


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    *,
    is_migrating: bool,
    may_make_key: bool = False,
    spans: Spans | None = None,
) -> AsyncIterator[Runtime]:
    """Open everything, and close it in reverse order. The embedded database is always migrated.

    A command that migrates may also make the embedded database and the master key if they do not exist.
    An organization is the first thing in a new database, so a command that makes one may make the key.

    Everything runs with the login of the service. The owner's is used to migrate, to make keys and to make the
    service's login, if it is given.

    Errors: NoDatabase, NotMigrated, MigrationProblem, LoginProblem, KeyProblem, EmbeddedPostgresError,
    asyncpg's errors on connecting.
    """
    async with open_database(settings, may_make=is_migrating) as logins:
        if logins.owner is not None and (is_migrating or settings.is_embedded):
            await migrate(logins.owner)
            await adopt_by_log(logins.owner, settings)
            if logins.service is not None:
                await provide_login(logins.owner, logins.service)
        else:
            await refuse_behind(logins)
        keyring = await open_keys(logins.any, settings, may_make=is_migrating or may_make_key)
        login = await open_login(logins, keyring.sealer)
        pool = await open_pool(login, settings, spans=spans)
        try:
            async with pool.acquire() as connection:
                await warn_of_more(connection)
            notifier = Notifier(pool)
            stopped = StoppedLogs()
            heights = LogHeights(on_shrunk=lambda log: stopped.stop(log, "restored"))
            clock = Clock()
            lanes = Lanes(
                pool,
                keyring.sealer,
                waiting_max=settings.waiting_max,
                events_per_day=settings.events_per_day,
                on_commit=notifier.note,
                heights=heights,
                clock=clock,
                spans=spans,
            )
            replica_pool = await open_replica(login, settings, spans)
            replica = Replica(replica_pool, heights.of) if replica_pool else None
            reading = Reads(pool, replica)
            reader = PointReader(reading)
            try:
                yield Runtime(
                    logins,
                    login,
                    pool,
                    keyring,
                    lanes,
                    reader,
                    TokenUses(),
                    stopped,
                    heights,
                    AuditReads(clock),
                    KeptRequests(clock),
                    clock,
                    reading,
                    spans,
                )
            finally:
                await lanes.close()
                await notifier.close()
                await reader.close()
                if replica and replica_pool:
                    await replica.close()
                    await close_pool(replica_pool)
        finally:
            await close_pool(pool)


@asynccontextmanager
async def open_database(settings: Settings, *, may_make: bool) -> AsyncIterator[Logins]:
    """Yield the logins: those that are configured, or the owner's of the embedded server.

    Errors: NoDatabase if the embedded database does not exist and may not be made.
    """
    if not settings.is_embedded:
        yield await find_logins(
            revealed(settings.database_url), revealed(settings.owner_database_url)
        )
        return
    if not (may_make or embedded.is_made(settings.data_dir)):
        raise NoDatabase(
            f"There is no database in {settings.data_dir}: run scim-ledger serve first, "
            "or set SCIM_LEDGER_DATA_DIR (or DATABASE_URL)."
        )
    try:
        async with embedded.running(settings.data_dir) as postgres, watched(postgres):
            yield Logins(postgres.dsn, None)
    except asyncpg.InvalidPasswordError as error:
        raise embedded.EmbeddedPostgresError(
            f"The password in {settings.data_dir / FILE} is not the one of the PostgreSQL beside it: "
            "stop every process that uses it and delete that file. The next start makes a new password"
        ) from error


def revealed(secret: SecretStr | None) -> str | None:
    """Return the value of a secret setting; None if it is not set."""
    return secret.get_secret_value() if secret else None


async def refuse_behind(logins: Logins) -> None:
    """Refuse a database that lacks a migration or a right. Errors: NotMigrated, LoginProblem, MigrationProblem."""
    if logins.owner is None:
        await refuse_unfit_login(logins.any)
    if await is_behind(logins.any, as_service=logins.owner is None):
        raise NotMigrated(NotMigrated.__doc__)


async def make_ready(logins: Logins, settings: Settings, *, renew_login: bool = False) -> list[str]:
    """Make what the service needs besides the tables and may not make itself; return what was done.

    These are the keys, if the master key is here, and the service's login. Whoever gives the owner's login alone
    makes the service's otherwise. Errors: LoginProblem, KeyProblem.
    """
    is_stored = logins.service is None and settings.owner_database_url is None
    if renew_login and not is_stored:
        raise LoginProblem(
            "The service's login is not stored in the database: give it another password in DATABASE_URL, "
            "and run scim-ledger migrate."
        )
    done = []
    if logins.service is not None:
        done += await provide_login(logins.owner_dsn, logins.service)
    secret = revealed(settings.master_key)
    if renew_login or is_key_at_hand(setting=secret, key_file=settings.master_key_file):
        sealer = (await open_keys(logins.owner_dsn, settings, may_make=False)).sealer
        if is_stored:
            login = await open_login(logins, sealer)
            if renew_login:
                await login.renew()
                done.append(f"password of {login.name}")
    return done


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
    """Return the keys; the master key is made only if `may_make`.

    Errors: KeyProblem, also if the keys are not made yet and this login may not make them.
    """
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        keyring = await open_keyring(connection, KeyPlaces.of(settings), may_make=may_make)
        await open_mark_key(connection, keyring.sealer)
    except asyncpg.InsufficientPrivilegeError as error:
        raise KeyProblem(
            "The keys of this database are not made yet: run scim-ledger migrate with the owner's login "
            "(SCIM_LEDGER_OWNER_DATABASE_URL) and the master key (SCIM_LEDGER_MASTER_KEY)."
        ) from error
    finally:
        await connection.close()
    return keyring


async def open_mark_key(connection: asyncpg.Connection, sealer: Sealer) -> None:
    """Give a sealer the key of the marks. The keys of the proof are made if there are none yet. Errors: KeyProblem."""
    try:
        sealer.mark_key = await load_mark_key(connection, sealer)
        if sealer.mark_key is None:
            await make_missing_keys(connection, sealer)
            sealer.mark_key = await load_mark_key(connection, sealer)
    except BrokenSeal as error:
        raise KeyProblem("The key of the marks was altered: restore it from a backup.") from error
