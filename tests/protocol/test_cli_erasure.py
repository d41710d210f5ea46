"""The commands that erase, as an operator types them."""

from pathlib import Path

import pytest

from tests.protocol.terminal import Said, run
from tests.serving import Scim, Served, Tenant, parsed

pytestmark = pytest.mark.process


async def said(served: Served, tenant: Tenant, *arguments: str, code: int = 0) -> Said:
    """Run a command for an organization."""
    found = await run(served, *arguments, "--organization", tenant.name)
    assert found.code == code, found
    return found


async def test_a_hold_is_set_and_lifted_and_a_person_is_erased(
    served: Served, organization: Tenant, scim: Scim
) -> None:
    name = "jo.erased@contoso.example"
    user = (await scim.post("/Users", {"userName": name})).body["id"]
    reason = ("--reason", "Request 1")

    assert (await said(served, organization, "audit", "hold", "set", name, *reason)).out == "Set.\n"
    listed = await said(served, organization, "audit", "hold", "list")
    assert user in listed.out
    refused = await said(served, organization, "audit", "erase", name, "--force", *reason, code=1)
    assert "legal hold" in refused.err
    await said(served, organization, "audit", "hold", "lift", user, *reason)
    done = await said(served, organization, "audit", "erase", name, "--force", "--json", *reason)
    receipt = parsed(done.out.encode())
    assert receipt["subjectId"] == user
    erasures = await said(served, organization, "audit", "erasures")
    assert receipt["name"] in erasures.out
    again = await said(served, organization, "audit", "erase", user, *reason)
    assert "is erased" in again.out


async def test_an_organization_is_erased_only_by_its_name(
    served: Served, other_organization: Tenant, tmp_path: Path
) -> None:
    name, file = other_organization.name, tmp_path / "all.ndjson"
    written = await run(served, "organization", "export", name, str(file))
    assert (written.code, file.exists()) == (0, True), written
    twice = await run(served, "organization", "export", name, str(file))
    assert twice.code == 1
    erase = ("organization", "erase", name, "--reason", "End", "--confirm")
    wrong = await run(served, *erase, "Contosoo")
    assert (wrong.code, "Nothing was erased" in wrong.err) == (1, True)
    done = await run(served, *erase, name)
    assert (done.code, "is erased" in done.out) == (0, True), done
    assert (await Scim(served, other_organization.token).get("/Users")).status == 401
