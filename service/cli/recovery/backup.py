"""`scim-ledger backup …`: write a backup, try it, restore it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from eventstore.proof.verdicts import Finding, Verdict
from service.backup.create import Backup, create_backup
from service.backup.restore import Restored, read_parts, restore_backup
from service.backup.tables import Folders
from service.backup.verify import Trial, verify_backup
from service.cli.groups import group
from service.cli.printing.progress import shown
from service.cli.process.output import as_json as json_of
from service.cli.process.output import say
from service.cli.process.problems import Exit
from service.cli.process.run import AsJson, run, run_with_runtime
from service.config import Settings
from service.runtime import Runtime, open_database

backup = group("Backups of the whole database: write one, try it, restore it.")
Log = Annotated[Path, typer.Argument(metavar="PATH", help="The folder of the backup.")]
Keys = Annotated[
    Path | None,
    typer.Option("--keys", help="The folder of its keys; by default PATH with .keys at the end."),
]


@backup.command("create")
def backup_create(path: Log, keys: Keys = None, as_json: AsJson = False) -> None:
    """Write the log to PATH and the keys to a folder apart, from one snapshot, while the service runs.

    Both are signed with the key of the log. The master key is in neither: keep it apart from both.
    """

    async def create(runtime: Runtime, _settings: Settings) -> None:
        with shown("backup") as board:
            made = await create_backup(runtime, folders_of(path, keys), board.report)
        say(json_of(created_document(made)) if as_json else created_lines(made))

    run_with_runtime(create, interrupted="Interrupted: no backup was written.")


@backup.command("verify")
def backup_verify(
    path: Log,
    keys: Keys = None,
    scratch: Annotated[
        Path | None,
        typer.Option(
            help="A folder with room for the database; by default that of temporary files."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a PostgreSQL that is thrown away, check the proofs, rebuild and compare every row.

    It needs the master key and no database. Exit code 1 if anything contradicts.
    """

    async def verify(settings: Settings) -> None:
        with shown("backup") as board:
            trial = await verify_backup(
                settings, folders_of(path, keys), board.report, scratch=scratch
            )
        say(json_of(trial_document(trial)) if as_json else trial_lines(trial))
        if not trial.is_good:
            raise typer.Exit(Exit.REFUSED)

    run(verify, interrupted="Interrupted: the backup was not compared as a whole.")


@backup.command("restore")
def backup_restore(path: Log, keys: Keys = None, as_json: AsJson = False) -> None:
    """Load a backup into an empty database, and rebuild the projections from the log.

    It needs the owner's login and the master key. Without DATABASE_URL it makes the embedded database.
    """

    async def restore(settings: Settings) -> None:
        read_parts(settings, folders_of(path, keys))  # Before a database is made.
        async with open_database(settings, may_make=True) as logins:
            with shown("restore") as board:
                done = await restore_backup(logins, settings, folders_of(path, keys), board.report)
        say(json_of(restored_document(done)) if as_json else restored_lines(done))
        if done.contradictions:
            raise typer.Exit(Exit.REFUSED)

    run(
        restore,
        interrupted="Interrupted: drop the database and begin again. "
        "If its tables are loaded, scim-ledger projections rebuild goes on.",
    )


def folders_of(path: Path, keys: Path | None) -> Folders:
    """Return the folders of both parts."""
    return {"log": path, "keys": keys or path.with_name(f"{path.name}.keys")}


def created_document(made: Backup) -> dict[str, Any]:
    """Return what was written, as JSON."""
    return {
        "backupId": made.backup_id,
        "createdAt": made.created_at,
        "organizations": made.logs,
        "events": made.events,
        "persons": made.persons,
        "parts": {
            part: {
                "path": str(made.folders[part]),
                "bytes": made.sizes[part],
                "sha256": made.digests[part],
            }
            for part in made.folders
        },
        "unsigned": list(made.unsigned),
    }


def created_lines(made: Backup) -> str:
    """Return what was written, as text."""
    unsigned = [
        f"The end of the log {each} was not signed, since it contradicts its checkpoints: scim-ledger audit verify."
        for each in made.unsigned
    ]
    log = (
        f"{made.folders['log']}: {made.events:,} events of {organizations(made.logs)}, as of "
        f"{made.created_at:%Y-%m-%d %H:%M:%S} UTC, {made.sizes['log']:,} bytes. "
        f"SHA-256 of its manifest: {made.digests['log']}."
    )
    keys = (
        f"{made.folders['keys']}: the keys of {made.persons:,} persons, {made.sizes['keys']:,} bytes. "
        "Keep it apart from the log, and the master key apart from both."
    )
    return "\n".join([log, keys, *unsigned])


def organizations(count: int) -> str:
    """Return a number of organizations in words."""
    return "1 organization" if count == 1 else f"{count:,} organizations"


def restored_document(done: Restored) -> dict[str, Any]:
    """Return what was restored, as JSON."""
    return {
        "backupId": done.log.backup_id,
        "createdAt": done.log.created_at,
        "organizations": len(done.log.logs),
        "events": done.events,
        "contradictions": [_found(*each) for each in done.contradictions],
        "news": [_found(*each) for each in done.news],
    }


def _found(verdict: Verdict, finding: Finding) -> dict[str, Any]:
    return {
        "organizationId": verdict.organization_id,
        "code": finding.code,
        "position": finding.position,
        "sentence": finding.sentence(),
    }


def restored_lines(done: Restored) -> str:
    """Return what was restored, as text."""
    summary = (
        f"Restored {done.events:,} events of {organizations(len(done.log.logs))}, as of "
        f"{done.log.created_at:%Y-%m-%d %H:%M:%S} UTC. Every projection is rebuilt."
    )
    return "\n".join([summary, *proof_lines(done)])


def proof_lines(done: Restored) -> list[str]:
    """Return what the proofs say."""
    lines = [
        f"{verdict.organization_id}: {each.sentence()}" for verdict, each in done.contradictions
    ]
    if not lines:
        lines = ["Every event is as it was signed."]
    if done.news:
        lines.append("Since this backup, as the copy outside knows:")
        lines += [f"  {verdict.organization_id}: {each.sentence()}" for verdict, each in done.news]
    return lines


def trial_document(trial: Trial) -> dict[str, Any]:
    """Return what trying a backup found, as JSON."""
    return {
        **restored_document(trial.restored),
        "isGood": trial.is_good,
        "rowsCompared": trial.compared,
        "differing": list(trial.differing),
        "unlike": list(trial.unlike),
    }


def trial_lines(trial: Trial) -> str:
    """Return what trying a backup found, as text."""
    done = trial.restored
    summary = (
        f"The backup of {done.log.created_at:%Y-%m-%d %H:%M:%S} UTC can be restored: {done.events:,} events of "
        f"{organizations(len(done.log.logs))}."
    )
    lines = [summary, *proof_lines(done)]
    if trial.differing:
        lines += [f"Rows that differ from the log in {each}." for each in trial.differing]
    if trial.unlike:
        lines += [f"Not what served when the backup was made: {each}." for each in trial.unlike]
    if not (trial.differing or trial.unlike):
        lines.append(f"{trial.compared:,} rows that serve are as the log says.")
    lines.append("The backup is good." if trial.is_good else "The backup is NOT good.")
    return "\n".join(lines)
