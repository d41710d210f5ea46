"""`scim-ledger check`: looks at everything that the service needs, and says what to mend."""

import typer

from service.checks.check import check
from service.checks.findings import Finding, State
from service.cli.process import output
from service.cli.process.output import say
from service.cli.process.problems import KNOWN, Exit, line_of
from service.cli.process.run import AsJson, line, run
from service.config import Settings

SIGNS = {State.OK: "ok", State.WARNING: "warn", State.PROBLEM: "FAIL"}


def check_command(as_json: AsJson = False) -> None:
    """Look at settings, database, migrations, rights, keys, clock, disk and proxy, and say what to mend.

    Nothing is changed. The exit code is 0 if there are warnings only, and 1 if there is a problem.
    """
    found: list[Finding] = []

    async def look(settings: Settings) -> None:
        async for each in check(settings, line_of, KNOWN):
            found.append(each)
            if not as_json:
                await output.show(shown(each))

    run(look)
    if as_json:
        say(
            output.as_json(
                [
                    {"area": e.area, "state": e.state, "text": e.text, "remedy": e.remedy}
                    for e in found
                ]
            )
        )
    else:
        say(summary(found))
    raise typer.Exit(exit_of(found))


def exit_of(found: list[Finding]) -> Exit:
    """Return the exit code: warnings alone are no failure."""
    is_broken = any(each.state is State.PROBLEM for each in found)
    return Exit.REFUSED if is_broken else Exit.OK


def shown(finding: Finding) -> str:
    """Return a finding as lines."""
    text = f"{SIGNS[finding.state]:<5} {finding.area:<14} {line(finding.text)}"
    return f"{text}\n{'':<21}→ {line(finding.remedy)}" if finding.remedy else text


def summary(found: list[Finding]) -> str:
    """Return how many findings there are."""
    warnings = sum(each.state is State.WARNING for each in found)
    problems = sum(each.state is State.PROBLEM for each in found)
    return f"{len(found)} looked at: {problems} to mend, {warnings} to consider."
