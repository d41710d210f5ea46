"""`scim-ledger organization import` and `organization move`: an organization changes its database."""

from pathlib import Path
from typing import Annotated

import typer

from eventstore.transfer.arrive import Foreign
from eventstore.trees.extend import Contradicted
from service.backup.manifest import BackupProblem
from service.cli.printing.progress import shown
from service.cli.process.output import as_json as json_of
from service.cli.process.output import say
from service.cli.process.problems import Refused
from service.cli.process.run import ActingAs, AsJson, run_with_runtime, unbroken
from service.cli.provenance import cli_provenance
from service.config import Settings, read_settings
from service.moves.arrive import Arrived, load_organization
from service.moves.move import move_organization
from service.moves.package import transfer_sealer
from service.moves.write import write_organization
from service.organizations.register import find_organization
from service.proof.copies import outside_copy
from service.runtime import Runtime, open_runtime

REFUSED = (BackupProblem, Contradicted, Foreign)
Name = Annotated[str, typer.Argument(help="Name or id of the organization.")]
TransferKey = Annotated[
    Path,
    typer.Option(
        "--transfer-key", help="The file of the key that wraps the keys of persons on the way."
    ),
]


def write_for_import(name: str, folder: Path, transfer_key: Path, *, as_json: bool) -> None:
    """Write an organization into a folder that `organization import` loads; the transfer key is made if it is missing."""

    async def write(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, name)
        sealer = transfer_sealer(transfer_key, may_make=True)
        with shown("export") as board:
            done = await write_organization(runtime, found, folder, sealer, report=board.report)
        document = {
            "organizationId": done.organization_id,
            "name": done.name,
            "folder": str(done.folder),
            "events": done.events,
            "persons": done.persons,
            "digest": done.digest,
        }
        say(
            json_of(document)
            if as_json
            else f"{done.folder}: {done.events:,} events of {done.name}, and the keys of {done.persons:,} persons, which "
            f"{transfer_key} opens. SHA-256 of its manifest: {done.digest}."
        )

    run_with_runtime(write, interrupted="Interrupted: nothing was written.")


def organization_import(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="What `organization export --transfer-key` has written."
        ),
    ],
    transfer_key: TransferKey,
    reason: Annotated[str, typer.Option(help="Why, in one line: recorded in the log.")],
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Load an organization from another database, check its proof, and go on with its log here.

    Its tokens work here too. All of it is loaded, or nothing.
    """

    async def load(runtime: Runtime, settings: Settings) -> None:
        sealer = transfer_sealer(transfer_key, may_make=False)
        with shown("import") as board:
            done = await load_organization(
                runtime,
                settings,
                folder,
                sealer,
                reason=reason,
                provenance=cli_provenance(acting_as),
                report=board.report,
            )
        say(json_of(_document(done)) if as_json else _lines(done))

    run_with_runtime(load, interrupted="Interrupted: look at `organization list`, and repeat it.")


def organization_move(
    name: Name,
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            help="A file with the settings of the other database, one NAME=VALUE a line: DATABASE_URL, "
            "SCIM_LEDGER_MASTER_KEY_FILE and others.",
            exists=True,
            dir_okay=False,
        ),
    ],
    destination: Annotated[
        str, typer.Option(help="What to call the other database: recorded in the log.")
    ],
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Move an organization to another database. Its requests are answered 503 meanwhile, and none is lost.

    Afterwards it is refused here for ever, so let the proxy send its requests there.
    """

    async def move(runtime: Runtime, settings: Settings) -> None:
        found = await find_organization(runtime, name)
        settings_there = read_settings(_read_variables(to))
        try:
            async with open_runtime(settings_there, is_migrating=False) as there:
                with shown("move") as board:
                    done = await unbroken(
                        move_organization(
                            runtime,
                            there,
                            settings_there,
                            found,
                            copy=outside_copy(settings),
                            destination=destination,
                            provenance=cli_provenance(acting_as),
                            report=board.report,
                        )
                    )
        except REFUSED as error:
            raise Refused(f"Nothing has moved. {error}") from error
        held_s = round(done.held_s, 1)
        say(
            json_of({**_document(done.arrived), "heldSeconds": held_s})
            if as_json
            else f"{_lines(done.arrived)} Nobody was served for {held_s} s. Let the proxy send its requests to "
            f"{destination} now; here they are refused for ever."
        )

    run_with_runtime(move)


def _read_variables(file: Path) -> dict[str, str]:
    """Return the variables of a file with one NAME=VALUE a line; # begins a comment."""
    try:
        lines = [each.strip() for each in file.read_text("utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is not UTF-8: write NAME=VALUE, one a line.") from error
    pairs = [each.partition("=") for each in lines if each and not each.startswith("#")]
    if wrong := next((name for name, equals, _ in pairs if not equals), None):
        raise Refused(f"{file}: {wrong} has no value: write NAME=VALUE.")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _document(done: Arrived) -> dict[str, object]:
    return {
        "organizationId": done.organization_id,
        "name": done.name,
        "events": done.events,
        "persons": done.persons,
        "size": done.size,
    }


def _lines(done: Arrived) -> str:
    return (
        f"{done.name} ({done.organization_id}) is here: {done.events:,} events and {done.persons:,} persons, every event "
        f"as it was signed. The key of this database signs the log from event {done.size:,} on."
    )
