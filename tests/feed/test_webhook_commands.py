"""The commands about webhooks."""

import os

import pytest

from tests.feed.receiver import receiving
from tests.protocol.terminal import Said, run
from tests.serving import Scim, Served, Tenant, parsed

pytestmark = pytest.mark.process
PRIVATE = "SCIM_LEDGER_WEBHOOKS_MAY_BE_PRIVATE"


async def test_a_webhook_is_made_used_set_back_and_deleted(
    served: Served, organization: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, PRIVATE, "true")

    async def webhook(*arguments: str) -> Said:
        said = await run(served, "webhook", *arguments, "--organization", organization.name)
        assert said.code == 0, said
        return said

    async with receiving() as receiver:
        options = ("--label", "A", "--url", receiver.url, "--type", "UserProvisioned", "--json")
        made = parsed((await webhook("create", *options)).out.encode())
        receiver.secrets = [made["secret"]]
        await Scim(served, organization.token).post("/Users", {"userName": "a@contoso.com"})
        await receiver.until(lambda: bool(receiver.arrived))

        listed = (await webhook("list")).out
        assert made["id"] in listed
        assert made["secret"] not in listed
        assert (await webhook("dead-letters", made["id"])).out == "There is no dead letter.\n"
        assert (await webhook("disable", made["id"])).out == "Changed.\n"
        assert (await webhook("disable", made["id"])).out == "It was so already.\n"
        await webhook("enable", made["id"])
        receiver.arrived.clear()
        await webhook("replay", made["id"], "--after", "0")
        await receiver.until(lambda: bool(receiver.arrived))
        rotated = (await webhook("rotate-secret", made["id"])).out
        assert "whsec_" in rotated
    await webhook("delete", made["id"])
    assert "There is no webhook yet" in (await webhook("list")).out


async def test_a_webhook_cannot_be_in_the_operators_network(
    served: Served, organization: Tenant
) -> None:
    options = ("--label", "A", "--url", "https://169.254.169.254/")
    said = await run(served, "webhook", "create", *options, "--organization", organization.name)

    assert said.code == 1
    assert "private" in said.err
