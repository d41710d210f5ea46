"""The commands of `scim-ledger audit` about the proof: is the log complete and unaltered, and what shows it."""

import shutil
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from eventstore.proof import verifier
from eventstore.proof.verdicts import AuditExit
from eventstore.trees.extend import Contradicted
from eventstore.trees.prove import NoProof
from eventstore.trees.restart import NotReached
from projections.directory import organizations as admin
from schema.scim.errors import ScimError
from service.cli.audit import From, To, Zone, audit, begin_of, end_of
from service.cli.printing import proof as show
from service.cli.printing.progress import shown
from service.cli.process.output import as_json as json_of
from service.cli.process.output import say
from service.cli.process.problems import Exit, Refused
from service.cli.process.run import ActingAs, AsJson, Organization, run_with_runtime, unbroken
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.organizations.register import find_organization
from service.proof import repair
from service.proof.answers import keys_document, load_signed
from service.proof.evidence import Shown, Wanted, write_evidence
from service.proof.rotate import rotate_log_key
from service.proof.verify import verify_logs
from service.runtime import Runtime

Reason = Annotated[str, typer.Option(help="Why: recorded in the log.")]
Narrow = Annotated[
    str | None,
    typer.Option("--organization", "-o", help="Name or id of one organization; all by default."),
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="With BUNDLE: a public key of the log, from another channel."),
]
Witnesses = Annotated[
    list[str] | None,
    typer.Option(
        "--witness",
        help="With BUNDLE: the key of a witness who must have cosigned.",
    ),
]
Checkpoints = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="With BUNDLE: a checkpoint that you kept, as a file."),
]


@audit.command("verify")
def audit_verify(
    bundle: Annotated[
        Path | None,
        typer.Argument(help="A bundle of evidence, to check without the database."),
    ] = None,
    organization: Narrow = None,
    key: Keys = None,
    witness: Witnesses = None,
    checkpoint: Checkpoints = None,
    as_json: AsJson = False,
) -> None:
    """Compare every event with the tree, the checkpoints and the copy outside; or check a bundle offline.

    Exit code 0: all agree. 1: something contradicts. 2: wrong usage, or the database is out of reach.
    3: nothing contradicts, but something is missing that trust needs.
    """
    if bundle is not None:
        arguments = [str(bundle)]
        for name, values in (("key", key), ("witness", witness), ("checkpoint", checkpoint)):
            for each in values or ():
                arguments += [f"--{name}", str(each)]
        raise typer.Exit(verifier.main(arguments))

    async def verify(runtime: Runtime, settings: Settings) -> None:
        chosen = None
        if organization is not None:
            chosen = [(await find_organization(runtime, organization)).id]
        with shown("verify") as board:
            found = await verify_logs(runtime, settings, board.report, chosen)
        if as_json:
            say("\n".join(show.documents(found)))
        else:
            say(show.lines(found, await _names(runtime)))
        if found.exit:
            raise typer.Exit(found.exit)

    try:
        run_with_runtime(verify, interrupted="Interrupted: not all events were compared.")
    except typer.Exit as error:
        # This command has exit codes of its own: 3 says something about trust.
        if error.exit_code == Exit.UNAVAILABLE and not _is_verdict(error):
            raise typer.Exit(AuditExit.USAGE) from None
        raise


def _is_verdict(error: typer.Exit) -> bool:
    return isinstance(error.exit_code, AuditExit)


async def _names(runtime: Runtime) -> dict[UUID, str]:
    async with runtime.pool.acquire() as connection:
        return {each.id: each.name for each in await admin.list_organizations(connection)}


@audit.command("accept-restore")
def audit_accept_restore(
    organization: Annotated[str, typer.Argument(help="Name or id of the organization.")],
    reason: Reason,
    tokens: Annotated[
        Literal["keep", "revoke"],
        typer.Option(
            help="Revocations may be lost: keep all tokens and OAuth clients as they are now, or revoke all."
        ),
    ],
    acting_as: ActingAs = None,
) -> None:
    """Declare that the end of a log is lost, after a backup or a standby was put into service."""

    async def accept(runtime: Runtime, settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        with shown("accept-restore") as board:
            lost = await unbroken(
                repair.accept_restore(
                    runtime,
                    settings,
                    found,
                    reason=reason,
                    tokens=tokens,
                    provenance=cli_provenance(acting_as),
                    report=board.report,
                )
            )
        say(show.accepted(lost))

    run_with_runtime(accept)


@audit.command("rebuild-tree")
def audit_rebuild_tree(organization: Organization = None) -> None:
    """Make the stored tree of a log anew, if it is damaged. The log must give all roots that were signed."""

    async def rebuild(runtime: Runtime, settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        try:
            with shown("rebuild-tree") as board:
                size = await repair.rebuild(runtime, settings, found, board.report)
        except NotReached as error:
            raise Refused(f"The tree was not changed. {error}") from error
        say(f"The tree of {found.name} was made anew: {size:,} events, as signed.")

    run_with_runtime(rebuild, interrupted="Interrupted: the tree was not changed.")


@audit.command("begin")
def audit_begin(
    organization: Annotated[str, typer.Argument(help="Name or id of the organization.")],
    reason: Reason,
    acting_as: ActingAs = None,
) -> None:
    """Begin the proof of a log that has no checkpoint anywhere. Nothing proves the time before."""

    async def begin(runtime: Runtime, settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        with shown("begin") as board:
            state = await unbroken(
                repair.begin(
                    runtime,
                    settings,
                    found,
                    reason=reason,
                    provenance=cli_provenance(acting_as),
                    report=board.report,
                )
            )
        say(f"The log of {found.name} is proven from position {state.size} on.")

    run_with_runtime(begin)


@audit.command("keys")
def audit_keys(organization: Organization = None, as_json: AsJson = False) -> None:
    """Show the public keys that sign the checkpoints of a log: whoever verifies needs one by another channel."""

    async def show_keys(runtime: Runtime, _settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        try:
            async with runtime.pool.acquire() as connection:
                state = await load_signed(connection, found.id)
                document = await keys_document(connection, state)
        except NoProof as error:
            raise Refused(str(error)) from error
        lines = [
            f"{each['vkey']}  sizes {each['fromSize']:,} to {each['toSize'] or 'now'}"
            for each in document["keys"]
        ]
        say(json_of(document) if as_json else "\n".join(lines))

    run_with_runtime(show_keys)


@audit.command("rotate-key")
def audit_rotate_key(
    reason: Reason,
    compromised: Annotated[
        bool,
        typer.Option(help="The old key was stolen: it does not sign the change."),
    ] = False,
    acting_as: ActingAs = None,
) -> None:
    """Let a new key sign the checkpoints of all logs, and delete the private part of the old one."""

    async def rotate(runtime: Runtime, settings: Settings) -> None:
        with shown("rotate-key") as board:
            done = await unbroken(
                rotate_log_key(
                    runtime,
                    settings,
                    reason=reason,
                    is_compromised=compromised,
                    provenance=cli_provenance(acting_as),
                    report=board.report,
                )
            )
        say(show.rotated(done))

    run_with_runtime(rotate)


@audit.command("evidence")
def audit_evidence(
    output: Annotated[Path, typer.Option("--output", help="The file to write; it must not exist.")],
    organization: Organization = None,
    since: From = None,
    until: To = None,
    zone: Zone = None,
    from_position: Annotated[int | None, typer.Option(min=1)] = None,
    to_position: Annotated[int | None, typer.Option(min=1)] = None,
    subject: Annotated[
        UUID | None, typer.Option(help="Disclose the personal values of this person only.")
    ] = None,
    disclosure: Annotated[
        Literal["full", "none"], typer.Option(help="Whose personal values to disclose.")
    ] = "full",
    earlier: Annotated[
        int | None,
        typer.Option("--since", min=1, help="Also prove that this earlier checkpoint is a prefix."),
    ] = None,
    acting_as: ActingAs = None,
) -> None:
    """Write a bundle that proves a range of events to somebody who trusts neither us nor our database.

    `audit verify BUNDLE` and the one file of `audit verifier` check it offline.
    """
    how: Shown = "subject" if subject is not None else disclosure

    async def write(runtime: Runtime, _settings: Settings) -> None:
        wanted = Wanted(
            first=from_position,
            last=to_position,
            since=begin_of("--from", since, zone),
            until=end_of("--to", until, zone),
            disclosure=how,
            subject_id=subject,
            consistent_with=earlier,
        )
        found = await find_organization(runtime, organization)
        try:
            with output.open("xb") as file, shown("evidence") as board:
                made = await write_evidence(
                    runtime,
                    found.id,
                    wanted,
                    file,
                    provenance=cli_provenance(acting_as),
                    report=board.report,
                )
        except FileExistsError:
            raise Refused(f"{output} exists already: name another file.") from None
        except (NoProof, Contradicted) as error:
            output.unlink(missing_ok=True)
            raise Refused(str(error)) from error
        except ScimError:
            output.unlink(missing_ok=True)
            raise
        say(
            f"{output}: events {made.first:,} to {made.last:,} of {made.origin}, proven by the checkpoint of "
            f"{made.size:,}. SHA-256 of its manifest: {made.digest}. The reader needs a key: scim-ledger audit keys."
        )

    run_with_runtime(write, interrupted="Interrupted: the bundle is not complete.")


@audit.command("verifier")
def audit_verifier(
    output: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
) -> None:
    """Write the stand-alone verifier: one file for whoever checks bundles without scim-ledger."""
    if output.exists():
        raise typer.BadParameter(f"{output} exists already: name another file.")
    shutil.copyfile(str(verifier.__file__), output)
    say(f"{output}: run it with Python 3.11 or later and the package cryptography.")


__all__ = ["audit"]
