"""`scim-ledger demo`: a year of an invented company, in a database of its own."""

import logging
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from schema.scim.errors import InvalidValue
from service import log
from service.cli.audit import begin_of
from service.cli.process.output import as_json as json_of
from service.cli.process.output import complain, say
from service.cli.process.run import AsJson, run
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.runtime import open_runtime

PEOPLE: int = 500


def demo(
    until: Annotated[
        str | None, typer.Option(help="The date on which the year ends; today without it.")
    ] = None,
    people: Annotated[
        int, typer.Option(min=100, max=5_000, help="How many people work there.")
    ] = PEOPLE,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another company.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Make an organization with a year of history, to try the questions of an auditor on.

    It is made through the API of a service of its own, whose clock is in the past. A database that has an organization is
    refused.
    """

    async def make(settings: Settings) -> None:
        # Only this command and `serve` have an HTTP server, which takes a second to import.
        from service.demo.make import make_demo  # noqa: PLC0415

        # Its requests are answered by this process: a line for each would hide the progress.
        log.configure(json=not sys.stderr.isatty(), level=logging.WARNING)
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = begin_of("--until", until, None) or today
        if end > today:
            raise InvalidValue("--until: It lies in the future; name a day that has passed.")
        async with open_runtime(settings, is_migrating=True) as runtime:
            complain("Making a year of an invented company. This takes a minute or two.")
            made = await make_demo(
                runtime,
                settings,
                end=end,
                people=people,
                seed=seed,
                provenance=cli_provenance(),
                report=_report,
            )
        document = {
            "organizationId": made.organization_id,
            "name": made.name,
            "from": made.begin,
            "to": made.end,
            "requests": made.requests,
            "events": made.events,
        }
        say(
            json_of(document)
            if as_json
            else f"{made.name} ({made.organization_id}): {made.events:,} events of {made.requests:,} requests, from "
            f"{made.begin:%Y-%m-%d} to {made.end:%Y-%m-%d}. Try: scim-ledger audit holders Administrator"
        )

    run(make, interrupted="Interrupted: the demonstration is not whole; delete its folder.")


def _report(week: int, of: int) -> None:
    """Say how far the year is, four times."""
    if week and week % (of // 4) == 0:
        complain(f"{week} of {of} weeks.")
