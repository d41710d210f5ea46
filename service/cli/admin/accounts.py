"""`scim-ledger account …`: technical accounts, which are users that hold tokens."""

from typing import Annotated

import typer

from service.cli.groups import group
from service.cli.printing import accounts as show
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.accounts import create_account
from service.organizations.listing import find_account, list_accounts
from service.organizations.register import find_organization
from service.runtime import Runtime

accounts = group("Technical accounts: users that hold tokens.")


@accounts.command("create")
def account_create(
    user_name: Annotated[str, typer.Option(help="The userName, unique among accounts.")],
    display_name: Annotated[str | None, typer.Option(help="The name to show.")] = None,
    listed_in_scim: Annotated[
        bool,
        typer.Option(
            "--listed-in-scim", help="Let SCIM list and match the account as it does people."
        ),
    ] = False,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Create a technical account with the role Administrator. Next: token issue --account USERNAME."""

    async def create(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        account_id = await create_account(
            runtime,
            found,
            user_name,
            display_name=display_name,
            listed_in_scim=listed_in_scim,
            provenance=cli_provenance(acting_as),
        )
        made = await find_account(runtime, found, account_id)
        say(show.created(made, found, as_json=as_json))

    run_with_runtime(create)


@accounts.command("list")
def account_list(organization: Organization = None, as_json: AsJson = False) -> None:
    """List the technical accounts of an organization, the latest first."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.accounts(await list_accounts(runtime, found), found, as_json=as_json))

    run_with_runtime(list_them)
