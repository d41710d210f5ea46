"""`scim-ledger audit …`: each question of an auditor is one command."""

import csv
import io
import secrets
from dataclasses import dataclass

import orjson
import pytest

from tests.following import until_followed
from tests.protocol.terminal import Said, run
from tests.serving import Scim, Served, Tenant, make_tenant

BEN = "ben@contoso.com"
pytestmark = pytest.mark.process


@dataclass
class Auditor:
    """Somebody at a terminal, and the organization that is asked about."""

    served: Served
    tenant: Tenant

    async def ask(self, *arguments: str) -> Said:
        """Run a command about the organization."""
        return await run(self.served, "audit", *arguments, "-o", str(self.tenant.id))


@pytest.fixture(scope="module")
async def auditor(served: Served) -> Auditor:
    """Give an organization where Ben, whose name is a formula, was deactivated."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    ben = (await scim.post("/Users", {"userName": BEN, "displayName": "=cmd()"})).body["id"]
    await scim.post("/Groups", {"displayName": "Legal", "members": [{"value": ben}]})
    renamed = {"op": "replace", "path": "userName", "value": "benjamin@contoso.com"}
    await scim.patch(f"/Users/{ben}", renamed)
    await scim.patch(f"/Users/{ben}", {"op": "replace", "path": "active", "value": False})
    await until_followed(served, tenant)
    return Auditor(served, tenant)


async def test_who_held_a_role(auditor: Auditor) -> None:
    said = await auditor.ask("holders", "reader")

    assert said.code == 0, said.err
    assert said.out.startswith("benjamin@contoso.com (=cmd()), deactivated: since ")
    assert "Computed from the log up to event #" in said.out
    early = await auditor.ask("holders", "Reader", "--at", "2001-01-01")
    assert early.out.splitlines()[0] == "Nobody."


async def test_who_was_in_a_group(auditor: Auditor) -> None:
    said = await auditor.ask("members", "legal", "--json")

    assert [each["name"] for each in orjson.loads(said.out)["items"]] == ["benjamin@contoso.com"]


async def test_every_change_to_a_person_by_a_former_name(auditor: Auditor) -> None:
    said = await auditor.ask("timeline", BEN.upper())

    assert said.code == 0, said.err
    assert f"userName: {BEN} → benjamin@contoso.com" in said.out
    sentences = [line for line in said.out.splitlines() if line.startswith("#")]
    assert [("created" in each, "deactivated" in each) for each in sentences[::3]] == [
        (True, False),
        (False, True),
    ]


async def test_when_a_person_lost_access(auditor: Auditor) -> None:
    said = await auditor.ask("access", "benjamin@contoso.com")

    assert said.out.startswith("benjamin@contoso.com lost access on ")
    assert "  in Legal: since " in said.out


async def test_a_spreadsheet_calculates_nothing(auditor: Auditor) -> None:
    said = await auditor.ask("holders", "Reader", "--csv")

    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [(row["userName"], row["displayName"]) for row in rows] == [
        ("benjamin@contoso.com", "'=cmd()")
    ]


async def test_a_search_as_lines_csv_and_json(auditor: Auditor) -> None:
    options = ("events", "--type", "UserDeactivated", "--from", "2001-01-01")
    lines, table, document = [
        await auditor.ask(*options, *form) for form in ((), ("--csv",), ("--json",))
    ]

    (event,) = orjson.loads(document.out)["items"]
    assert event["sentence"].endswith("deactivated benjamin@contoso.com.")
    assert event["sentence"] in lines.out
    assert [row["sentence"] for row in csv.DictReader(io.StringIO(table.out))] == [
        event["sentence"]
    ]


async def test_more_events_are_announced(auditor: Auditor) -> None:
    said = await auditor.ask("events", "--limit", "2")

    assert len([line for line in said.out.splitlines() if line.startswith("#")]) == 2
    assert "--limit 20 shows more" in said.err


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("holders", "Emperor"), "the roles are"),
        (("timeline", "nobody"), "ever had"),
        (("holders", "Reader", "--at", "2026-02-30"), "There is no day"),
        (("events", "--from", "2026-03-31", "--to", "2026-03-30"), "exchange"),
        (("events", "--type", "UserPromoted"), "there are"),
        (("members", "Nothing"), "There is no group"),
    ],
)
async def test_what_cannot_be_answered_says_what_to_change(
    auditor: Auditor, arguments: tuple[str, ...], remedy: str
) -> None:
    said = await auditor.ask(*arguments)

    assert said.code == 1
    assert remedy in said.err
    assert said.out == ""


async def test_what_a_terminal_asked_is_recorded(auditor: Auditor) -> None:
    await auditor.ask("access", BEN)

    seen = await auditor.served.owner.fetchrow(
        "SELECT path, subject_id, actor_id FROM service.audit_reads WHERE organization_id = $1"
        " AND path = 'audit access' AND token_id IS NULL",
        auditor.tenant.id,
    )
    assert seen["subject_id"] is not None
    assert seen["actor_id"].startswith("cli:")
