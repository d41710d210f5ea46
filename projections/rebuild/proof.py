"""A rebuild folds only a log that agrees with its checkpoints: an edit is not made true by building tables from it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from eventstore.postgres.connection import Connection
from eventstore.proof.verdicts import Finding
from eventstore.trees.check import Sources, check_all, check_sizes, check_tail
from eventstore.trees.keys import load_all_signers
from eventstore.trees.logs import load_logs
from projections.fold import NotFolded
from projections.maintenance.context import RebuildContext, application_name
from projections.maintenance.session import opened

# The events are those that were signed: rows made from them are right.
HARMLESS = frozenset({"key_lost", "tree_damaged", "checkpoint_missing"})


class LogContradicted(Exception):
    """The log does not agree with its checkpoints. `scim-ledger audit verify` names what differs."""


async def refuse_contradicted(connection: Connection, sources: Sources) -> None:
    """Compare the sizes and the tails of all logs: a few milliseconds each. Errors: LogContradicted."""
    signers = await load_all_signers(connection)
    for each in await load_logs(connection):
        outside = sources.of(each.organization_id)
        by = signers.get(each.organization_id, [])
        found = await check_sizes(connection, each, by, outside)
        refuse(each.organization_id, found)
        refuse(each.organization_id, await check_tail(connection, each.organization_id, outside))


def refuse(organization_id: object, findings: Iterable[Finding]) -> None:
    """Refuse a log with these findings, unless rows made from it are right all the same. Errors: LogContradicted."""
    contradictions = [
        each for each in findings if each.is_contradiction and each.code not in HARMLESS
    ]
    if contradictions:
        raise LogContradicted(
            f"The log of organization {organization_id} does not agree with its checkpoints, so nothing is built "
            f"from it. {contradictions[0].sentence()} See scim-ledger audit verify."
        )


@asynccontextmanager
async def verified(context: RebuildContext, sources: Sources) -> AsyncIterator[None]:
    """Compare every event of all logs during the block, on a connection of its own. Errors: LogContradicted.

    An event that the block cannot read is reported as altered if the log says so, whichever is found first.
    """
    checking = asyncio.create_task(_check_all(context, sources), name="rebuild proof")
    try:
        try:
            yield
        except NotFolded:
            await checking
            raise
        await checking
    finally:
        if not checking.done():
            checking.cancel()
            await asyncio.wait([checking])
        elif not checking.cancelled():
            checking.exception()  # The error of the block is reported; this marks that of the task as seen, so that nothing logs it later.


async def _check_all(context: RebuildContext, sources: Sources) -> None:
    async with (
        opened(context, name=application_name(context.projection.name)) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        for each in await load_logs(connection):
            verdict = await check_all(connection, each.organization_id, sources, _silent)
            refuse(each.organization_id, verdict.findings)


def _silent(_done: int, _of: int) -> None:
    """Report nothing: the shards do."""
