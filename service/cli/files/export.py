"""`scim-ledger audit export`: events, or who had which access, as a file."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from eventstore.read import position_at
from projections.maintenance.session import Progress
from schema.events.organization import Organization as OrganizationState
from service.cli.audit import At, From, To, Types, Zone, end_of, search_of
from service.cli.groups import group
from service.cli.printing.progress import shown
from service.cli.process.output import as_json as json_of
from service.cli.process.output import say
from service.cli.process.problems import Refused
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.register import find_organization
from service.proof.record import record
from service.replay.export import (
    Format,
    What,
    Written,
    begin,
    export_access,
    export_events,
    exported,
)
from service.replay.parquet import NoParquet, load_library
from service.replay.wanted import streams_of
from service.runtime import Runtime

exports = group("Write a part of the log, or who had which access, to a file for somebody else.")
Output = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist.")
]
Form = Annotated[Format, typer.Option("--format", help="Parquet needs scim-ledger[parquet].")]
INTERRUPTED = "Interrupted: the file is not complete. Lines of events are whole; go on with --after the last position."
Pieces = tuple[AsyncIterator[bytes], int]  # And the position of the first event.
Begin = Callable[[Runtime, OrganizationState, Written], Coroutine[Any, Any, Pieces]]


@exports.command("events")
def export_events_to_file(
    output: Output,
    form: Form = "ndjson",
    since: From = None,
    until: To = None,
    types: Types = None,
    user_name: Annotated[str | None, typer.Option(help="A userName, present or former.")] = None,
    group_name: Annotated[
        str | None, typer.Option("--group", help="The name or id of a group.")
    ] = None,
    resource: Annotated[UUID | None, typer.Option(help="The id of a person or a group.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Go on after this position.")] = 0,
    zone: Zone = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Write events to a file, oldest first: all of them, or those that match."""

    async def begin_it(runtime: Runtime, found: OrganizationState, written: Written) -> Pieces:
        async with runtime.pool.acquire() as connection:
            wanted = await search_of(connection, found, since, until, zone=zone, types=types)
            streams = await streams_of(
                connection,
                runtime.sealer,
                found.id,
                resource=resource,
                user_name=user_name,
                group=group_name,
            )
        wanted = replace(wanted, streams=streams)
        return export_events(runtime, found, wanted, form, written, after=after), after + 1

    _write("events", output, form, begin_it, organization, acting_as, as_json=as_json)


@exports.command("access")
def export_access_to_file(
    output: Output,
    at: At = None,
    form: Form = "ndjson",
    zone: Zone = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Write who had which access on a day to a file: role, state and groups of everybody."""

    async def begin_it(runtime: Runtime, found: OrganizationState, written: Written) -> Pieces:
        position, instant = written.position, end_of("--at", at, zone)
        if instant is not None:
            async with runtime.pool.acquire() as connection:
                position = min(position, await position_at(connection, found.id, instant))
        return export_access(runtime, found, form, written, position=position), position

    _write("access", output, form, begin_it, organization, acting_as, as_json=as_json)


def _write(
    what: What,
    output: Path,
    form: Format,
    begin_it: Begin,
    organization: str | None,
    acting_as: str | None,
    *,
    as_json: bool,
) -> None:
    """Write a file, and record in the log that it was given out: also of one that was interrupted."""

    async def write(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        written, provenance = await begin(runtime, found), cli_provenance(acting_as)
        pieces, first = await begin_it(runtime, found, written)
        try:
            if form == "parquet":
                load_library()
            with output.open("xb") as file, shown("export") as board:
                try:
                    async for piece in pieces:
                        file.write(piece)
                        board.report(Progress(what, *_reached(what, written)))
                finally:
                    await record(runtime, found.id, exported(what, written, first), provenance)
        except FileExistsError:
            raise Refused(f"{output} exists already: name another file.") from None
        except NoParquet as error:
            raise Refused(str(error)) from error
        say(_said(what, output, written, as_json=as_json))

    run_with_runtime(write, interrupted=INTERRUPTED)


def _reached(what: What, written: Written) -> tuple[int, int]:
    """Return how far an export of events has got; of people nobody knows how many there will be."""
    return (written.last, written.position) if what == "events" else (written.count, 0)


def _said(what: What, output: Path, written: Written, *, as_json: bool) -> str:
    if as_json:
        return json_of(
            {
                "file": str(output),
                "count": written.count,
                "toPosition": written.last or written.position,
                "position": written.position,
                "digest": written.digest,
            }
        )
    rows = f"{written.count:,} {'events' if what == 'events' else 'people'}"
    return (
        f"{output}: {rows}, computed from the log up to event #{written.position:,}. SHA-256 of the file"
        f"{' without its last line' if output.suffix == '.ndjson' else ''}: {written.digest}."
    )
