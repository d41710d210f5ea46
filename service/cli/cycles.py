"""`scim-ledger audit cycles` and `audit refusals`: what provisioning did, what was refused, and what to change."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import typer

from schema.events.organization import Organization as OrganizationState
from schema.scim.errors import InvalidValue
from service.cli.audit import (
    AsCsv,
    AsJson,
    From,
    To,
    Zone,
    audit,
    begin_of,
    end_of,
    with_organization,
)
from service.cli.printing import cycles as show
from service.cli.printing.audit import Form
from service.cli.process.output import say
from service.cli.process.run import Organization
from service.replay.cycles import (
    CountedCycle,
    DescribedRequest,
    cycle_in_detail,
    list_cycles,
    list_requests,
)
from service.requests.findings import REASONS
from service.requests.read import CycleFilter, RequestFilter
from service.runtime import Runtime

PAGE: Final = 200
Token = Annotated[UUID | None, typer.Option(help="The id of a token or of an OAuth client.")]
Most = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many at most.")]


@audit.command("cycles")
def audit_cycles(
    cycle_id: Annotated[
        UUID | None, typer.Argument(metavar="ID", help="Of one cycle; without it, all are listed.")
    ] = None,
    since: From = None,
    until: To = None,
    token: Token = None,
    zone: Zone = None,
    limit: Most = 50,
    organization: Organization = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Show provisioning cycles, newest first, or one of them with its refusals and the one before."""
    form = Form.of(as_csv=as_csv, as_json=as_json)

    async def ask(runtime: Runtime, found: OrganizationState) -> None:
        if cycle_id is not None:
            say(show.detail(await cycle_in_detail(runtime, found, cycle_id), form))
            return
        wanted = CycleFilter(token, *_period(since, until, zone))
        items: list[CountedCycle] = []
        position, after, has_more = 0, None, True
        while has_more and len(items) < limit:
            page = await list_cycles(
                runtime, found, wanted, after=after, limit=min(PAGE, limit - len(items))
            )
            items += page.items
            position, has_more = page.position, page.has_more
            if items:
                after = (items[-1].cycle.started_at, items[-1].cycle.id)
        say(show.cycles(items, form, position))
        _say_more(limit, has_more=has_more)

    with_organization(organization, ask, "audit cycles")


@audit.command("refusals")
def audit_refusals(
    cycle: Annotated[UUID | None, typer.Option(help="The id of a provisioning cycle.")] = None,
    token: Token = None,
    finding: Annotated[str | None, typer.Option(help="The code of what was found.")] = None,
    since: From = None,
    until: To = None,
    zone: Zone = None,
    unchanged: Annotated[
        bool, typer.Option("--unchanged", help="Show requests that changed nothing instead.")
    ] = False,
    limit: Most = 200,
    organization: Organization = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Show requests that were refused, newest first, and what to change so that they succeed."""
    form = Form.of(as_csv=as_csv, as_json=as_json)
    if finding is not None and finding not in REASONS:
        raise typer.BadParameter(
            f"There is no finding {finding!r}; there are {', '.join(REASONS)}.",
            param_hint="--finding",
        )

    async def ask(runtime: Runtime, found: OrganizationState) -> None:
        period = _period(since, until, zone)
        wanted = RequestFilter(not unchanged, cycle, token, finding, *period)
        items: list[DescribedRequest] = []
        position, has_more = 0, True
        while has_more and len(items) < limit:
            page = await list_requests(
                runtime,
                found,
                wanted,
                after=items[-1].request.id if items else None,
                limit=min(PAGE, limit - len(items)),
            )
            items += page.items
            position, has_more = page.position, page.has_more
        say(show.refusals(items, form, position))
        _say_more(limit, has_more=has_more)

    with_organization(organization, ask, "audit refusals")


def _period(
    since: str | None, until: str | None, zone: str | None
) -> tuple[datetime | None, datetime | None]:
    begin, end = begin_of("--from", since, zone), end_of("--to", until, zone)
    if begin is not None and end is not None and end < begin:
        raise InvalidValue("The end is before the beginning; exchange --from and --to.")
    return begin, end


def _say_more(limit: int, *, has_more: bool) -> None:
    if has_more:
        show.complain(f"There are more: --limit {limit * 10} shows more of them.")
