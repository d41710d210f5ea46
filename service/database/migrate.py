"""Brings a database to the schema of this release: numbered SQL files, applied in order, forward only."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in
from projections.maintenance.adopt import adopt
from projections.maintenance.create import create_missing
from projections.maintenance.ownership import find_foreign_schemas, refusal
from service.database.fitness import find_problem
from service.database.grants import CannotGrant, find_missing, mend
from service.database.made_names import names_to_make

statement = statements_in(__package__)


CONNECT_TIMEOUT_S = 30
SERVICE_ROLE_SINCE = 1  # The migration that makes the role.
COLUMNS = ["number", "name", "checksum", "applied_at"]  # Of the table of migrations.


class MigrationProblem(Exception):
    """The database cannot be migrated to this release; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of schema/migrations."""

    number: int
    name: str  # The file's, without .sql.
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(dsn: str) -> list[str]:
    """Return what was applied now, in order; empty if nothing was missing.

    First come rights that a restore has lost, then the migrations, then missing projections, which are
    created empty.

    Each is one transaction under a lock. Two processes that start together take turns, and an interrupted
    run continues where it stopped. If something else has a name that we need, the database is refused
    before anything is written. Errors: MigrationProblem, and asyncpg's on connecting.
    """
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        await refuse_unfit(connection)
        await refuse_foreign(connection, packaged())
        applied = await mend_grants(connection)
        while name := await apply_next(connection, packaged()):
            applied.append(name)
        applied += await make_projections(connection)
        await adopt(connection)
        return applied
    finally:
        await connection.close()


async def refuse_unfit(connection: Connection) -> None:
    """Refuse a database that cannot hold our writes. Errors: MigrationProblem."""
    if problem := await find_problem(connection):
        raise MigrationProblem(problem)


async def mend_grants(connection: Connection) -> list[str]:
    """Grant the service again what it has lost of its rights; return the grants. Errors: MigrationProblem."""
    async with connection.transaction():
        await connection.execute(statement("lock_migrations"))
        if SERVICE_ROLE_SINCE not in await load_applied(connection):
            return []
        try:
            return await mend(connection)
        except CannotGrant as error:
            raise MigrationProblem(str(error)) from error


async def make_projections(connection: Connection) -> list[str]:
    """Create the projections that the database lacks, empty; return a line for each."""
    async with connection.transaction():
        await connection.execute(statement("lock_migrations"))
        return [f"projection {name}" for name in await create_missing(connection)]


async def refuse_foreign(connection: asyncpg.Connection, migrations: Sequence[Migration]) -> None:
    """Refuse a database where something else has a name that we need. Errors: MigrationProblem."""
    async with connection.transaction():
        # A migration that runs now creates such names. Under the lock, they appear together with its record.
        await connection.execute(statement("lock_migrations"))
        applied = await load_applied(connection)
        names = names_to_make(
            [each.sql for each in migrations if each.number not in applied],
            [each.sql for each in migrations if each.number in applied],
        )
        rows = await connection.fetch(statement("find_names"), *map(list, names))
        schemas = await find_foreign_schemas(connection)
    if foreign := [row["name"] for row in rows] + [f"schema {each}" for each in schemas]:
        raise MigrationProblem(refusal(foreign))


async def is_behind(dsn: str, *, as_service: bool = False) -> bool:
    """Return whether the database lacks a migration, or the service a right. Errors: MigrationProblem, asyncpg's.

    `as_service`: the DSN is the service's, not the owner's.
    """
    connection = await connect(dsn, timeout_s=CONNECT_TIMEOUT_S)
    try:
        await refuse_unfit(connection)
        await refuse_foreign(connection, packaged())
        if first_missing(packaged(), await load_applied(connection)) is not None:
            return True
        return bool(await find_missing(connection, to_serve=as_service))
    finally:
        await connection.close()


def packaged() -> list[Migration]:
    """Return this release's migrations in order."""
    folder = files("schema") / "migrations"
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".sql"))
    return [
        Migration(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text("utf-8"))
        for name in names
    ]


async def apply_next(connection: asyncpg.Connection, migrations: Sequence[Migration]) -> str:
    """Apply the first missing migration and return its name; empty if none is missing."""
    async with connection.transaction():
        # The lock ends with the transaction. So it works through a pooler and needs no clean-up.
        await connection.execute(statement("lock_migrations"))
        migration = first_missing(migrations, await load_applied(connection))
        if migration is None:
            return ""
        try:
            await connection.execute(migration.sql)
        except asyncpg.PostgresError as error:
            hint = f" {error.hint}" if error.hint else ""
            raise MigrationProblem(
                f"{migration.name} was refused: {error.message}{hint}"
            ) from error
        await connection.execute(
            statement("record_migration"), migration.number, migration.name, migration.checksum
        )
        return migration.name


async def load_applied(connection: asyncpg.Connection) -> dict[int, str]:
    """Return the checksums of the applied migrations, by number.

    Errors: MigrationProblem if the table of that name belongs to another application.
    """
    columns = await connection.fetchval(statement("find_migration_columns"))
    if columns is None:
        return {}
    if columns != COLUMNS:
        raise MigrationProblem(refusal(["table service.schema_migrations"]))
    rows = await connection.fetch(statement("load_migrations"))
    return {row["number"]: row["checksum"] for row in rows}


def first_missing(migrations: Sequence[Migration], applied: Mapping[int, str]) -> Migration | None:
    """Return the first migration that is not applied yet; None if all are. Errors: MigrationProblem."""
    if newer := applied.keys() - {each.number for each in migrations}:
        raise MigrationProblem(
            f"The database has migration {max(newer):04}, which this release does not know: "
            "run a release at least as new as the one that made it."
        )
    for each in migrations:
        if each.number not in applied:
            return each
        if applied[each.number] != each.checksum:
            raise MigrationProblem(
                f"{each.name} is not the file that was applied to this database: "
                "restore it, and put the change into a new migration."
            )
    return None
