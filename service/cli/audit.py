"""`scim-ledger audit …`: the questions of an auditor, each one command."""

import sys
from collections.abc import Callable, Collection, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import typer

from eventstore.postgres.connection import Connection
from projections.directory.actors import name_actors
from projections.history.search import Search
from schema.events.organization import Organization as OrganizationState
from schema.scim.errors import InvalidValue
from service.cli.groups import group
from service.cli.printing import audit as show
from service.cli.printing.audit import Form
from service.cli.process.output import OutputClosed, say
from service.cli.process.run import Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.reads.flush import flush
from service.replay.answers import (
    Page,
    access_of_user,
    group_members,
    role_holders,
    search_events,
    timeline_of_user,
)
from service.replay.cycles import search_of_cycle
from service.replay.describe import DescribedEvent
from service.replay.instants import IllegalInstant, read_begin, read_end, read_zone
from service.replay.resolve import NobodyNamed, find_group, find_person, find_role
from service.replay.wanted import NOTHING, actors_of, positions_of, streams_of, types_in
from service.runtime import Runtime

PAGE: Final = 200
LIMIT: Final = 1_000

audit = group("The log, for auditors: who had which role on which day, and who changed it.")
At = Annotated[
    str | None,
    typer.Option(
        "--at", help="A date (its end counts) or an instant with its zone; now without it."
    ),
]
From = Annotated[
    str | None, typer.Option("--from", help="A date or an instant: events since then.")
]
To = Annotated[str | None, typer.Option("--to", help="A date or an instant: events until then.")]
Zone = Annotated[
    str | None,
    typer.Option(help="The IANA time zone of dates, such as Europe/Paris; UTC by default."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many events at most.")]
Types = Annotated[
    str | None,
    typer.Option("--type", help="Types of events, separated by commas: UserDeactivated."),
]
# Answers a question, and returns the people and groups that it was about, or the names that nobody has.
Command = Callable[[Runtime, OrganizationState], Coroutine[Any, Any, Collection[UUID | str] | None]]


@audit.command("holders")
def audit_holders(
    role: Annotated[str, typer.Argument(help="The name or the id of a role.")],
    at: At = None,
    zone: Zone = None,
    organization: Organization = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Show who held a role on a day."""

    async def ask(runtime: Runtime, found: OrganizationState) -> None:
        role_id, instant = find_role(found, role), end_of("--at", at, zone)
        rows: list[dict[str, Any]] = []
        position: int | None = None
        after: UUID | None = None
        while True:
            page = await role_holders(
                runtime, found, role_id, at=instant, position=position, after=after, limit=PAGE
            )
            position = page.position
            async with runtime.pool.acquire() as connection:
                periods = [each.holder.period for each in page.items]
                actors = await name_actors(
                    connection, found.id, [(each.assigned_by, each.source) for each in periods]
                )
            rows += [
                show.holder(each, actors[each.holder.period.assigned_by].name)
                for each in page.items
            ]
            if not page.has_more:
                break
            after = page.items[-1].holder.user_id
        say(show.table(rows, Form.of(as_csv=as_csv, as_json=as_json), position))

    with_organization(organization, ask, "audit holders")


@audit.command("members")
def audit_members(
    group_name: Annotated[
        str, typer.Argument(metavar="GROUP", help="The name or the id of a group.")
    ],
    at: At = None,
    zone: Zone = None,
    organization: Organization = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Show who was in a group on a day."""

    async def ask(runtime: Runtime, found: OrganizationState) -> Collection[UUID]:
        async with runtime.pool.acquire() as connection:
            group_id = await find_group(connection, found.id, group_name)
        rows: list[dict[str, Any]] = []
        position: int | None = None
        after: UUID | None = None
        while True:
            page = await group_members(
                runtime,
                found,
                group_id,
                at=end_of("--at", at, zone),
                position=position,
                after=after,
                limit=PAGE,
            )
            position = page.position
            rows += [show.member(each) for each in page.items]
            if not page.has_more:
                break
            after = page.items[-1].period.member_id
        say(show.table(rows, Form.of(as_csv=as_csv, as_json=as_json), position))
        return {group_id}

    with_organization(organization, ask, "audit members")


@audit.command("timeline")
def audit_timeline(
    person: Annotated[
        str, typer.Argument(metavar="USERNAME", help="A userName, present or former, or an id.")
    ],
    since: From = None,
    until: To = None,
    types: Types = None,
    zone: Zone = None,
    limit: Limit = LIMIT,
    organization: Organization = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Show every change to one person, and by whom, oldest first."""

    async def ask(runtime: Runtime, found: OrganizationState) -> Collection[UUID]:
        async with runtime.pool.acquire() as connection:
            user_id = await find_person(connection, runtime.sealer, found.id, person)
            wanted = await search_of(connection, found, since, until, zone=zone, types=types)

        async def page(begin: Page) -> Any:
            return await timeline_of_user(runtime, found, user_id, wanted=wanted, page=begin)

        await _show_events(page, Page("asc"), limit, Form.of(as_csv=as_csv, as_json=as_json))
        return {user_id}

    with_organization(organization, ask, "audit timeline")


@audit.command("access")
def audit_access(
    person: Annotated[
        str, typer.Argument(metavar="USERNAME", help="A userName, present or former, or an id.")
    ],
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """Show when and why one person got and lost access."""

    async def ask(runtime: Runtime, found: OrganizationState) -> Collection[UUID]:
        async with runtime.pool.acquire() as connection:
            user_id = await find_person(connection, runtime.sealer, found.id, person)
        say(show.access(await access_of_user(runtime, found, user_id), found, as_json=as_json))
        return {user_id}

    with_organization(organization, ask, "audit access")


@audit.command("events")
def audit_events(
    since: From = None,
    until: To = None,
    types: Types = None,
    token: Annotated[UUID | None, typer.Option(help="What this token changed.")] = None,
    actor: Annotated[str | None, typer.Option(help="The id or the userName of who acted.")] = None,
    user_name: Annotated[str | None, typer.Option(help="A userName, present or former.")] = None,
    group_name: Annotated[
        str | None, typer.Option("--group", help="The name or id of a group.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="The name or the id of a role.")] = None,
    attribute: Annotated[str | None, typer.Option(help="An attribute by its path.")] = None,
    request: Annotated[UUID | None, typer.Option(help="The id of a request.")] = None,
    source: Annotated[str | None, typer.Option(help="scim, console, cli, api or system.")] = None,
    cycle: Annotated[UUID | None, typer.Option(help="The id of a provisioning cycle.")] = None,
    zone: Zone = None,
    limit: Limit = LIMIT,
    organization: Organization = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Search the log, newest first."""

    async def ask(runtime: Runtime, found: OrganizationState) -> Collection[UUID | str]:
        async with runtime.pool.acquire() as connection:
            wanted = await search_of(connection, found, since, until, zone=zone, types=types)
            place = (connection, runtime.sealer, found.id)
            searched = replace(
                wanted,
                actors=await actors_of(*place, actor),
                token_id=token,
                streams=await streams_of(*place, user_name=user_name, group=group_name),
                role_id=find_role(found, role) if role is not None else None,
                request_id=request,
                source=source,
                attribute=attribute,
            )
            if cycle is not None:
                within = await search_of_cycle(connection, found.id, cycle)
                searched = searched.within(within) or NOTHING

        async def page(begin: Page) -> Any:
            return await search_events(runtime, found, searched, begin)

        await _show_events(page, Page("desc"), limit, Form.of(as_csv=as_csv, as_json=as_json))
        return searched.streams or ([user_name] if user_name else [])

    with_organization(organization, ask, "audit events")


def with_organization(organization: str | None, ask: Command, command: str) -> None:
    """Ask about an organization: the one that is named, or the only one. The log will say who asked."""

    async def found(runtime: Runtime, _settings: object) -> None:
        asked = await find_organization(runtime, organization)
        about: Collection[UUID | str] = ()
        try:
            about = await ask(runtime, asked) or ()
        finally:
            error = sys.exc_info()[1]
            if isinstance(error, NobodyNamed):
                about = [error.sought]
            if error is None or isinstance(error, OutputClosed | NobodyNamed):
                runtime.reads.see(
                    asked.id,
                    cli_provenance(),
                    command,
                    subjects=[each for each in about if isinstance(each, UUID)],
                    names=[each for each in about if isinstance(each, str)],
                )
                await flush(runtime.pool, runtime.sealer, runtime.reads)

    run_with_runtime(found)


async def _show_events(
    read: Callable[[Page], Coroutine[Any, Any, Any]], begin: Page, limit: int, form: Form
) -> None:
    """Print the events of a search, up to a limit, and say if there are more."""
    events: list[DescribedEvent] = []
    page, has_more = Page(begin.order, limit=min(PAGE, limit)), True
    position = 0
    while has_more and len(events) < limit:
        found = await read(page)
        events += found.events
        has_more, position = found.has_more, found.position
        if found.events:
            size = min(PAGE, limit - len(events))
            page = Page(page.order, found.events[-1].position, position, max(1, size))
    say(show.events(events, form, position))
    if has_more:
        say_more = f"There are more events: --limit {limit * 10} shows more of them."
        show.complain(say_more)


async def search_of(
    connection: Connection,
    organization: OrganizationState,
    since: str | None,
    until: str | None,
    *,
    zone: str | None,
    types: str | None,
) -> Search:
    """Return which events of a period and of some types are wanted. Errors: InvalidValue."""
    begin, end = begin_of("--from", since, zone), end_of("--to", until, zone)
    if begin is not None and end is not None and end < begin:
        raise InvalidValue("The end is before the beginning; exchange --from and --to.")
    after, last = await positions_of(connection, organization.id, begin, end)
    return Search(after, last, types=types_in(types))


def begin_of(option: str, text: str | None, zone: str | None) -> datetime | None:
    """Return the instant at which something begins. Errors: InvalidValue."""
    try:
        return None if text is None else read_begin(text, read_zone(zone))
    except IllegalInstant as error:
        raise InvalidValue(f"{option}: {error}") from None


def end_of(option: str, text: str | None, zone: str | None) -> datetime | None:
    """Return the last instant that counts. Errors: InvalidValue."""
    try:
        return None if text is None else read_end(text, read_zone(zone))
    except IllegalInstant as error:
        raise InvalidValue(f"{option}: {error}") from None
