"""The commands about webhooks: where events are sent to, how far each place has got, and what it refused."""

from typing import Annotated
from uuid import UUID

import typer

from schema.events.feed import WebhookFormat
from service.cli.admin.clients import make_and_show
from service.cli.feed import printing as show
from service.cli.groups import group
from service.cli.process.output import check_output, say
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.register import find_organization
from service.runtime import Runtime
from service.webhooks import manage
from service.webhooks.manage import NewWebhook
from service.webhooks.parts import place_rules

webhooks = group("Webhooks of an organization: the service sends events to them by itself.")
LETTERS_MAX = 200
WebhookId = Annotated[
    UUID, typer.Argument(help="The webhook's id, from `scim-ledger webhook list`.")
]


@webhooks.command("create")
def webhook_create(
    label: Annotated[str, typer.Option(help="What it is for, such as `SIEM`.")],
    url: Annotated[
        str | None,
        typer.Option(
            help="https://… or mailto: and one address. Without it the receiver polls (RFC 8936)."
        ),
    ] = None,
    event_type: Annotated[
        list[str] | None,
        typer.Option("--type", help="A type of events; all by default. May be repeated."),
    ] = None,
    form: Annotated[
        WebhookFormat,
        typer.Option("--format", help="`set`: Security Event Tokens; `ocsf`: a SIEM."),
    ] = "json",
    after: Annotated[
        int | None, typer.Option(min=0, help="Events after this position; by default from now on.")
    ] = None,
    without_values: Annotated[
        bool, typer.Option("--without-personal", help="Leave personal values out.")
    ] = False,
    bearer: Annotated[
        str | None,
        typer.Option(
            help="The token that a receiver of Security Event Tokens wants.",
        ),
    ] = None,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Send events to a further place. The secret that signs them is shown only once: copy it now."""

    async def create(runtime: Runtime, settings: Settings) -> None:
        check_output()
        found = await find_organization(runtime, organization)
        wanted = NewWebhook(
            label=label,
            url=url,
            types=event_type or (),
            format=form,
            with_values=not without_values,
            after=after,
            bearer=bearer,
        )
        provenance = cli_provenance(acting_as)
        await make_and_show(
            manage.create_webhook(
                runtime, found, wanted, rules=place_rules(settings), provenance=provenance
            ),
            lambda made: show.made(made, as_json=as_json),
            lambda made: manage.delete_webhook(
                runtime, found, made.webhook_id, provenance=cli_provenance()
            ),
        )

    run_with_runtime(create)


@webhooks.command("list")
def webhook_list(organization: Organization = None, as_json: AsJson = False) -> None:
    """List the webhooks of an organization, and how far each has got."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        say(show.listed(await manage.list_webhooks(runtime, found), as_json=as_json))

    run_with_runtime(list_them)


@webhooks.command("enable")
def webhook_enable(
    webhook_id: WebhookId,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Enable a webhook: it goes on where it was."""
    _switch(webhook_id, organization, acting_as, is_enabled=True, as_json=as_json)


@webhooks.command("disable")
def webhook_disable(
    webhook_id: WebhookId,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Disable a webhook: it keeps its place."""
    _switch(webhook_id, organization, acting_as, is_enabled=False, as_json=as_json)


@webhooks.command("replay")
def webhook_replay(
    webhook_id: WebhookId,
    after: Annotated[
        int, typer.Option(min=0, help="All events after this position are sent again.")
    ],
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Send events again, also those that were refused before."""

    async def replay(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        await manage.replay_webhook(
            runtime, found, webhook_id, after=after, provenance=cli_provenance(acting_as)
        )
        say(show.changed(webhook_id, is_changed=True, as_json=as_json))

    run_with_runtime(replay)


@webhooks.command("rotate-secret")
def webhook_rotate_secret(
    webhook_id: WebhookId,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Give a webhook another secret, shown only once. For a day messages are signed with both."""

    async def rotate(runtime: Runtime, _settings: Settings) -> None:
        check_output()
        found = await find_organization(runtime, organization)
        made = await manage.rotate_secret(
            runtime, found, webhook_id, provenance=cli_provenance(acting_as)
        )
        say(show.made(made, as_json=as_json))

    run_with_runtime(rotate)


@webhooks.command("delete")
def webhook_delete(
    webhook_id: WebhookId,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a webhook and its dead letters."""

    async def delete(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        await manage.delete_webhook(
            runtime, found, webhook_id, provenance=cli_provenance(acting_as)
        )
        say(show.changed(webhook_id, is_changed=True, as_json=as_json))

    run_with_runtime(delete)


@webhooks.command("dead-letters")
def webhook_dead_letters(
    webhook_id: WebhookId,
    after: Annotated[int, typer.Option(min=0, help="Those after this position.")] = 0,
    organization: Organization = None,
    as_json: AsJson = False,
) -> None:
    """List events that a webhook refused again and again: the first 200 after a position."""

    async def list_them(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        letters = await manage.list_dead_letters(
            runtime, found, webhook_id, after=after, limit=LETTERS_MAX
        )
        say(show.dead_letters(letters, as_json=as_json))

    run_with_runtime(list_them)


def _switch(
    webhook_id: UUID,
    organization: str | None,
    acting_as: str | None,
    *,
    is_enabled: bool,
    as_json: bool,
) -> None:
    async def switch(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        is_changed = await manage.switch_webhook(
            runtime, found, webhook_id, is_enabled=is_enabled, provenance=cli_provenance(acting_as)
        )
        say(show.changed(webhook_id, is_changed=is_changed, as_json=as_json))

    run_with_runtime(switch)
