"""`scim-ledger audit cycles` and `audit refusals`: what provisioning did, and what to change."""

import asyncio
import csv
import io
import secrets

import orjson
import pytest

from tests.admin.test_audit_commands import Auditor
from tests.following import until_followed
from tests.serving import Scim, Served, make_tenant

LATE_S = 20.0
pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
async def auditor(served: Served) -> Auditor:
    """Give an organization with a cycle in which somebody was refused."""
    tenant = await make_tenant(served.runtime, f"Contoso {secrets.token_hex(6)}")
    scim = Scim(served, tenant.token)
    await scim.post("/Users", {"userName": "anna@contoso.com"})
    await scim.post("/Users", {"userName": "=cmd()", "roleId": "Emperor"})
    await until_followed(served, tenant)
    kept = "SELECT count(*) FROM service.requests WHERE organization_id = $1"
    async with asyncio.timeout(LATE_S):
        while not await served.owner.fetchval(kept, tenant.id):  # noqa: ASYNC110 - the service writes it.
            await asyncio.sleep(0.1)
    return Auditor(served, tenant)


async def test_cycles_are_listed_and_one_is_shown(auditor: Auditor) -> None:
    listed = await auditor.ask("cycles")
    as_json = orjson.loads((await auditor.ask("cycles", "--json")).out)
    [one] = as_json["items"]
    shown = await auditor.ask("cycles", one["id"])
    table = csv.DictReader(io.StringIO((await auditor.ask("cycles", "--csv")).out))

    assert listed.code == 0, listed.err
    assert ", running: 1 created, 1 refused  " in listed.out
    assert one["counts"]["created"] == 1
    assert "  1 refused: The role that was sent is none of this organization's roles." in shown.out
    assert "Change at the identity provider: Map roleId" in shown.out
    assert [row["refused"] for row in table][:1] == ["1"]
    assert (await auditor.ask("cycles", "01900000-0000-7000-8000-000000000000")).code != 0


async def test_refusals_say_what_to_change(auditor: Auditor) -> None:
    said = await auditor.ask("refusals")
    table = (await auditor.ask("refusals", "--finding", "roleUnknown", "--csv")).out
    wrong = await auditor.ask("refusals", "--finding", "sky")

    assert said.code == 0, said.err
    assert "400 POST /api/scim/v2/Users  =cmd(): The role that was sent" in said.out
    assert "Answered: roleId 'Emperor' is none of" in said.out
    assert next(csv.DictReader(io.StringIO(table)))["subject"] == "'=cmd()"
    assert wrong.code != 0
    assert "there are userNameTaken" in " ".join(wrong.err.replace("│", "").split())
    assert (await auditor.ask("refusals", "--unchanged")).out.startswith("No request")
