"""`scim-ledger console link`: a one-time link that signs somebody in to the console."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli.groups import group
from service.cli.process.output import check_output, say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.console.sessions.caller import ADMINISTRATOR, AUDITOR, OPERATOR
from service.console.sessions.links import LIFETIME, make_link
from service.database.address import find_origin
from service.organizations.register import find_organization
from service.runtime import Runtime

console = group("The web console at /console/.")


@console.command("link")
def console_link(
    organization: Organization = None,
    auditor: Annotated[
        bool, typer.Option("--auditor", help="Sign in as auditor: read and export, change nothing.")
    ] = False,
    operator: Annotated[
        bool,
        typer.Option(
            "--operator",
            help="Sign in as operator too; alone without --organization, and then to no organization.",
        ),
    ] = False,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a link that signs in to the console once, within 10 minutes. Whoever opens it first is signed in."""

    async def make(runtime: Runtime, settings: Settings) -> None:
        check_output()
        is_inside = organization is not None or not operator
        found = await find_organization(runtime, organization) if is_inside else None
        roles = [AUDITOR if auditor else ADMINISTRATOR] if found else []
        roles += [OPERATOR] if operator else []
        actor = cli_provenance(acting_as).actor_id
        path = await make_link(runtime.pool, found.id if found else None, roles, actor)
        url = await find_origin(runtime.pool, settings) + path
        ends_at = (datetime.now(UTC) + LIFETIME).isoformat(timespec="seconds")
        say(json.dumps({"url": url, "endsAt": ends_at, "roles": roles}) if as_json else url)

    run_with_runtime(make)
