"""`scim-ledger organization export` and `organization erase`: the end of a contract."""

from pathlib import Path
from typing import Annotated

import typer

from projections.maintenance.session import Progress
from service.cli.printing.progress import shown
from service.cli.privacy.place import place_of
from service.cli.process.output import as_json as json_of
from service.cli.process.output import say
from service.cli.process.problems import Refused
from service.cli.process.run import ActingAs, AsJson, run_with_runtime
from service.cli.provenance import cli_provenance
from service.cli.recovery.moves import write_for_import
from service.config import Settings
from service.erasure.export import export_organization
from service.erasure.organization import EndReceipt, as_document, erase_organization
from service.organizations.register import find_organization
from service.runtime import Runtime

Name = Annotated[str, typer.Argument(help="Name or id of the organization.")]


def organization_export(
    name: Name,
    output: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist.")
    ],
    transfer_key: Annotated[
        Path | None,
        typer.Option(
            "--transfer-key",
            help="Write a folder for `organization import` instead, sealed; this file has the key, and is made if missing.",
        ),
    ] = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Write everything of an organization as NDJSON: settings, roles, schemas, and every event with its values.

    With --transfer-key, values stay sealed, and FILE is a folder that another database can load.
    """
    if transfer_key is not None:
        write_for_import(name, output, transfer_key, as_json=as_json)
        return

    async def export(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, name)
        try:
            with output.open("xb") as file, shown("export") as board:
                done = await export_organization(
                    runtime,
                    found,
                    file,
                    provenance=cli_provenance(acting_as),
                    report=lambda at, of: board.report(Progress("export", at, of)),
                )
        except FileExistsError:
            raise Refused(f"{output} exists already: name another file.") from None
        document = {
            "organizationId": done.organization_id,
            "name": done.name,
            "file": str(output),
            "events": done.events,
            "toPosition": done.to_position,
            "digest": done.digest,
            "exportedAt": done.exported_at,
        }
        say(
            json_of(document)
            if as_json
            else f"{output}: {done.events:,} events of {done.name}, up to position {done.to_position:,}. "
            f"SHA-256 of all lines but the last: {done.digest}."
        )

    run_with_runtime(export, interrupted="Interrupted: the file is not complete.")


def organization_erase(
    name: Name,
    reason: Annotated[
        str, typer.Option(help="Why, in one line that names nobody: it stays in the log for ever.")
    ],
    confirm: Annotated[
        str | None,
        typer.Option(help="The organization's name once more; without it the command asks."),
    ] = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """End a contract: erase everybody, end all tokens, and take the organization out of the directory. For ever.

    The log stays, and nobody can read a person's values in it. Prints the receipt.
    """
    repeated = confirm
    if repeated is None:
        repeated = typer.prompt(f"This erases everybody of {name} for ever. Its name once more")

    async def erase(runtime: Runtime, settings: Settings) -> None:
        found = await find_organization(runtime, name)
        if repeated != found.name:
            raise Refused(f"Nothing was erased: the organization is called {found.name!r}.")
        with shown("erase") as board:
            receipt = await erase_organization(
                runtime,
                found,
                reason=reason,
                provenance=cli_provenance(acting_as),
                place=place_of(settings),
                report=lambda at, of: board.report(Progress("erase", at, of)),
            )
        say(json_of(as_document(receipt)) if as_json else _lines(receipt))

    run_with_runtime(
        erase, interrupted="Interrupted: some people are erased; the same command goes on."
    )


def _lines(receipt: EndReceipt) -> str:
    backups = receipt.backups
    return "\n".join(
        [
            f"{receipt.name} ({receipt.organization_id}) is erased: {receipt.reason}",
            f"People erased: {receipt.people:,}. Groups deleted: {receipt.groups:,}.",
            f"Tokens and clients ended: {receipt.tokens:,}.",
            f"The log has {receipt.position:,} events. Nobody can read a person's values in it.",
            "Backups may hold these people until you delete them:",
            f"  exports of keys from before, by {backups.key_exports_until}",
            f"  physical copies, by {backups.physical_copies_until} ({backups.retention_days} days)",
        ]
    )
