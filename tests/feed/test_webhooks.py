"""Webhooks: every event once or more, in order, signed, and on behind those that a receiver refuses."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from eventstore.sealing.sealer import Sealer
from schema.events.organization import Organization
from schema.scim.errors import NotFound
from service.cli.provenance import cli_provenance
from service.keys.secrets import rewrap_webhooks
from service.organizations.register import find_organization
from service.proof.record import record
from service.webhooks import leader, manage, outcome, store
from service.webhooks.parts import place_rules
from tests.admin.client import Admin, with_scope
from tests.feed.receiver import Receiver, receiving
from tests.feed.test_poll import end, make_user
from tests.serving import Scim, Served, Tenant, make_tenant, settings


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver."""
    async with receiving() as made:
        yield made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon."""
    monkeypatch.setattr(outcome, "FIRST_S", 0.01)
    monkeypatch.setattr(outcome, "LONGEST_S", 0.02)
    monkeypatch.setattr(leader, "TURN_S", 0.1)


async def create(admin: Admin, receiver: Receiver, **values: Any) -> dict[str, Any]:
    """Create a webhook for a receiver, which then checks its signatures."""
    sent = {"label": secrets.token_hex(4), "url": receiver.url, **values}
    answer = await admin.post("/webhooks", sent)
    assert answer.status == 201, answer
    if answer.body["secret"]:
        receiver.secrets = [answer.body["secret"]]
    body: dict[str, Any] = answer.body
    return body


async def row(admin: Admin, webhook: dict[str, Any]) -> Any:
    """Return a webhook as it is now."""
    return (await admin.get(f"/webhooks/{webhook['id']}")).body


async def until_saved(admin: Admin, webhook: dict[str, Any], **wanted: Any) -> Any:
    """Return a webhook once its row has these values."""
    async with asyncio.timeout(20):
        while not wanted.items() <= (found := await row(admin, webhook)).items():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


def positions(receiver: Receiver) -> list[int]:
    """Return the positions of what arrived."""
    return [each["data"]["position"] for each in receiver.arrived]


async def test_events_arrive_signed_in_order_and_each_once(
    admin: Admin, feed: Admin, provider: Scim, receiver: Receiver
) -> None:
    before = await end(feed)
    webhook = await create(admin, receiver)
    for _ in range(5):
        await make_user(provider)
    last = await end(feed)
    await receiver.until(lambda: positions(receiver)[-1:] == [last])

    assert positions(receiver) == list(range(before + 1, last + 1))
    assert webhook["secret"].startswith("whsec_")
    first, request = receiver.arrived[0], receiver.requests[0]
    assert (first["type"], first["data"]["type"]) == ("WebhookCreated", "WebhookCreated")
    assert first["timestamp"].endswith("Z")
    assert request.headers["webhook-id"] == first["data"]["id"]
    assert request.headers["Content-Type"] == "application/json"
    found = await until_saved(admin, webhook, position=last, behind=0, attempts=0)
    assert found["deliveredAt"]
    assert "secret" not in found
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_only_wanted_types_arrive_without_values_if_they_are_not_wanted(
    admin: Admin, provider: Scim, receiver: Receiver
) -> None:
    webhook = await create(admin, receiver, types=["UserProvisioned"], personal=False)
    user_id = await make_user(provider)
    await receiver.until(lambda: bool(receiver.arrived))

    [event] = receiver.arrived
    assert (event["data"]["resourceId"], event["data"]["values"]) == (user_id, None)
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_a_webhook_may_begin_in_the_past_and_be_set_back(
    admin: Admin, feed: Admin, receiver: Receiver
) -> None:
    webhook = await create(admin, receiver, after=0)
    last = await end(feed)
    await receiver.until(lambda: positions(receiver)[-1:] == [last])
    assert positions(receiver) == list(range(1, last + 1))

    receiver.arrived.clear()
    answer = await admin.post(f"/webhooks/{webhook['id']}/replay", {"after": last - 1})
    assert answer.status == 200
    # The replay is an event as well, which may arrive before the webhook is set back.
    await receiver.until(lambda: positions(receiver)[-2:] == [last, last + 1])
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_a_receiver_that_is_away_gets_everything_once_it_is_back(
    admin: Admin, feed: Admin, provider: Scim
) -> None:
    async with receiving() as first:
        port = first.port
        webhook = await create(admin, first, types=["UserProvisioned", "UserDeactivated"])
        secret = first.secrets
        await asyncio.sleep(0.05)
    made = [await make_user(provider) for _ in range(3)]
    found = await until_saved(admin, webhook, state="enabled")
    async with asyncio.timeout(20):
        while not (found := await row(admin, webhook))["attempts"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert "cannot be reached" in found["lastError"]
    async with receiving(port) as again:
        again.secrets = secret
        await again.until(lambda: len(again.arrived) == 3)
        assert [each["data"]["resourceId"] for each in again.arrived] == made
    assert (await row(admin, webhook))["deadLetters"] == 0
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_an_overloaded_receiver_is_asked_again_and_nothing_is_buried(
    admin: Admin, provider: Scim, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 503 if len(receiver.refused) < outcome.REFUSALS_MAX + 2 else 200
    webhook = await create(admin, receiver, types=["UserProvisioned"])
    await make_user(provider)
    await receiver.until(lambda: bool(receiver.arrived), 30)

    assert (await row(admin, webhook))["deadLetters"] == 0
    assert len(receiver.refused) == outcome.REFUSALS_MAX + 2
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_an_event_that_is_refused_again_and_again_becomes_a_dead_letter_that_can_be_replayed(
    admin: Admin, provider: Scim, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.webhooks.delivery.REFUSALS_MAX", 3)
    webhook = await create(admin, receiver, types=["UserProvisioned"])
    refused = await make_user(provider)
    receiver.answer = lambda body: 422 if body["data"]["resourceId"] == refused else 200
    taken = await make_user(provider)
    await receiver.until(lambda: bool(receiver.arrived), 15)

    assert [each["data"]["resourceId"] for each in receiver.arrived][-1] == taken
    path = f"/webhooks/{webhook['id']}/dead-letters"
    [letter] = (await admin.get(path)).body["items"]
    assert (letter["type"], letter["error"]) == ("UserProvisioned", "The receiver answers 422.")
    assert letter["attempts"] == 3
    assert (await row(admin, webhook))["deadLetters"] == 1
    if receiver.arrived[0]["data"]["resourceId"] != refused:
        receiver.answer = lambda _: 200
        await admin.post(f"/webhooks/{webhook['id']}/replay", {"after": letter["position"] - 1})
        await receiver.until(
            lambda: refused in [each["data"]["resourceId"] for each in receiver.arrived]
        )
        assert (await admin.get(path)).body["items"] == []
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_redirects_are_refused_and_never_followed(
    admin: Admin, provider: Scim, receiver: Receiver
) -> None:
    async with receiving() as elsewhere:
        receiver.answer = lambda _: 307
        receiver.headers = {"Location": elsewhere.url}
        webhook = await create(admin, receiver, types=["UserProvisioned"])
        await make_user(provider)
        await receiver.until(lambda: len(receiver.refused) > 1)
        assert elsewhere.requests == []
        assert "redirects are not followed" in (await row(admin, webhook))["lastError"]
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_gone_disables_a_webhook_and_the_log_says_so(
    admin: Admin, feed: Admin, provider: Scim, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 410
    webhook = await create(admin, receiver, types=["UserProvisioned"])
    await make_user(provider)

    found = await until_saved(admin, webhook, state="disabled")
    assert "410" in found["reason"]
    async with asyncio.timeout(20):
        while True:
            items = (await feed.get("/events?types=WebhookChanged&limit=500")).body["items"]
            if items and items[-1]["data"]["change"] == "disabled":
                break
            await asyncio.sleep(0.02)
    assert items[-1]["source"] == "system"
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_a_disabled_webhook_keeps_its_place(
    admin: Admin, provider: Scim, receiver: Receiver
) -> None:
    webhook = await create(admin, receiver, types=["UserProvisioned"])
    assert (await admin.post(f"/webhooks/{webhook['id']}/disable")).body["state"] == "disabled"
    user_id = await make_user(provider)
    await asyncio.sleep(0.3)
    assert receiver.arrived == []

    await admin.post(f"/webhooks/{webhook['id']}/enable")
    await receiver.until(lambda: bool(receiver.arrived))
    assert receiver.arrived[0]["data"]["resourceId"] == user_id
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_a_secret_is_replaced_with_an_overlap(
    admin: Admin, provider: Scim, receiver: Receiver
) -> None:
    webhook = await create(admin, receiver, types=["UserProvisioned"])
    former = receiver.secrets[0]
    answer = await admin.post(f"/webhooks/{webhook['id']}/rotate-secret")
    assert answer.body["secret"] != former
    for secret in (former, answer.body["secret"]):
        receiver.secrets = [secret]
        receiver.arrived.clear()
        await make_user(provider)
        await receiver.until(lambda: bool(receiver.arrived))
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_a_webhook_whose_seal_is_broken_stops_no_other(
    served: Served, admin: Admin, provider: Scim, receiver: Receiver
) -> None:
    types = ["UserProvisioned"]
    broken = await create(admin, receiver, types=types)
    whole = await create(admin, receiver, types=types)
    await served.owner.execute(
        "UPDATE service.webhooks SET sealed = sealed || $2 WHERE id = $1",
        *(UUID(broken["id"]), b"x"),
    )
    listed = {each["id"]: each for each in (await admin.get("/webhooks")).body["items"]}
    assert listed[broken["id"]]["url"] is None
    assert listed[whole["id"]]["url"] == receiver.url
    assert (await row(admin, broken))["url"] is None

    for action in ("/disable", "/enable"):
        assert (await admin.post(f"/webhooks/{whole['id']}{action}")).status == 200
    rotated = await admin.post(f"/webhooks/{whole['id']}/rotate-secret")
    receiver.secrets = [rotated.body["secret"]]
    user_id = await make_user(provider)
    await receiver.until(lambda: bool(receiver.arrived))
    assert [each["data"]["resourceId"] for each in receiver.arrived] == [user_id]

    found = await until_saved(admin, broken, state="disabled")
    assert "seal" in found["reason"]
    for action in ("/enable", "/rotate-secret"):
        answer = await admin.post(f"/webhooks/{broken['id']}{action}")
        assert (answer.status, "does not open" in answer.body["detail"]) == (409, True)
    for each in (broken, whole):
        assert (await admin.send("DELETE", f"/webhooks/{each['id']}")).status == 204


async def test_secrets_that_are_replaced_at_once_all_sign(
    admin: Admin, provider: Scim, receiver: Receiver
) -> None:
    webhook = await create(admin, receiver, types=["UserProvisioned"])
    path = f"/webhooks/{webhook['id']}/rotate-secret"
    answers = await asyncio.gather(*(admin.post(path) for _ in range(2)))
    for answer in answers:
        receiver.secrets = [answer.body["secret"]]
        receiver.arrived.clear()
        await make_user(provider)
        await receiver.until(lambda: bool(receiver.arrived))
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_the_address_and_the_secret_are_in_no_table_and_no_event(
    served: Served, tenant: Tenant, admin: Admin, feed: Admin, receiver: Receiver
) -> None:
    webhook = await create(admin, receiver, types=["UserDeleted"])
    stored = await served.owner.fetchrow(
        "SELECT * FROM service.webhooks WHERE id = $1", UUID(webhook["id"])
    )
    events = (await feed.get("/events?types=WebhookCreated&limit=500")).body["items"]

    for text in (repr(dict(stored)), repr(events)):
        assert "topsecret" not in text
        assert receiver.secrets[0].removeprefix("whsec_") not in text
    assert events[-1]["data"]["host"] == "127.0.0.1"
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_ocsf_goes_by_webhook_too(admin: Admin, provider: Scim, receiver: Receiver) -> None:
    webhook = await create(admin, receiver, types=["UserProvisioned"], format="ocsf")
    await make_user(provider)
    await receiver.until(lambda: bool(receiver.arrived))

    assert receiver.arrived[0]["class_uid"] == 3001
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "http://example.com/"}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "https://user:pass@example.com/"}, "url"),
        ({"url": "https://example.com/#x"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "mailto:nobody"}, "url"),
        ({"types": ["Nothing"]}, "types"),
        ({"after": 10**9}, "after"),
        ({"label": "a\u0007b"}, "label"),
        ({"bearer": "x"}, "bearer"),
        ({"format": "xml"}, "format"),
        ({"retries": 3}, "retries"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(
    admin: Admin, values: dict[str, Any], field: str
) -> None:
    sent = {"label": "x", "url": "https://example.com/hook", **values}
    answer = await admin.post("/webhooks", sent)

    assert answer.status == 422, answer
    assert answer.body["errors"][0]["pointer"] == f"#/{field}"


async def test_there_is_a_bound_and_others_have_none_of_them(
    admin: Admin, receiver: Receiver, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = await create(admin, receiver, types=["UserDeleted"])
    monkeypatch.setattr("service.webhooks.manage.WEBHOOKS_MAX", 1)
    answer = await admin.post("/webhooks", {"label": "x", "url": receiver.url})
    assert answer.status == 409
    other = await make_tenant(served.runtime, f"Fabrikam {secrets.token_hex(6)}")
    stranger = Admin(served, with_scope(served, other, "admin"))
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/disable"),
        ("POST", "/rotate-secret"),
        ("GET", "/dead-letters"),
    ):
        answer = await stranger.send(method, f"/webhooks/{webhook['id']}{path}")
        assert answer.status == 404, (method, path)
    assert (await stranger.get("/webhooks")).body["items"] == []
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


async def test_a_rotation_of_the_master_key_keeps_addresses_and_secrets(
    served: Served, tenant: Tenant, admin: Admin, receiver: Receiver
) -> None:
    webhook = await create(admin, receiver, types=["UserDeleted"])
    new = os.urandom(32)
    sealer = Sealer(new, *served.runtime.sealer.keys.master_keys)
    async with served.runtime.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await rewrap_webhooks(connection, sealer)
        stored = await store.find_webhook(connection, tenant.id, UUID(webhook["id"]))
        await transaction.rollback()

    assert stored is not None
    opened = stored.open(Sealer(new))
    assert (opened.url, list(opened.secrets)) == (receiver.url, receiver.secrets)
    await admin.send("DELETE", f"/webhooks/{webhook['id']}")


@pytest.mark.parametrize("is_recorded", [False, True])
async def test_a_webhook_whose_creation_is_killed_can_be_seen_and_deleted(
    served: Served, monkeypatch: pytest.MonkeyPatch, *, is_recorded: bool
) -> None:
    tenant = await make_tenant(served.runtime, f"Killed {secrets.token_hex(6)}")
    organization = await find_organization(served.runtime, str(tenant.id))

    async def killed(*given: Any) -> None:
        if is_recorded:
            await record(*given)
        raise asyncio.CancelledError

    monkeypatch.setattr(manage, "record", killed)
    with pytest.raises(asyncio.CancelledError):
        await make_webhook(served, organization)
    monkeypatch.undo()

    created = "SELECT count(*) FROM eventstore.events WHERE organization_id = $1 AND type = $2"
    events = await served.owner.fetchval(created, tenant.id, "WebhookCreated")
    [listed] = await manage.list_webhooks(served.runtime, organization)
    assert (events, listed.webhook.state, listed.webhook.reason) == (
        int(is_recorded),
        "disabled",
        manage.UNFINISHED,
    )
    await manage.delete_webhook(
        served.runtime, organization, listed.webhook.id, provenance=cli_provenance()
    )
    assert await manage.list_webhooks(served.runtime, organization) == []


async def test_a_webhook_whose_event_is_refused_is_not_there(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await make_tenant(served.runtime, f"Refused {secrets.token_hex(6)}")
    organization = await find_organization(served.runtime, str(tenant.id))
    gone = replace(organization, id=uuid4())  # Such an organization has no log.

    with pytest.raises(NotFound):
        await make_webhook(served, gone)

    rows = "SELECT count(*) FROM service.webhooks WHERE organization_id = $1"
    assert await served.owner.fetchval(rows, gone.id) == 0


async def make_webhook(served: Served, organization: Organization) -> manage.MadeWebhook:
    """Create a webhook whose receiver comes for its events."""
    return await manage.create_webhook(
        served.runtime,
        organization,
        manage.NewWebhook("killed", None),
        rules=place_rules(settings(served.runtime.dsn)),
        provenance=cli_provenance(),
    )
