"""`scim-ledger audit witness`: who else cosigns the checkpoints of a log, and how far that is."""

from typing import Annotated, Any

import typer

from eventstore.proof.notes import read_vkey
from eventstore.proof.outside_lines import instant
from eventstore.trees.cosignatures import find_cosigned
from eventstore.trees.logs import load_log
from schema.events.organization import Organization
from service.cli.audit import audit
from service.cli.process import output
from service.cli.process.output import say
from service.cli.process.run import ActingAs, AsJson, run_with_runtime
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.manage import reload_organization
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.runtime import Runtime

SETTING = "witness"


@audit.command("witness")
def audit_witness(
    organization: Annotated[str, typer.Argument(help="Name or id of the organization.")],
    url: Annotated[
        str | None, typer.Option(help="Where the witness is asked: <url>/add-checkpoint.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Its public key: <name>+<key id>+<base64>.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Ask nobody any more.")] = False,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Show who else cosigns the checkpoints of a log and how far that is; name a witness, or remove it.

    Give the witness the origin and the key of the log: `audit keys` shows both.
    """
    if (url is None) != (key is None) or (remove and url is not None):
        raise typer.BadParameter("Give --url and --key together, or --remove, or none of them.")

    async def work(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        if remove or url is not None:
            chosen = None if remove else {"url": url, "vkey": key}
            await change_settings(
                runtime, found, {SETTING: chosen}, provenance=cli_provenance(acting_as)
            )
            found = await reload_organization(runtime, found)
        document = await state_of(runtime, found)
        say(output.as_json(document) if as_json else lines(document))

    run_with_runtime(work)


async def state_of(runtime: Runtime, organization: Organization) -> dict[str, Any]:
    """Return who cosigns the log of an organization, and the newest checkpoint that was cosigned."""
    setting = organization.setting(SETTING)
    async with runtime.pool.acquire() as connection:
        state = await load_log(connection, organization.id)
        witness = read_vkey(setting["vkey"]) if setting else None
        held = await find_cosigned(connection, state, witness) if state else None
    return {
        "url": setting["url"] if setting else None,
        "vkey": setting["vkey"] if setting else None,
        "size": state.size if state else 0,
        "witnessedSize": held.size if held else None,
        "witnessedAt": instant(held.cosigned_at) if held else None,
    }


def lines(document: dict[str, Any]) -> str:
    """Return the same for people."""
    if document["url"] is None:
        return "No witness cosigns the checkpoints of this log."
    first = f"{document['vkey']} at {document['url']}"
    if document["witnessedSize"] is None:
        return f"{first}\nIt has not cosigned a checkpoint yet; a running service asks it once a minute."
    return (
        f"{first}\nIt cosigned the checkpoint of {document['witnessedSize']:,} on {document['witnessedAt']}; "
        f"the newest one is of {document['size']:,}."
    )
