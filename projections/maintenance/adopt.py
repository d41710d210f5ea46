"""Adopts tables of a former revision whose rows this release would make just so: they need no rebuild.

Revision 3 of the directory has hashes in place of the names of former users, which are made here where the key is
given, and adds columns and tables, which `schema/projections/directory.upgrade.sql` makes in place.
Revision 2 folds some names otherwise than revision 1 (ß is no longer ss). Where nobody has such a name, nothing is
different. Whoever upgrades is spared a rebuild. The rest is asked for one, as after any change of rows.
"""

from importlib.resources import files

import structlog

from eventstore.events import POSITION_MAX
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import read_tails
from eventstore.sealing.sealer import Sealer
from projections.directory.former_names import has_former_names, hash_former_names
from projections.directory.refold import is_folded_alike
from projections.fold import NotFolded
from projections.maintenance.builds import load_builds, load_reached
from projections.maintenance.create import grant
from projections.maintenance.ownership import mark
from projections.maintenance.release import load_columns
from projections.registry import DIRECTORY

statement = statements_in(__package__)
projections_statement = statements_in("projections")


FOLDED_OTHERWISE = 1  # The revision of the directory that compared names in another form.
FORMER = frozenset({FOLDED_OTHERWISE, 2})  # Revisions that this release may adopt.
LOCK_TIMEOUT_MS = 5_000  # Whoever has locked a table keeps no service from starting.
CHANGED_BY_HAND = (AttributeError, KeyError, TypeError, ValueError)  # No document is so otherwise.

log = structlog.get_logger()


async def adopt(connection: Connection, sealer: Sealer | None = None) -> list[str]:
    """Note as ours the schemas of the directory that are; return their names. The caller is the owner.

    Without a sealer, a schema waits for a call that has one where it needs the log. What another rebuild works on, or
    somebody has locked, waits for a later call, and so does what somebody has changed by hand.
    """
    adopted = []
    for schema in (DIRECTORY.name, DIRECTORY.next, DIRECTORY.previous):
        build = (await load_builds(connection)).get(schema)
        if build is None or build.revision not in FORMER:
            continue
        try:
            async with connection.transaction():
                await _adopt_locked(connection, schema, build.revision, sealer)
        except NotAdopted:
            continue
        except (NotFolded, *CHANGED_BY_HAND) as error:
            log.warning("projection_not_adopted", schema=schema, error=type(error).__name__)
            continue
        except Exception as error:
            if classify(error) is not Outage.LOCKED:
                raise
            continue
        log.info("projection_adopted", schema=schema, revision=DIRECTORY.revision)
        adopted.append(schema)
    return adopted


class NotAdopted(Exception):
    """The tables stay as they are: they wait for a later call, or for a rebuild."""


async def _adopt_locked(
    connection: Connection, schema: str, revision: int, sealer: Sealer | None
) -> None:
    """Adopt a schema while nobody swaps, fills or drops it; the caller owns the transaction. Errors: NotAdopted."""
    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    if not await connection.fetchval(statement("share_rebuild"), DIRECTORY.name):
        raise NotAdopted
    if not await load_columns(connection, schema):
        raise NotAdopted  # There is a record of a build, but no table.
    await _upgrade(connection, schema)
    ours = {name: frozenset(table.columns) for name, table in DIRECTORY.fold.tables.items()}
    if await load_columns(connection, schema) != ours:
        raise NotAdopted
    if revision == FOLDED_OTHERWISE:
        await _refuse_folded_otherwise(connection, schema, sealer)
    await _hash_names(connection, schema, sealer)
    if not await connection.fetchval(
        statement("adopt_build"), schema, revision, DIRECTORY.revision
    ):
        raise NotAdopted


async def _upgrade(connection: Connection, schema: str) -> None:
    """Add what the tables of a former revision lack."""
    upgrade = (files("schema") / "projections" / "directory.upgrade.sql").read_text("utf-8")
    await connection.execute(f'SET LOCAL search_path = "{schema}"')
    await connection.execute(upgrade)
    await connection.execute("SET LOCAL search_path = DEFAULT")
    await mark(connection, schema, DIRECTORY.fold.tables)
    await grant(connection, schema)


async def _hash_names(connection: Connection, schema: str, sealer: Sealer | None) -> None:
    """Replace the names of former users by hashes. Errors: NotAdopted without the key that this takes."""
    await connection.execute(projections_statement("enter_schema"), schema)
    if await has_former_names(connection):
        # The checksums of a rebuild that was interrupted are those of the names: it begins again.
        if sealer is None or schema == DIRECTORY.next:
            raise NotAdopted
        await hash_former_names(connection, sealer)


async def _refuse_folded_otherwise(
    connection: Connection, schema: str, sealer: Sealer | None
) -> None:
    """Refuse tables with a name that is compared in another form now. Errors: NotAdopted."""
    # What serves has every log to its end.
    positions = (
        dict.fromkeys(await read_tails(connection), POSITION_MAX)
        if schema == DIRECTORY.name
        else await load_reached(connection, schema)
    )
    await connection.execute(projections_statement("enter_schema"), schema)
    if not await is_folded_alike(connection, sealer, positions):
        raise NotAdopted
