"""Security Event Tokens: pushed to a receiver, or fetched by it and acknowledged."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
import pytest
from aiohttp import web

from schema.events.codec import TYPES
from tests.admin.client import Admin
from tests.feed.test_poll import end, make_user
from tests.serving import Scim, Served

SCIM = "urn:ietf:params:scim:event:prov:"


async def opened(served: Served, token: str, webhook_id: str) -> dict[str, Any]:
    """Return the claims of a token, whose signature is checked with the published keys."""
    url = f"http://127.0.0.1:{served.port}/api/feed/v1/jwks"
    async with served.session.get(url) as response:
        keys = jwt.PyJWKSet.from_dict(await response.json())
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "secevent+jwt"
    claims: dict[str, Any] = jwt.decode(
        token,
        keys[header["kid"]].key,
        algorithms=["EdDSA"],
        audience=f"urn:uuid:{webhook_id}",
        options={"require": ["iss", "aud", "iat", "jti"]},
    )
    assert len(claims["events"]) == 1
    return claims


@dataclass
class Pushed:
    """A receiver of pushed tokens (RFC 8935)."""

    url: str = ""
    tokens: list[str] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.BaseRequest) -> web.Response:
        """Take a token."""
        self.tokens.append((await request.read()).decode())
        self.headers.append(request.headers)
        self.news.set()
        return web.Response(status=202)


@asynccontextmanager
async def receiving() -> AsyncIterator[Pushed]:
    """Give a receiver."""
    receiver = Pushed()
    runner = web.ServerRunner(web.Server(receiver.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def create(admin: Admin, **values: Any) -> str:
    """Create a webhook of Security Event Tokens; return its id."""
    answer = await admin.post(
        "/webhooks", {"label": secrets.token_hex(4), "format": "set", **values}
    )
    assert answer.status == 201, answer
    assert answer.body["secret"] is None
    webhook_id: str = answer.body["id"]
    return webhook_id


async def test_tokens_are_pushed_in_scims_profile(
    served: Served, admin: Admin, provider: Scim
) -> None:
    types = [each for each in TYPES if each.startswith(("User", "Group", "Members", "Role"))]
    async with receiving() as receiver:
        webhook_id = await create(admin, url=receiver.url, bearer="open sesame", types=types)
        user_id = await make_user(provider, displayName="Ada", externalId=secrets.token_hex(4))
        group = await provider.post(
            "/Groups", {"displayName": secrets.token_hex(4), "members": [{"value": user_id}]}
        )
        await provider.patch(
            f"/Users/{user_id}",
            {"op": "replace", "path": "displayName", "value": "Ada L."},
            {"op": "replace", "path": "active", "value": False},
        )
        await provider.delete(f"/Users/{user_id}")
        async with asyncio.timeout(20):
            while True:
                receiver.news.clear()
                found = [await opened(served, each, webhook_id) for each in receiver.tokens]
                by_uri = {next(iter(each["events"])): each for each in found}
                if f"{SCIM}delete" in by_uri:
                    break
                await receiver.news.wait()

    made = next(each for each in found if f"{SCIM}create:full" in each["events"])
    assert made["sub_id"]["format"] == "scim"
    assert made["sub_id"]["uri"] == f"/Users/{user_id}"
    assert made["events"][f"{SCIM}create:full"]["data"]["displayName"] == "Ada"
    assert made["events"][f"{SCIM}create:full"]["version"] == 'W/"1"'
    assert by_uri[f"{SCIM}deactivate"]["events"] == {f"{SCIM}deactivate": {}}
    assert f"/Groups/{group.body['id']}" in {each["sub_id"]["uri"] for each in found}
    changed = [each["events"].get(f"{SCIM}patch:full") for each in found]
    operations = [op for each in changed if each for op in each["data"]["Operations"]]
    assert {"op": "replace", "path": "displayName", "value": "Ada L."} in operations
    assert receiver.headers[0]["Content-Type"] == "application/secevent+jwt"
    assert receiver.headers[0]["Authorization"] == "Bearer open sesame"
    await admin.send("DELETE", f"/webhooks/{webhook_id}")


async def test_without_values_a_token_is_a_notice(
    served: Served, admin: Admin, feed: Admin, provider: Scim
) -> None:
    webhook_id = await create(admin, types=["UserProvisioned", "UserChanged"], personal=False)
    user_id = await make_user(provider, displayName="Ada")
    await provider.patch(
        f"/Users/{user_id}", {"op": "replace", "path": "displayName", "value": "Eve"}
    )

    answer = await feed.post(f"/sets/{webhook_id}", {"returnImmediately": True})

    claims = [await opened(served, each, webhook_id) for each in answer.body["sets"].values()]
    assert [next(iter(each["events"])) for each in claims] == [
        f"{SCIM}create:notice",
        f"{SCIM}patch:notice",
    ]
    assert claims[1]["events"][f"{SCIM}patch:notice"]["attributes"] == ["displayName"]
    assert "Eve" not in repr(claims)
    await admin.send("DELETE", f"/webhooks/{webhook_id}")


async def test_a_receiver_gets_what_it_has_not_acknowledged(
    admin: Admin, feed: Admin, provider: Scim
) -> None:
    webhook_id = await create(admin, types=["UserProvisioned"])
    for _ in range(3):
        await make_user(provider)
    path, now = f"/sets/{webhook_id}", {"returnImmediately": True}

    first = (await feed.post(path, {**now, "maxEvents": 2})).body
    assert (len(first["sets"]), first["moreAvailable"]) == (2, True)
    assert (await feed.post(path, {**now, "maxEvents": 2})).body["sets"].keys() == first[
        "sets"
    ].keys()
    one, two = first["sets"]
    # A token that this log never gave: the end of an older log was lost when a backup was restored.
    foreign = f"{uuid4()}.{one.rpartition('.')[2]}"
    kept = (await feed.post(path, {**now, "ack": [foreign]})).body
    assert list(kept["sets"])[:2] == [one, two]
    # What is not acknowledged in a row comes again.
    again = (await feed.post(path, {**now, "ack": [two]})).body
    assert list(again["sets"])[:2] == [one, two]
    rest = (await feed.post(path, {**now, "ack": [one, two]})).body
    assert len(rest["sets"]) == 1
    assert rest["moreAvailable"] is False
    last = next(iter(rest["sets"]))
    done = (await feed.post(path, {"maxEvents": 0, "setErrs": {last: {"err": "invalid_key"}}})).body
    assert done == {"sets": {}, "moreAvailable": False}
    assert (await feed.post(path, now)).body["sets"] == {}
    [letter] = (await admin.get(f"/webhooks/{webhook_id}/dead-letters")).body["items"]
    assert letter["error"] == "The receiver answers invalid_key."
    await admin.send("DELETE", f"/webhooks/{webhook_id}")


async def test_a_receiver_may_wait_for_the_next_token(
    admin: Admin, feed: Admin, provider: Scim
) -> None:
    webhook_id = await create(admin, types=["UserProvisioned"])
    waiting = asyncio.create_task(feed.post(f"/sets/{webhook_id}", {}))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await make_user(provider)
    async with asyncio.timeout(20):
        assert len((await waiting).body["sets"]) == 1
    await admin.send("DELETE", f"/webhooks/{webhook_id}")


async def test_what_is_no_such_webhook_is_not_found(admin: Admin, feed: Admin) -> None:
    webhook_id = await create(admin)
    await admin.post(f"/webhooks/{webhook_id}/disable")
    assert (await feed.post(f"/sets/{webhook_id}", {"returnImmediately": True})).status == 409
    assert (await feed.post("/sets/00000000-0000-4000-8000-000000000000", {})).status == 404
    await admin.send("DELETE", f"/webhooks/{webhook_id}")


@pytest.mark.parametrize("event_type", ["TokenIssued", "WebhookCreated"])
async def test_what_scims_profile_has_no_event_for_has_a_uri_of_ours(
    served: Served, admin: Admin, feed: Admin, event_type: str
) -> None:
    webhook_id = await create(admin, types=[event_type], after=0)
    answer = await feed.post(f"/sets/{webhook_id}", {"returnImmediately": True, "maxEvents": 1})
    [token] = answer.body["sets"].values()
    claims = await opened(served, token, webhook_id)
    assert f"urn:scim-ledger:event:{event_type}" in claims["events"]
    assert claims["sub_id"]["format"] == "opaque"
    assert await end(feed) > 0
    await admin.send("DELETE", f"/webhooks/{webhook_id}")
