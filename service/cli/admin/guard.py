"""The commands `guard`: the limits against mass deprovisioning, and the holds that wait for a decision."""

from typing import Annotated
from uuid import UUID

import typer

from projections.directory.queries.holds import Which
from service.cli.groups import group
from service.cli.printing import guard as show
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.access.guard import (
    decide_hold,
    read_guard,
    set_guard,
    show_hold,
    show_holds,
    show_people,
)
from service.organizations.register import find_organization
from service.runtime import Runtime

HOLDS_MAX = 200  # In a list.
USERS_MAX = 1_000_000

guard = group("The guard: changes that would take access from many people wait for a decision.")

HoldId = Annotated[UUID, typer.Argument(help="The hold's id, from `scim-ledger guard holds`.")]
Users = Annotated[
    int | None,
    typer.Option(
        min=0, help="How many users you have seen in the hold: another number now is refused."
    ),
]


@guard.command("show")
def guard_show(organization: Organization = None, as_json: AsJson = False) -> None:
    """Show the limits, and whether the guard is in force."""

    async def print_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.limits(await read_guard(runtime, found), as_json=as_json))

    run_with_runtime(print_it)


@guard.command("set")
def guard_set(
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Switch the guard.")] = None,
    max_users: Annotated[
        int | None, typer.Option(help="So many users may lose access within the window.")
    ] = None,
    max_percent: Annotated[
        int | None, typer.Option(help="And so many per cent of the active users.")
    ] = None,
    window_minutes: Annotated[int | None, typer.Option(help="The window, in minutes.")] = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Change the limits. They apply at once, in a new organization too."""

    async def change(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        now = await read_guard(runtime, found)
        values = {
            "enabled": now.enabled if enabled is None else enabled,
            "maxUsers": now.max_users if max_users is None else max_users,
            "maxPercent": now.max_percent if max_percent is None else max_percent,
            "windowMinutes": now.window_minutes if window_minutes is None else window_minutes,
        }
        await set_guard(runtime, found, values, provenance=cli_provenance(acting_as))
        say(show.limits(await read_guard(runtime, found), as_json=as_json))

    run_with_runtime(change)


@guard.command("holds")
def guard_holds(
    state: Annotated[
        str | None, typer.Option(help="Only those that are open, approved or rejected.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=HOLDS_MAX, help="How many at most.")] = HOLDS_MAX,
    before: Annotated[
        UUID | None, typer.Option(help="The last hold of the list before: it goes on there.")
    ] = None,
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """List the holds, latest first."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        holds = await show_holds(runtime, found, state, limit, before)
        say(show.holds(holds, as_json=as_json))

    run_with_runtime(list_them)


@guard.command("hold")
def guard_hold(hold_id: HoldId, organization: Organization = None, as_json: AsJson = False) -> None:
    """Show a hold: the people in it, and those who lost access before the limit was reached."""

    async def print_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.hold(await show_hold(runtime, found, hold_id), as_json=as_json))

    run_with_runtime(print_it)


@guard.command("users")
def guard_users(
    hold_id: HoldId,
    which: Annotated[
        Which, typer.Option(help="Those who are held, or those who lost access before the limit.")
    ] = "held",
    limit: Annotated[int, typer.Option(min=1, max=USERS_MAX, help="How many at most.")] = 1_000,
    after: Annotated[
        UUID | None, typer.Option(help="The last id of the list before: it goes on there.")
    ] = None,
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """List the people of a hold by id, also beyond the first 1,000 that `guard hold` shows."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        people = await show_people(runtime, found, hold_id, which, limit, after)
        say(show.people(people, found, as_json=as_json))

    run_with_runtime(list_them)


@guard.command("approve")
def guard_approve(
    hold_id: HoldId,
    users: Users = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Let the changes of the people in a hold through, for 7 days."""
    _decide(hold_id, users, organization, acting_as, is_approved=True, as_json=as_json)


@guard.command("reject")
def guard_reject(
    hold_id: HoldId,
    users: Users = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Refuse the changes of the people in a hold: they keep their access."""
    _decide(hold_id, users, organization, acting_as, is_approved=False, as_json=as_json)


def _decide(
    hold_id: UUID,
    users: int | None,
    organization: str | None,
    acting_as: str | None,
    *,
    is_approved: bool,
    as_json: bool,
) -> None:
    async def decide(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        decided = await decide_hold(
            runtime,
            found,
            hold_id,
            is_approved=is_approved,
            user_count=users,
            provenance=cli_provenance(acting_as),
        )
        say(show.hold(decided, as_json=as_json))

    run_with_runtime(decide)
