"""The commands of `scim-ledger`. Each one opens a runtime, calls one function and prints the result."""

import asyncio
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import structlog
import typer

import service.cli.cycles
import service.cli.witness  # noqa: F401 - they add their commands to those of auditors.
from service.callers.authenticate import FRESH_S
from service.cli import tail
from service.cli.admin.accounts import accounts
from service.cli.admin.clients import clients
from service.cli.admin.console import console
from service.cli.admin.groups import groups
from service.cli.admin.guard import guard
from service.cli.admin.organizations import organizations
from service.cli.admin.people import users
from service.cli.admin.role_groups import role_groups
from service.cli.admin.tokens import tokens
from service.cli.demo import demo
from service.cli.feed.publishing import feed
from service.cli.feed.webhooks import webhooks
from service.cli.files.export import exports
from service.cli.groups import HELP_NAMES, group, help_style, show_help
from service.cli.keys import keys
from service.cli.operate.check import check_command
from service.cli.printing import lists as show
from service.cli.privacy.holds import holds
from service.cli.privacy.organizations import organization_erase, organization_export
from service.cli.privacy.people import audit_erase, audit_erasures
from service.cli.process import output
from service.cli.process.output import say
from service.cli.process.run import (
    ActingAs,
    AsJson,
    Organization,
    Personal,
    run,
    run_with_runtime,
)
from service.cli.projections import projections
from service.cli.proof import audit
from service.cli.provenance import cli_provenance
from service.cli.recovery.backup import backup
from service.cli.recovery.moves import organization_import, organization_move
from service.cli.settings import organization_set
from service.config import Settings
from service.database.migrate import migrate
from service.organizations.manage import reload_organization
from service.organizations.register import find_organization
from service.organizations.schemas import register_schema
from service.runtime import Runtime, adopt_by_log, make_ready, open_database
from service.workers.parent import NotStarted
from service.workers.worker import OPTION, read_option

log = structlog.get_logger()
app = typer.Typer(
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=help_style(),
    context_settings=HELP_NAMES,
)
roles = group("The five roles of an organization, and their UUIDs.")
schemas = group("Extension schemas that an organization has registered for its users.")
events = group("The event log: everything that ever happened.")
app.add_typer(organizations, name="organization")
app.add_typer(roles, name="role")
app.add_typer(role_groups, name="role-group")
app.add_typer(guard, name="guard")
app.add_typer(users, name="user")
app.add_typer(groups, name="group")
app.add_typer(accounts, name="account")
app.add_typer(tokens, name="token")
app.add_typer(clients, name="client")
app.add_typer(webhooks, name="webhook")
app.add_typer(feed, name="feed")
app.add_typer(schemas, name="schema")
app.add_typer(events, name="events")
app.add_typer(audit, name="audit")
app.add_typer(projections, name="projections")
app.add_typer(keys, name="keys")
app.add_typer(console, name="console")
app.add_typer(backup, name="backup")


def show_version(is_wanted: bool) -> None:
    """Print the version and exit, if --version was given."""
    if is_wanted:
        say(f"scim-ledger {version('scim-ledger')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """SCIM 2.0 provisioning, every change an immutable event. Begin with `scim-ledger serve`."""
    show_help(context)


@app.command()
def serve(
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Processes that serve; SCIM_LEDGER_WORKERS if it is not given."
        ),
    ] = None,
    as_worker: Annotated[str | None, typer.Option(OPTION, hidden=True)] = None,
) -> None:
    """Run the service. The first start makes a database and an organization.

    On a terminal, the first start also makes a token and shows it. Without DATABASE_URL, the service runs
    an embedded PostgreSQL in SCIM_LEDGER_DATA_DIR.
    """
    # Only this command serves, and the HTTP server takes half a second to import.
    from service.cli.serve import run_service, serve_with_workers  # noqa: PLC0415

    async def run_all(settings: Settings) -> None:
        count = workers or settings.workers
        if as_worker is not None:
            await run_service(settings, worker=read_option(as_worker))
        elif count > 1:
            await serve_with_workers(settings, count)
        else:
            await run_service(settings)

    try:
        run(run_all)
    except NotStarted as error:  # The worker has said why.
        raise typer.Exit(error.code) from None


app.command("check")(check_command)


@app.command("migrate")
def migrate_command(
    renew_login: Annotated[
        bool,
        typer.Option("--renew-login", help="Give the service's stored login a new password now."),
    ] = False,
) -> None:
    """Migrate the database to the schema of this release, with the owner's login.

    Running it again changes nothing.
    """
    run(partial(_migrate, renew_login=renew_login))


async def _migrate(settings: Settings, *, renew_login: bool) -> None:
    async with open_database(settings, may_make=False) as logins:
        applied = await migrate(logins.owner_dsn)
        await adopt_by_log(logins.owner_dsn, settings)
        for each in applied:
            say(f"applied {each}")
        made = await make_ready(logins, settings, renew_login=renew_login)
        for each in made:
            say(f"made {each}")
    if not applied and not made:
        say("The database is up to date.")


organizations.command("set")(organization_set)
organizations.command("export")(organization_export)
organizations.command("erase")(organization_erase)
organizations.command("import")(organization_import)
organizations.command("move")(organization_move)
audit.command("erase")(audit_erase)
audit.command("erasures")(audit_erasures)
app.command("demo")(demo)
audit.add_typer(holds, name="hold")
audit.add_typer(exports, name="export")


@roles.command("list")
def role_list(organization: Organization = None, as_json: AsJson = False) -> None:
    """List the roles with their UUIDs, which are the values of roleId."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.roles(found, as_json=as_json))

    run_with_runtime(list_them)


@schemas.command("add")
def schema_add(
    file: Annotated[
        Path,
        typer.Argument(
            help="A Schema resource of RFC 7643 §7 as JSON.", exists=True, dir_okay=False
        ),
    ],
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Register an extension schema. Register it again with more attributes to add them."""

    async def add(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        text = file.read_bytes()
        is_new = await register_schema(runtime, found, text, provenance=cli_provenance(acting_as))
        await asyncio.sleep(FRESH_S)  # By then every process has loaded the organization again.
        now = await reload_organization(runtime, found)
        say(show.registered(now, text, is_new=is_new, as_json=as_json))

    run_with_runtime(add)


@schemas.command("list")
def schema_list(organization: Organization = None, as_json: AsJson = False) -> None:
    """List the extension schemas that an organization has registered."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.schemas(found, as_json=as_json))

    run_with_runtime(list_them)


@events.command("tail")
def events_tail(
    organization: Organization = None,
    last: Annotated[
        int, typer.Option("--last", "-n", min=0, help="How many past events to show first.")
    ] = 20,
    follow: Annotated[bool, typer.Option(help="Keep showing new events until Ctrl-C.")] = True,
    personal: Personal = False,
    as_json: AsJson = False,
) -> None:
    """Show the latest events of an organization, then new events as they happen."""

    async def print_them(runtime: Runtime) -> None:
        found = await find_organization(runtime, organization)
        async for each in tail.lines(
            runtime, found, last=last, is_following=follow, with_personal=personal, as_json=as_json
        ):
            await output.show(each)

    async def tail_them(runtime: Runtime, _settings: Settings) -> None:
        await output.while_read(print_them(runtime))

    run_with_runtime(tail_them, is_endless=follow)
