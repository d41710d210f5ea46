"""The commands about OAuth clients: who may get access tokens, and their secrets."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from schema.events import organization as shapes
from service.callers.issuers import read_rules
from service.callers.scopes import DEFAULT
from service.cli.groups import group
from service.cli.printing import clients as show
from service.cli.process import output
from service.cli.process.output import OutputClosed, OutputFailed, check_output, say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime, unbroken
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.database.address import find_origin
from service.oauth.paths import TOKEN_PATH
from service.organizations import clients as use_cases
from service.organizations.clients import NewClient
from service.organizations.listed_clients import find_client, list_clients
from service.organizations.register import find_organization
from service.organizations.tokens import find_account_id
from service.runtime import Runtime

clients = group("OAuth clients of an organization: they get access tokens at /oauth2/token.")
DAYS_MAX = 3 * 366
ClientId = Annotated[UUID, typer.Argument(help="The client's id, from `scim-ledger client list`.")]
ExpiresDays = Annotated[
    int | None,
    typer.Option(min=1, max=DAYS_MAX, help="Days until the secret expires; a year by default."),
]
MadeT = TypeVar("MadeT")


@clients.command("create")
def client_create(
    label: Annotated[str, typer.Option(help="What the client is for, such as `Entra production`.")],
    issuer: Annotated[
        str | None,
        typer.Option(help="Federated: the exact `iss` of its assertions. Without it: a secret."),
    ] = None,
    subject: Annotated[
        list[str] | None,
        typer.Option(help="Federated: the exact `sub` or `azp`. May be repeated."),
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option(help="Federated: an exact `aud`. May be repeated.")
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it permits; scim by default. May be repeated.")
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            help="userName of the technical account, which must be active and an Administrator."
        ),
    ] = None,
    expires_days: ExpiresDays = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Register an OAuth client with a secret, or with --issuer one that this issuer vouches for.

    The secret is shown only once: copy it now.
    """

    async def create(runtime: Runtime, settings: Settings) -> None:
        check_output()
        found = await find_organization(runtime, organization)
        wanted = NewClient(
            label=label,
            kind="federated" if issuer or subject or audience else "secret",
            account_id=await find_account_id(runtime, found, account),
            scopes=tuple(dict.fromkeys(scope or DEFAULT)),
            expires_at=expiry(expires_days),
            issuer=issuer,
            subjects=tuple(subject or ()),
            audiences=tuple(audience or ()),
        )
        rules = read_rules(settings.issuer_hosts, may_be_private=settings.issuers_may_be_private)
        address = await find_origin(runtime.pool, settings) + TOKEN_PATH
        provenance = cli_provenance(acting_as)
        await make_and_show(
            use_cases.register_client(runtime, found, wanted, rules=rules, provenance=provenance),
            lambda made: show.made(made, address, as_json=as_json),
            lambda made: use_cases.revoke_client(
                runtime, found, made.client_id, provenance=cli_provenance()
            ),
        )

    run_with_runtime(create)


@clients.command("list")
def client_list(organization: Organization = None, as_json: AsJson = False) -> None:
    """List the OAuth clients of an organization. Their secrets are not stored and cannot be shown."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.listed(await list_clients(runtime, found), as_json=as_json))

    run_with_runtime(list_them)


@clients.command("show")
def client_show(
    client_id: ClientId, organization: Organization = None, as_json: AsJson = False
) -> None:
    """Show an OAuth client, its secrets without their values, and its state."""

    async def show_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.client(await find_client(runtime, found, client_id), as_json=as_json))

    run_with_runtime(show_it)


@clients.command("revoke")
def client_revoke(
    client_id: ClientId,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Revoke an OAuth client. Within a second, no process accepts its access tokens any more."""

    async def revoke(runtime: Runtime, found: shapes.Organization) -> bool:
        return await use_cases.revoke_client(
            runtime, found, client_id, provenance=cli_provenance(acting_as)
        )

    _revoke(revoke, client_id, organization, as_json=as_json)


@clients.command("change")
def client_change(
    client_id: ClientId,
    subject: Annotated[
        list[str] | None, typer.Option(help="The exact `sub` or `azp`. May be repeated.")
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option(help="An exact `aud`. May be repeated.")
    ] = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Give a federated client other subjects or audiences. What is given replaces the former list."""

    async def change(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        is_new = await use_cases.change_trust(
            runtime,
            found,
            client_id,
            subjects=tuple(subject) if subject else None,
            audiences=tuple(audience) if audience else None,
            provenance=cli_provenance(acting_as),
        )
        say(show.changed(client_id, is_new=is_new, as_json=as_json))

    run_with_runtime(change)


@clients.command("add-secret")
def client_add_secret(
    client_id: ClientId,
    expires_days: ExpiresDays = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Give an OAuth client a second secret, to replace the first. It is shown only once: copy it now."""

    async def add(runtime: Runtime, settings: Settings) -> None:
        check_output()
        found = await find_organization(runtime, organization)
        address = await find_origin(runtime.pool, settings) + TOKEN_PATH
        expires_at, provenance = expiry(expires_days), cli_provenance(acting_as)
        await make_and_show(
            use_cases.add_secret(
                runtime, found, client_id, expires_at=expires_at, provenance=provenance
            ),
            lambda made: show.secret(made, address, as_json=as_json),
            lambda made: use_cases.revoke_secret(
                runtime, found, client_id, made.secret_id, provenance=cli_provenance()
            ),
        )

    run_with_runtime(add)


@clients.command("revoke-secret")
def client_revoke_secret(
    client_id: ClientId,
    secret_id: Annotated[UUID, typer.Argument(help="The secret's id.")],
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a secret of an OAuth client. Access tokens that it led to work until they expire."""

    async def revoke(runtime: Runtime, found: shapes.Organization) -> bool:
        return await use_cases.revoke_secret(
            runtime, found, client_id, secret_id, provenance=cli_provenance(acting_as)
        )

    _revoke(revoke, secret_id, organization, as_json=as_json)


def expiry(days: int | None) -> datetime | None:
    """Return when a secret expires; None if the command names no number of days."""
    return None if days is None else datetime.now(UTC) + timedelta(days=days)


def _revoke(
    revoke: Callable[[Runtime, shapes.Organization], Awaitable[bool]],
    revoked_id: UUID,
    organization: str | None,
    *,
    as_json: bool,
) -> None:
    async def work(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.revoked(revoked_id, is_new=await revoke(runtime, found), as_json=as_json))

    run_with_runtime(work)


async def make_and_show(
    making: Awaitable[MadeT],
    shown: Callable[[MadeT], str],
    undo: Callable[[MadeT], Awaitable[object]],
) -> None:
    """Make a secret and show it. If it cannot be shown, revoke it. Errors: OutputFailed."""
    made = asyncio.ensure_future(making)
    try:
        await output.show(shown(await asyncio.shield(made)))
    except BaseException as error:
        await asyncio.wait([made])
        lost = made.result()  # If it was never made, this raises the error that says why.

        async def revoke() -> None:
            await undo(lost)

        await unbroken(revoke())
        if isinstance(error, OutputClosed | OutputFailed):
            raise OutputFailed(f"The secret could not be shown and was revoked: {error}") from error
        raise
