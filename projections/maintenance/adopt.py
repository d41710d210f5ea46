"""Adopts tables of the revision before whose rows this release would make just so: they need no rebuild.

Revision 2 of the directory folds some names otherwise (ß is no longer ss). Where nobody has such a name, nothing is
different, and whoever upgrades is spared a rebuild. The rest is asked for one, as after any change of rows.
"""

import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import read_tails
from eventstore.sealing.sealer import Sealer
from projections.directory.refold import is_folded_alike
from projections.fold import NotFolded
from projections.maintenance.builds import load_builds, load_reached
from projections.maintenance.release import load_columns
from projections.registry import DIRECTORY

statement = statements_in(__package__)
projections_statement = statements_in("projections")


FORMER, LATTER = 1, 2  # Revisions of the directory.
LOCK_TIMEOUT_MS = 5_000  # Whoever has locked a table keeps no service from starting.
CHANGED_BY_HAND = (AttributeError, KeyError, TypeError, ValueError)  # No document is so otherwise.
END_OF_LOG = 2**63 - 1

log = structlog.get_logger()


async def adopt(connection: Connection, sealer: Sealer | None = None) -> list[str]:
    """Note as ours the schemas of the directory that are; return their names. The caller is the owner.

    Without a sealer, a schema waits for a call that has one where it needs the log. What another rebuild works on, or
    somebody has locked, waits for a later call, and so does what somebody has changed by hand.
    """
    adopted = []
    for schema in (DIRECTORY.name, DIRECTORY.next, DIRECTORY.previous):
        build = (await load_builds(connection)).get(schema)
        if build is None or build.revision != FORMER:
            continue
        try:
            async with connection.transaction():
                is_ours = await _adopt_locked(connection, schema, sealer)
        except (NotFolded, *CHANGED_BY_HAND) as error:
            log.warning("projection_not_adopted", schema=schema, error=repr(error))
            continue
        except Exception as error:
            if classify(error) is not Outage.LOCKED:
                raise
            continue
        if is_ours:
            log.info("projection_adopted", schema=schema, revision=LATTER)
            adopted.append(schema)
    return adopted


async def _adopt_locked(connection: Connection, schema: str, sealer: Sealer | None) -> bool:
    """Adopt a schema while nobody swaps, fills or drops it; the caller owns the transaction."""
    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    if not await connection.fetchval(statement("share_rebuild"), DIRECTORY.name):
        return False
    ours = {name: frozenset(table.columns) for name, table in DIRECTORY.fold.tables.items()}
    if await load_columns(connection, schema) != ours:
        return False
    # What serves has every log to its end.
    positions = (
        dict.fromkeys(await read_tails(connection), END_OF_LOG)
        if schema == DIRECTORY.name
        else await load_reached(connection, schema)
    )
    await connection.execute(projections_statement("enter_schema"), schema)
    if not await is_folded_alike(connection, sealer, positions):
        return False
    return bool(await connection.fetchval(statement("adopt_build"), schema, FORMER, LATTER))
