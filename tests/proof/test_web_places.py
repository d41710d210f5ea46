"""Copies outside at a URL, and the webhook: what is sent, and what a place that contradicts leads to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from eventstore.proof.notes import body_of, signed_note
from eventstore.proof.outside_lines import OutsideLog
from service.proof.outside import ForkedCopy, Update
from service.proof.web_copy import WebCopy, WebWebhook
from tests.proof.running import SIGNED_S
from tests.proof.vectors import private_key
from tests.serving import make_tenant, started

LOG = UUID("0197a3c0-0000-7000-8000-0000000000aa")
OTHER = UUID("0197a3c0-0000-7000-8000-0000000000bb")
ORIGIN = f"scim-ledger/{LOG}/1"


@dataclass
class Place:
    """Somebody's server, which keeps notes."""

    url: str = ""
    notes: dict[str, str] = field(default_factory=dict)  # Path → note.
    posted: list[Any] = field(default_factory=list)
    status: int = 200  # What it answers.

    async def put(self, request: web.Request) -> web.Response:
        """Keep a note; another one of the same size is refused."""
        note = await request.text()
        former = self.notes.setdefault(request.path, note)
        self.notes["/".join([*request.path.split("/")[:3], "latest"])] = note
        return web.Response(status=self.status if former == note else 409)

    async def get(self, request: web.Request) -> web.Response:
        """Give a note."""
        if self.status != 200:
            return web.Response(status=self.status)
        note = self.notes.get(request.path)
        return web.Response(text=note) if note else web.Response(status=404)

    async def post(self, request: web.Request) -> web.Response:
        """Take what the webhook sends."""
        self.posted.append(await request.json())
        return web.Response(status=self.status)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Give a place that answers on a socket."""
    made, app = Place(), web.Application()
    app.router.add_put("/copies/{rest:.*}", made.put)
    app.router.add_get("/copies/{rest:.*}", made.get)
    app.router.add_post("/hook", made.post)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def update(size: int, root: bytes = b"r" * 32) -> Update:
    """Return what a log of so many events has to say."""
    note = signed_note(body_of(ORIGIN, size, root), [private_key("log")])
    return Update(LOG, note, datetime.now(UTC))


async def test_a_note_is_put_under_its_size_and_read_back(place: Place) -> None:
    copy, eight = WebCopy(f"{place.url}/copies"), update(8)
    await copy.save(eight)

    assert place.notes[f"/copies/{LOG}/1/8"] == eight.note
    assert await copy.load([LOG, OTHER]) == {LOG: OutsideLog(LOG, eight.note)}
    assert await copy.load() == {}  # Nobody can ask a URL which logs it knows.


async def test_a_smaller_size_is_not_put_over_a_larger_one(place: Place) -> None:
    copy, nine = WebCopy(f"{place.url}/copies"), update(9)
    await copy.save(nine)
    await copy.save(update(8))
    await copy.save(nine)

    assert place.notes[f"/copies/{LOG}/latest"] == nine.note
    assert f"/copies/{LOG}/1/8" not in place.notes


@pytest.mark.parametrize("newest", [8, 7], ids=["newest", "older"])
async def test_another_root_of_the_same_size_is_a_fork(place: Place, newest: int) -> None:
    copy, ours = WebCopy(f"{place.url}/copies"), update(8)
    await copy.save(update(8, b"o" * 32))
    if newest < 8:  # The place knows it, and says 409 to the PUT.
        place.notes[f"/copies/{LOG}/latest"] = update(7).note

    with pytest.raises(ForkedCopy) as refused:
        await copy.save(ours)
    assert (refused.value.organization_id, refused.value.size) == (LOG, 8)


async def test_a_place_that_fails_or_is_gone_is_an_error_of_the_system(place: Place) -> None:
    copy = WebCopy(f"{place.url}/copies")
    place.status = 503
    with pytest.raises(OSError, match="does not answer"):
        await copy.load([LOG])
    with pytest.raises(OSError, match="does not answer"):
        await copy.save(update(8))
    with pytest.raises(OSError, match="does not answer"):
        await WebCopy("http://127.0.0.1:9/copies").load([LOG])


async def test_the_webhook_gets_each_checkpoint_as_json(place: Place) -> None:
    hook, eight = WebWebhook(f"{place.url}/hook"), update(8)
    await hook.send(eight)

    assert place.posted == [
        {
            "type": "checkpoint",
            "organizationId": str(LOG),
            "origin": ORIGIN,
            "size": 8,
            "note": eight.note,
        }
    ]
    place.status = 500
    with pytest.raises(OSError, match="does not take it"):
        await hook.send(eight)


@pytest.mark.process
async def test_a_service_puts_its_checkpoints_and_calls_the_webhook(
    place: Place, module_database_url: str
) -> None:
    where: dict[str, Any] = {
        "outside_copy": f"{place.url}/copies",
        "outside_webhook": f"{place.url}/hook",
    }
    async with started(module_database_url, **where) as served:
        tenant = await make_tenant(served.runtime, "Contoso")
        copy = WebCopy(where["outside_copy"])
        async with asyncio.timeout(SIGNED_S):
            while not ((await copy.load([tenant.id])) and place.posted):  # noqa: ASYNC110 - the service sends.
                await asyncio.sleep(0.05)

    assert place.posted[0]["organizationId"] == str(tenant.id)
    sizes = [path for path in place.notes if path.startswith(f"/copies/{tenant.id}/1/")]
    assert sizes
