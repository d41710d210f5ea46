"""`scim-ledger audit erase` and `audit erasures`."""

from typing import Annotated

import typer

from service.cli.privacy.place import place_of
from service.cli.process.output import as_json as json_of
from service.cli.process.output import say
from service.cli.process.run import (
    ActingAs,
    AsJson,
    Organization,
    run_with_runtime,
    unbroken,
)
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.erasure.people import erase_person, list_erasures
from service.erasure.receipt import Receipt, as_document
from service.organizations.register import find_organization
from service.replay.resolve import find_person
from service.runtime import Runtime

Reason = Annotated[
    str, typer.Option(help="Why, in one line that names nobody: it stays in the log for ever.")
]
PAGE = 200


def audit_erase(
    subject: Annotated[
        str, typer.Argument(help="The person: an id, or a userName, present or former.")
    ],
    reason: Reason,
    force: Annotated[
        bool, typer.Option("--force", help="Delete the user first, if the directory still has it.")
    ] = False,
    organization: Organization = None,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person for ever: destroy the key, and remove all values from every table. Prints the receipt."""

    async def erase(runtime: Runtime, settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        async with runtime.pool.acquire() as connection:
            user_id = await find_person(connection, runtime.sealer, found.id, subject)
        receipt = await unbroken(
            erase_person(
                runtime,
                found,
                user_id,
                reason=reason,
                is_forced=force,
                provenance=cli_provenance(acting_as),
                place=place_of(settings),
            )
        )
        say(json_of(as_document(receipt)) if as_json else lines_of(receipt))

    run_with_runtime(erase)


def audit_erasures(organization: Organization = None, as_json: AsJson = False) -> None:
    """List who was erased, the last one first."""

    async def list_them(runtime: Runtime, settings: Settings) -> None:
        found = await find_organization(runtime, organization)
        items: list[Receipt] = []
        before = None
        while True:
            page = await list_erasures(
                runtime, found, place_of(settings), before=before, limit=PAGE
            )
            items += page.items
            if not page.has_more:
                break
            before = page.items[-1].position
        if as_json:
            say(json_of([as_document(each) for each in items]))
        else:
            say("\n".join(map(_line, items)) or "Nobody was erased.")

    run_with_runtime(list_them)


def lines_of(receipt: Receipt) -> str:
    """Return a receipt as text."""
    backups = receipt.backups
    cleared = [f"  {count:>7,}  {table}" for table, count in receipt.cleared.items()]
    given = [
        f"  event {each.position:,}, {each.at:%Y-%m-%d}: {each.what}" for each in receipt.disclosed
    ]
    late = [
        "The copy outside of the database does not say so yet: a running service writes it within a minute."
    ]
    return "\n".join(
        [
            f"{receipt.subject_id} is erased, and from now on called {receipt.name}.",
            f"Event {receipt.position:,}, {receipt.erased_at:%Y-%m-%d %H:%M:%S} UTC, by {receipt.erased_by}.",
            f"Reason: {receipt.reason}",
            "The key was destroyed in the same transaction: nobody can read the sealed values of the log any more.",
            "Rows that were removed or changed:" if cleared else "No table held anything any more.",
            *cleared,
            "Backups may hold the person until you delete them:",
            f"  exports of keys from before, by {backups.key_exports_until}",
            f"  physical copies, by {backups.physical_copies_until} ({backups.retention_days} days)",
            *(["Given out before, which nobody can take back:", *given] if given else []),
            *(late if receipt.outside_copy == "late" else []),
        ]
    )


def _line(each: Receipt) -> str:
    return f"{each.position:>7}  {each.erased_at:%Y-%m-%d %H:%M}  {each.subject_id}  {each.name}  {each.reason}"
