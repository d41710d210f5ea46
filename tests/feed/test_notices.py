"""Notices: a hold and an expiring token reach an administrator by webhook and by mail."""

import asyncio
from typing import Any

import pytest

from service.background.token_expiry import announce_expiry
from service.proof.record import record
from service.webhooks import outcome
from tests.admin.client import Admin, with_scope
from tests.feed.mailbox import receiving as mail
from tests.feed.receiver import receiving as webhook
from tests.serving import Scim, Served, Tenant, make_tenant, started

GUARD = {"enabled": True, "maxUsers": 0, "maxPercent": 0, "windowMinutes": 60}


async def hold(served: Served, tenant: Tenant, admin: Admin) -> None:
    """Let the guard hold a deactivation."""
    scim = Scim(served, tenant.token)
    user = (await scim.post("/Users", {"userName": "ada@contoso.com"})).body
    assert (await admin.send("PUT", "/guard", GUARD)).status == 200
    operation = {"op": "replace", "path": "active", "value": False}
    assert (await scim.patch(f"/Users/{user['id']}", operation)).status == 429


async def expire(served: Served, tenant: Tenant) -> None:
    """Let the tenant's token expire in 10 days, and look."""
    await served.owner.execute(
        "UPDATE directory.tokens SET expires_at = now() + interval '10 days' WHERE id = $1",
        tenant.token_id,
    )
    async with served.runtime.pool.acquire() as connection:
        for _ in range(2):

            async def append(*arguments: Any) -> None:
                await record(served.runtime, *arguments)

            await announce_expiry(connection, append)


async def test_a_hold_and_an_expiring_token_are_announced(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "FIRST_S", 0.01)
    monkeypatch.setattr(outcome, "LONGEST_S", 0.02)
    async with (
        mail() as mailbox,
        webhook() as receiver,
        started(
            database_url, smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_security="none"
        ) as served,
    ):
        tenant = await make_tenant(served.runtime, "Contoso")
        admin = Admin(served, with_scope(served, tenant, "admin"))
        types = ["GuardHeld", "TokenExpiring"]
        for url, more in ((receiver.url, {"types": types}), ("mailto:it@contoso.com", {})):
            made = await admin.post("/webhooks", {"label": "IT", "url": url, **more})
            assert made.status == 201, made
        mailbox.code = 451  # It is busy at first.

        await hold(served, tenant, admin)
        await expire(served, tenant)
        await receiver.until(lambda: len(receiver.arrived) == 2)
        async with asyncio.timeout(10):
            while mailbox.refused < 2 or len(mailbox.mails) < 2:
                mailbox.news.clear()
                await mailbox.news.wait()
                mailbox.code = 451 if mailbox.refused < 2 else 250

    assert [each["type"] for each in receiver.arrived] == types
    expiring = receiver.arrived[1]["data"]["data"]
    assert (expiring["tokenId"], expiring["days"]) == (str(tenant.token_id), 14)
    assert {to for to, _ in mailbox.mails} == {"it@contoso.com"}
    first, second = (found for _, found in mailbox.mails)
    assert first["Subject"] == "scim-ledger: a deactivation of 1 user waits for your decision"
    assert (
        f"scim-ledger guard approve {receiver.arrived[0]['data']['resourceId']}"
        in first.get_content()
    )
    assert second["Subject"] == "scim-ledger: a token expires within 14 days"
    assert "ada@contoso.com" not in first.get_content()
    assert first["Auto-Submitted"] == "auto-generated"


async def test_a_place_for_mail_needs_a_server(admin: Admin) -> None:
    answer = await admin.post("/webhooks", {"label": "IT", "url": "mailto:it@contoso.com"})

    assert answer.status == 422
    assert "SCIM_LEDGER_SMTP_HOST" in answer.body["detail"]
