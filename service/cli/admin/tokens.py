"""`scim-ledger token …`: issue, list, rotate and revoke bearer tokens."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from service.callers.scopes import DEFAULT, MEANINGS, OPERATE
from service.cli.admin.clients import make_and_show
from service.cli.admin.issue import issue_and_show
from service.cli.groups import group
from service.cli.printing import tokens as show
from service.cli.process.output import check_output, complain, say
from service.cli.process.problems import Refused
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.database.address import find_origin
from service.operate import tokens as operators
from service.organizations.listing import find_token, list_tokens
from service.organizations.register import find_organization
from service.organizations.tokens import (
    LIFETIME,
    LIFETIME_MAX,
    issue_token,
    revoke_token,
    rotate_token,
)
from service.runtime import Runtime
from service.scim.base_path import BASE_PATH

NEVER_EXPIRES = "scim-ledger: Warning: this token never expires. Whoever finds it can use it until you revoke it."
tokens = group("Bearer tokens of an organization's technical accounts.")
TokenId = Annotated[UUID, typer.Argument(help="The token's id, from `scim-ledger token list`.")]


@tokens.command("issue")
def token_issue(
    label: Annotated[str, typer.Option(help="What the token is for, such as `Entra production`.")],
    organization: Organization = None,
    account: Annotated[
        str | None,
        typer.Option(
            help="userName of the technical account, which must be active and an Administrator."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help=f"What the token permits; may be given several times. By default scim. One of {', '.join(MEANINGS)}."
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CIDR",
            help="From where it is accepted; may be given several times. By default from anywhere.",
        ),
    ] = None,
    expires_days: Annotated[
        int,
        typer.Option(
            min=0, max=LIFETIME_MAX.days, help="Days until the token expires; 0 for never."
        ),
    ] = LIFETIME.days,
    never_expires: Annotated[
        bool, typer.Option("--never-expires", help="Make a token that works until it is revoked.")
    ] = False,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token. It is shown only once: copy it now."""
    is_endless = never_expires or not expires_days
    if OPERATE in (scope or ()):
        lifetime = None if is_endless else timedelta(days=expires_days)
        _issue_for_operator(
            label,
            lifetime,
            acting_as,
            is_alone=scope == [OPERATE] and not (organization or account or network),
            as_json=as_json,
        )
        return

    async def issue(runtime: Runtime, settings: Settings) -> None:
        check_output()
        if is_endless:
            complain(NEVER_EXPIRES)
        found = await find_organization(runtime, organization)
        tenant_url = await find_origin(runtime.pool, settings) + BASE_PATH
        await issue_and_show(
            runtime,
            found,
            issue_token(
                runtime,
                found,
                label,
                account=account,
                scopes=scope or DEFAULT,
                lifetime=None if is_endless else timedelta(days=expires_days),
                allowed_networks=network or (),
                provenance=cli_provenance(acting_as),
            ),
            lambda issued: show.issued(issued, tenant_url, as_json=as_json),
        )

    run_with_runtime(issue)


def _issue_for_operator(
    label: str, lifetime: timedelta | None, acting_as: str | None, *, is_alone: bool, as_json: bool
) -> None:
    """Make a token of an operator. It belongs to no organization, so it has no other scope."""

    async def issue(runtime: Runtime, _settings: Settings) -> None:
        check_output()
        if not is_alone:
            raise Refused(
                "A token with the scope operate belongs to no organization: give it no other scope, and neither "
                "--organization nor --account nor --network."
            )
        if lifetime is None:
            complain(NEVER_EXPIRES)
        created_by = cli_provenance(acting_as).actor_id
        await make_and_show(
            operators.issue(runtime.pool, label, lifetime=lifetime, created_by=created_by),
            lambda made: show.operator_issued(*made, as_json=as_json),
            lambda made: operators.revoke(runtime.pool, made[1].id),
        )

    run_with_runtime(issue)


@tokens.command("rotate")
def token_rotate(
    token_id: TokenId,
    overlap_days: Annotated[
        float,
        typer.Option(
            min=0, max=LIFETIME_MAX.days, help="Days for which the old token still works."
        ),
    ] = 0,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Make the successor of a token, with the same account, scopes and networks. It is shown only once."""

    async def rotate(runtime: Runtime, settings: Settings) -> None:
        check_output()
        found = await find_organization(runtime, organization)
        tenant_url = await find_origin(runtime.pool, settings) + BASE_PATH
        until = datetime.now(UTC) + timedelta(days=overlap_days) if overlap_days else None
        await issue_and_show(
            runtime,
            found,
            rotate_token(
                runtime,
                found,
                token_id,
                overlap_until=until,
                provenance=cli_provenance(acting_as),
            ),
            lambda issued: show.issued(issued, tenant_url, as_json=as_json),
        )

    run_with_runtime(rotate)


@tokens.command("list")
def token_list(
    organization: Organization = None,
    of_operators: Annotated[
        bool, typer.Option("--operators", help="List the tokens of operators instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the tokens of an organization. Their secret values are not stored and cannot be shown."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        if of_operators:
            say(show.operators(await operators.list_all(runtime.pool), as_json=as_json))
            return
        found = await find_organization(runtime, organization)
        listed = await list_tokens(runtime, found)
        say(show.tokens(listed[::-1], found, as_json=as_json))

    run_with_runtime(list_them)


@tokens.command("show")
def token_show(
    token_id: TokenId, organization: Organization = None, as_json: AsJson = False
) -> None:
    """Show a token: its account, its state, when and from where it was last used. Its value is not stored."""

    async def show_it(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        token = await find_token(runtime, found, token_id)
        say(show.token(token, found, as_json=as_json))

    run_with_runtime(show_it)


@tokens.command("revoke")
def token_revoke(
    token_id: TokenId,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a token. Within a second, no process accepts it any more."""

    async def revoke(runtime: Runtime, _settings: Settings) -> None:
        is_new = await operators.revoke(runtime.pool, token_id)
        if is_new is not None:
            say(show.operator_revoked(token_id, is_new=is_new, as_json=as_json))
            return
        found = await find_organization(runtime, organization)
        is_new = await revoke_token(runtime, found, token_id, provenance=cli_provenance(acting_as))
        revoked = await find_token(runtime, found, token_id)
        say(show.revoked(revoked, found, is_new=is_new, as_json=as_json))

    run_with_runtime(revoke)
