"""`scim-ledger organization …`: create, list, show, rename, suspend and resume organizations."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from schema.events.organization import Organization
from service.cli.groups import group
from service.cli.printing import lists as show
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, run_with_runtime, unbroken
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations import manage
from service.organizations.register import create_organization, find_organization
from service.runtime import Runtime

organizations = group("Organizations: the customers whose users are provisioned.")
Named = Annotated[str, typer.Argument(help="Name or id of the organization.")]


@organizations.command("create")
def organization_create(
    name: Annotated[str, typer.Argument(help="The name, unique in this service.")],
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Create an organization with its five roles and a technical account."""

    async def create(runtime: Runtime, _settings: Settings) -> None:
        created = await unbroken(
            create_organization(runtime, name, provenance=cli_provenance(acting_as))
        )
        say(show.created_organization(created, as_json=as_json))

    run_with_runtime(create, may_make_key=True)


@organizations.command("list")
def organization_list(as_json: AsJson = False) -> None:
    """List the organizations, oldest first."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        say(await show.organizations(runtime, as_json=as_json))

    run_with_runtime(list_them)


@organizations.command("show")
def organization_show(name: Named, as_json: AsJson = False) -> None:
    """Show an organization: its roles, its settings, whether it is suspended."""

    async def show_it(runtime: Runtime, _settings: Settings) -> None:
        say(show.organization(await find_organization(runtime, name), as_json=as_json))

    run_with_runtime(show_it)


@organizations.command("rename")
def organization_rename(
    name: Named,
    new_name: Annotated[str, typer.Argument(help="The new name, unique in this service.")],
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Give an organization another name."""

    async def rename(runtime: Runtime, found: Organization) -> None:
        provenance = cli_provenance(acting_as)
        await manage.rename_organization(runtime, found, new_name, provenance=provenance)

    _change(name, rename, as_json=as_json)


@organizations.command("suspend")
def organization_suspend(
    name: Named,
    reason: Annotated[str, typer.Option(help="Why: every caller is refused with this sentence.")],
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Accept no token of an organization until it is resumed. Its data stays; within a second it takes effect."""

    async def suspend(runtime: Runtime, found: Organization) -> None:
        provenance = cli_provenance(acting_as)
        await manage.suspend_organization(runtime, found, reason, provenance=provenance)

    _change(name, suspend, as_json=as_json)


@organizations.command("resume")
def organization_resume(name: Named, acting_as: ActingAs = None, as_json: AsJson = False) -> None:
    """Accept the tokens of a suspended organization again."""

    async def resume(runtime: Runtime, found: Organization) -> None:
        await manage.resume_organization(runtime, found, provenance=cli_provenance(acting_as))

    _change(name, resume, as_json=as_json)


def _change(
    name: str, change: Callable[[Runtime, Organization], Awaitable[None]], *, as_json: bool
) -> None:
    """Change an organization, and show it as it is then."""

    async def change_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, name)
        await change(runtime, found)
        now = await manage.reload_organization(runtime, found)
        say(show.organization(now, as_json=as_json))

    run_with_runtime(change_it)
