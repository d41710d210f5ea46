"""`scim-ledger projections …`: how the engineer on call inspects and repairs the read models."""

import os
import time
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from eventstore.trees.check import Sources
from projections.followers.parked import count_parked, parked, retry_parked
from projections.maintenance.context import RebuildContext, application_name
from projections.maintenance.release import is_shape_changed
from projections.maintenance.session import opened
from projections.maintenance.status import load_statuses
from projections.rebuild.rebuild import rebuild, roll_back
from projections.registry import find_projection
from service.cli.groups import group
from service.cli.printing import projections as show
from service.cli.printing.progress import shown
from service.cli.process.output import say
from service.cli.process.problems import Exit, Refused
from service.cli.process.run import AsJson, Personal, run_with_runtime
from service.cli.verify import compare
from service.config import Settings
from service.database.embedded.postgres import folder_in
from service.limits.garbage import tune_gc
from service.organizations.register import find_organization
from service.proof.verify import load_sources
from service.runtime import Runtime

projections = group("The tables that requests are answered from: inspect, verify and rebuild them.")
Name = Annotated[
    str, typer.Argument(help="The projection's name, from `scim-ledger projections list`.")
]
Narrow = Annotated[
    str | None,
    typer.Option("--organization", "-o", help="Name or id of one organization; all by default."),
]
SHAPE_CHANGED = (
    "Its columns have changed: a service of the previous release must not run on these tables. "
    "If one does, stop it, rebuild once more, and start this release."
)


@projections.command("list")
def projections_list(as_json: AsJson = False) -> None:
    """List the projections, and whether this release would build the same tables."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        async with runtime.pool.acquire() as connection:
            statuses = await load_statuses(connection)
        say(show.as_json(map(show.listed, statuses)) if as_json else show.table(statuses))

    run_with_runtime(list_them)


@projections.command("status")
def projections_status(organization: Narrow = None, as_json: AsJson = False) -> None:
    """Show how far each projection is, which streams are parked, and whether it can be rolled back."""

    async def show_them(runtime: Runtime, _settings: Settings) -> None:
        chosen = await _chosen(runtime, organization)
        async with runtime.pool.acquire() as connection:
            statuses = await load_statuses(connection, chosen)
            names = await show.names(connection)
        if as_json:
            say(show.as_json(map(show.document, statuses)))
        else:
            say("\n\n".join(show.lines(each, names) for each in statuses))

    run_with_runtime(show_them)


@projections.command("rebuild")
def projections_rebuild(
    name: Name,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Number of processes; by default one for each processor."),
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option(
            "--organization", "-o", help="Refused: a rebuild always covers all organizations."
        ),
    ] = None,
) -> None:
    """Rebuild a projection from the log while the old tables keep serving, then swap the new ones in.

    Ctrl-C and kill -9 are safe at any moment: run the same command again to continue.
    """

    async def build(context: RebuildContext, sources: Sources) -> str:
        if organization is not None:
            raise Refused(
                "A rebuild makes the tables of all organizations and swaps them as a whole: "
                "leave --organization out. `projections verify` accepts it."
            )
        tune_gc()  # Events and rows form no cycles, and looking for cycles takes a tenth of the time.
        began_s = time.monotonic()
        with shown("rebuild") as board:
            events = await rebuild(context, board.report, sources)
        summary = show.rebuilt(name, events, time.monotonic() - began_s)
        if await _is_shape_changed(context):
            summary = f"{summary}\n{SHAPE_CHANGED}"
        return await _unless_parked(context, summary)

    _run_in_context(name, build, workers=workers)


@projections.command("rollback")
def projections_rollback(name: Name) -> None:
    """Swap the tables from before the last rebuild back in, after catching them up with the log."""

    async def go_back(context: RebuildContext, _sources: Sources) -> str:
        with shown("rollback") as board:
            await roll_back(context, board.report)
        summary = (
            f"{name} serves its previous tables again. `projections rollback {name}` undoes this."
        )
        return await _unless_parked(context, summary)

    _run_in_context(name, go_back)


@projections.command("verify")
def projections_verify(
    name: Name, organization: Narrow = None, personal: Personal = False, as_json: AsJson = False
) -> None:
    """Compare every row with the log, while the service runs. Exit code 1 if a row differs or a stream is parked."""

    async def in_context(runtime: Runtime, settings: Settings) -> None:
        context = _context(runtime, settings, name, dsn=runtime.login.dsn)  # It only reads.
        chosen = await _chosen(runtime, organization)
        await compare(context, chosen, as_json=as_json, with_personal=personal)

    run_with_runtime(in_context, interrupted="Interrupted: not all rows were compared.")


@projections.command("retry-parked")
def projections_retry_parked(name: Name, organization: Narrow = None) -> None:
    """Retry the parked streams of a projection, each from the event that failed."""

    async def retry(runtime: Runtime, _settings: Settings) -> None:
        follower = find_projection(name).follower
        if follower is None:
            raise Refused(
                f"{name} is written in the transaction of the append: it never parks a stream."
            )
        chosen = await _chosen(runtime, organization)
        async with runtime.pool.acquire() as connection:
            released = await retry_parked(connection, follower.opening(runtime.sealer), chosen)
            waiting = await parked(connection, name)
            names = await show.names(connection)
        left = [each for each in waiting if chosen in (None, each.organization_id)]
        say(show.retried(released, left, names))
        if left:
            raise typer.Exit(Exit.REFUSED)

    run_with_runtime(retry)


async def _chosen(runtime: Runtime, organization: str | None) -> UUID | None:
    """Return the organization that was asked for, None for all of them."""
    if organization is None:
        return None
    return (await find_organization(runtime, organization)).id


async def _is_shape_changed(context: RebuildContext) -> bool:
    """Return whether the last rebuild replaced the tables with ones that have other columns."""
    async with opened(context, name=application_name(context.projection.name)) as connection:
        return await is_shape_changed(connection, context.projection)


async def _unless_parked(context: RebuildContext, summary: str) -> str:
    """Return the summary. Errors: Refused if streams are parked; the summary is printed first."""
    name = context.projection.name
    async with opened(context, name=application_name(name)) as connection:
        waiting = await count_parked(connection, name)
    if waiting:
        say(summary)
        streams = "1 stream is" if waiting == 1 else f"{waiting:,} streams are"
        raise Refused(
            f"{streams} parked in {name}: scim-ledger projections status lists what failed."
        )
    return summary


def _context(
    runtime: Runtime, settings: Settings, name: str, *, dsn: str, workers: int | None = None
) -> RebuildContext:
    projection = find_projection(name)
    return RebuildContext(
        dsn=dsn,
        keys=runtime.sealer.keys,
        projection=projection,
        schema=projection.name,
        processes=workers or os.cpu_count() or 1,
        data_dir=folder_in(settings.data_dir) if settings.is_embedded else None,
    )


def _run_in_context(
    name: str,
    work: Callable[[RebuildContext, Sources], Awaitable[str]],
    *,
    workers: int | None = None,
) -> None:
    """Run work that changes which tables serve, and print its summary."""

    async def in_context(runtime: Runtime, settings: Settings) -> None:
        sources = await load_sources(runtime, settings)
        context = _context(runtime, settings, name, dsn=runtime.dsn, workers=workers)
        say(await work(context, sources))

    run_with_runtime(
        in_context,
        interrupted="Interrupted: the tables that serve are intact. Run the same command to continue.",
    )
