"""`scim-ledger check` says what to mend; warnings alone leave the exit code at 0."""

from pathlib import Path

import orjson
import pytest

from service.checks.check import check
from service.checks.findings import Finding, State, problem, warning
from service.cli.operate.check import exit_of
from service.cli.process.problems import KNOWN, Exit, line_of
from service.config import Settings
from tests.database.pooler import dropping_settings
from tests.protocol.installation import Installation, free_port
from tests.protocol.terminal import run
from tests.serving import Served, settings


async def found(chosen: Settings) -> dict[str, list[Finding]]:
    """Return the findings by area."""
    findings: dict[str, list[Finding]] = {}
    async for each in check(chosen, line_of, KNOWN):
        findings.setdefault(each.area, []).append(each)
    return findings


def states(findings: dict[str, list[Finding]], area: str) -> set[State]:
    """Return how an area was found."""
    return {each.state for each in findings[area]}


async def test_a_database_that_is_well(database_url: str) -> None:
    by_area = await found(settings(database_url))
    well = {"postgres", "migrations", "keys", "clock", "session", "notifications", "followers"}
    assert {area for area in well if states(by_area, area) != {State.OK}} == set()
    assert all(
        each.remedy for many in by_area.values() for each in many if each.state is not State.OK
    )


async def test_a_server_that_is_down_and_a_public_url_that_leads_nowhere(database_url: str) -> None:
    url = "http://127.0.0.1:1"
    by_area = await found(settings("postgresql://nobody@127.0.0.1:1/no", public_url=url))
    assert states(by_area, "database") == states(by_area, "proxy") == {State.PROBLEM}
    assert "Postgres cannot be reached" in by_area["database"][0].text


async def test_the_public_url_leads_here_and_shows_too_much(served: Served) -> None:
    chosen = settings(served.runtime.dsn, public_url=f"http://127.0.0.1:{served.port}")
    [front] = (await found(chosen))["proxy"]
    # Nothing stands in front of this service: its metrics can be read at the public URL.
    assert (front.state, "/metrics" in front.text) == (State.WARNING, True)


async def test_a_session_behind_a_pooler_is_a_problem(database_url: str) -> None:
    async with dropping_settings(database_url) as url:
        by_area = await found(settings(url))
    assert states(by_area, "session") == {State.PROBLEM}


def test_warnings_leave_the_exit_code_at_zero() -> None:
    fine, bad = warning("disk", "little room", "Make room."), problem("keys", "none")
    assert (exit_of([fine]), exit_of([fine, bad])) == (Exit.OK, Exit.REFUSED)


@pytest.mark.process
async def test_the_command_prints_findings(served: Served, tmp_path: Path) -> None:
    ended = await run(served, "check", "--json")
    findings = orjson.loads(ended.out)
    none = await Installation(tmp_path, free_port()).run("check")

    # The tests' server does not wait for its disk.
    problems = {each["area"] for each in findings if each["state"] == "problem"}
    assert (problems - {"durability"}, ended.err) == (set(), "")
    assert (none.code, "There is no database" in none.out) == (1, True)
