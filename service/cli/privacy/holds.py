"""`scim-ledger audit hold`: legal holds."""

from typing import Annotated
from uuid import UUID

import typer

from projections.directory.actors import name_actors
from schema.events.organization import Organization as OrganizationState
from schema.scim.errors import InvalidValue
from service.cli.groups import group
from service.cli.process.output import as_json as json_of
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.erasure.holds import lift_hold, list_holds, set_hold
from service.organizations.register import find_organization
from service.replay.resolve import find_person
from service.runtime import Runtime

holds = group("Legal holds: who may not be erased, until the hold is lifted.")
Subject = Annotated[
    str | None, typer.Argument(help="The person: an id, or a userName, present or former.")
]
Everybody = Annotated[bool, typer.Option("--all", help="Everybody of the organization.")]
Reason = Annotated[
    str, typer.Option(help="Why, in one line that names nobody: it stays in the log for ever.")
]


@holds.command("set")
def hold_set(
    reason: Reason,
    subject: Subject = None,
    everybody: Everybody = False,
    organization: Organization = None,
    acting_as: ActingAs = None,
) -> None:
    """Let nobody erase a person, or everybody of an organization."""

    async def set_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        user_id = await _user_id(runtime, found, subject, everybody=everybody)
        is_new = await set_hold(
            runtime, found, user_id, reason=reason, provenance=cli_provenance(acting_as)
        )
        say("Set." if is_new else "There was a legal hold already.")

    run_with_runtime(set_it)


@holds.command("lift")
def hold_lift(
    reason: Reason,
    subject: Subject = None,
    everybody: Everybody = False,
    organization: Organization = None,
    acting_as: ActingAs = None,
) -> None:
    """End a legal hold."""

    async def lift(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        user_id = await _user_id(runtime, found, subject, everybody=everybody)
        await lift_hold(
            runtime, found, user_id, reason=reason, provenance=cli_provenance(acting_as)
        )
        say("Lifted.")

    run_with_runtime(lift)


@holds.command("list")
def hold_list(organization: Organization = None, as_json: AsJson = False) -> None:
    """List the legal holds that stand."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        standing = await list_holds(runtime, found)
        async with runtime.pool.acquire() as connection:
            acted = [(each.actor_id, each.source) for each in standing]
            actors = await name_actors(connection, found.id, acted)
        rows = [
            {
                "subjectId": each.subject_id,
                "reason": each.reason,
                "setAt": each.set_at,
                "setBy": actors[each.actor_id].name,
                "position": each.position,
            }
            for each in standing
        ]
        if as_json:
            say(json_of(rows))
            return
        lines = [
            f"{row['setAt']:%Y-%m-%d}  {row['subjectId'] or 'everybody'!s:<36}  {row['setBy']}: {row['reason']}"
            for row in rows
        ]
        say("\n".join(lines) or "There is no legal hold.")

    run_with_runtime(list_them)


async def _user_id(
    runtime: Runtime, found: OrganizationState, subject: str | None, *, everybody: bool
) -> UUID | None:
    if everybody == (subject is not None):
        raise InvalidValue("Name a person, or say --all for everybody of the organization.")
    if subject is None:
        return None
    async with runtime.pool.acquire() as connection:
        return await find_person(connection, runtime.sealer, found.id, subject)
