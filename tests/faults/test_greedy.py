"""Requests that would use up everything: each is bounded, and other requests are still served."""

import asyncio
import gzip
import zlib
from typing import Any

import pytest

from schema.scim.definitions import USER
from schema.scim.errors import Unavailable
from schema.scim.resource import _meaning
from service.ids import new_id
from service.limits.fair_share import FairShare
from service.limits.turns import Working
from tests.faults.raw import head, send_raw
from tests.protocol.resources import people, values
from tests.serving import MEDIA_TYPE, Scim

JSON = f"Content-Type: {MEDIA_TYPE}"
TERMS = " or ".join(f'type co "{number}"' for number in range(50))


async def test_value_paths_that_look_at_too_much_are_refused(scim: Scim) -> None:
    emails = [{"value": f"{number}@example.com", "type": "work"} for number in range(300)]
    made = await scim.post("/Users", {"userName": "ada", "emails": emails})
    greedy = {"op": "remove", "path": f"emails[{TERMS}]"}

    answer = await scim.patch(f"/Users/{made.body['id']}", *[greedy] * 1_000)
    assert (answer.status, answer.body["detail"][:30]) == (413, "The request compares too many ")

    plain = [{"op": "remove", "path": f'emails[value eq "{n}@example.com"]'} for n in range(1_000)]
    answer = await scim.patch(f"/Users/{made.body['id']}", *plain)
    assert (answer.status, "emails" in answer.body) == (200, False)


async def test_value_paths_of_members_that_look_at_too_much_are_refused(scim: Scim) -> None:
    ids = await people(scim, 400)
    made = await scim.post("/Groups", {"displayName": "Team", "members": values(ids)})
    path = f"/Groups/{made.body['id']}"
    greedy = {"op": "remove", "path": 'members[value sw "zz"]'}

    assert (await scim.patch(path, *[greedy] * 1_000)).status == 413
    assert (await scim.patch(path, greedy)).headers["ETag"] == made.headers["ETag"]
    emptied = await scim.patch(path, {"op": "remove", "path": 'members[type eq "User"]'})
    assert (emptied.status, "members" in emptied.body) == (200, False)


async def test_a_compressed_bomb_is_not_unpacked_without_a_valid_token(scim: Scim) -> None:
    bomb = gzip.compress(b" " * 50 * 2**20, compresslevel=1)
    lines = (JSON, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
    stranger = Scim(scim.served, "nobody")

    assert (await send_raw(stranger, head(stranger, "POST", "/Users", *lines) + bomb)).status == 401
    assert (await send_raw(scim, head(scim, "POST", "/Users", *lines) + bomb)).status == 413


@pytest.mark.parametrize("wrapping", [31, 15, -15])
async def test_a_compressed_body_is_read(scim: Scim, wrapping: int) -> None:
    stream = zlib.compressobj(wbits=wrapping)
    body = stream.compress(b'{"userName": "ada"}') + stream.flush()
    encoding = "gzip" if wrapping == 31 else "deflate"

    assert (await scim.post("/Users", body, Content_Encoding=encoding)).status == 201
    cut = await scim.post("/Users", body[:-6], Content_Encoding=encoding)
    assert (cut.status, cut.body["scimType"]) == (400, "invalidSyntax")


def test_names_of_any_length_are_not_remembered() -> None:
    before = _meaning.cache_info().currsize
    assert USER.find("x" * 501) is None
    assert _meaning.cache_info().currsize == before


async def test_a_name_of_a_megabyte_is_ignored(scim: Scim) -> None:
    before = _meaning.cache_info().currsize
    made = await scim.post("/Users", {"userName": "ada", "x" * 900_000: 1})
    assert made.status == 201
    assert _meaning.cache_info().currsize <= before + 2


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": '{"title":"a\\u0000b"}'},
        {"op": "replace", "path": "name", "value": '{"familyName":"a\\u0000b"}'},
    ],
)
async def test_a_nul_inside_json_text_is_refused(scim: Scim, operation: dict[str, Any]) -> None:
    made = await scim.post("/Users", {"userName": "ada"})

    answer = await scim.patch(f"/Users/{made.body['id']}", operation)

    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")


async def test_a_head_of_a_large_group_has_no_body(scim: Scim) -> None:
    ids = await people(scim, 1_100)
    made = await scim.post("/Groups", {"displayName": "Team", "members": values(ids)})
    path = f"/Groups/{made.body['id']}"
    _, writer = streams = await asyncio.open_connection("127.0.0.1", scim.served.port)
    writer.write(
        head(scim, "HEAD", path) + head(scim, "GET", "/Users?count=0", "Connection: close")
    )

    first, second = (await streams[0].read()).split(b"\r\n\r\n", 1)
    assert first.startswith(b"HTTP/1.1 200")
    assert second.startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_page_of_groups_ends_where_their_members_are_too_many(
    scim: Scim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.directory.queries.reader.MEMBERS_MAX", 5)
    ids = await people(scim, 4)
    for number in range(5):
        body = {"displayName": f"Team {number}", "members": values(ids)}
        await scim.post("/Groups", body)

    seen, cursor = [], ""
    for start in range(1, 6):
        page = (await scim.get(f"/Groups?startIndex={start}&sortBy=displayName")).body
        root = (await scim.get(f"/?startIndex={start + 4}&filter=displayName+sw+%22Team%22")).body
        by_cursor = (await scim.get(f"/Groups?cursor={cursor}&sortBy=displayName")).body
        cursor = by_cursor.get("nextCursor", "")
        assert (page["totalResults"], page["itemsPerPage"]) == (5, 1)
        assert [len(each["members"]) for each in page["Resources"]] == [4]
        assert root["itemsPerPage"] <= 1
        assert by_cursor["Resources"] == page["Resources"]
        seen += [each["displayName"] for each in page["Resources"]]
    assert seen == [f"Team {number}" for number in range(5)]
    assert cursor == ""


async def test_a_page_ends_where_its_documents_are_too_large(
    scim: Scim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.directory.queries.plan.BYTES_MAX", 3_000)
    names = [f"large.{number}" for number in range(7)]
    for name in names:
        await scim.post("/Users", {"userName": name, "title": "x" * 2_000})
    asked = "sortBy=userName&filter=userName+sw+%22large%22"

    assert await all_by_index(scim, f"/Users?{asked}") == names
    forward, last = await all_by_cursor(scim, f"/Users?{asked}", "nextCursor")
    assert [name for page in forward for name in page] == names
    assert {len(page) for page in forward} == {1, 2}
    begin = last["previousCursor"]
    backward, _ = await all_by_cursor(scim, f"/Users?{asked}", "previousCursor", begin)
    assert [name for page in reversed(backward) for name in page] == names[: -len(forward[-1])]
    assert max(map(len, backward)) == 2


async def test_a_page_at_the_root_ends_where_its_documents_are_too_large(
    scim: Scim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.directory.queries.reader.BYTES_MAX", 3_000)
    monkeypatch.setattr("projections.directory.queries.reader.PIECE", 1)
    names = [f"large.{number}" for number in range(5)]
    for name in names:
        await scim.post("/Users", {"userName": name, "title": "x" * 2_000})

    assert await all_by_index(scim, "/?sortBy=userName&filter=userName+sw+%22large%22") == names


async def all_by_index(scim: Scim, path: str) -> list[str]:
    """Return the names on all pages. A page has at most two and begins where the previous one ended."""
    seen: list[str] = []
    while True:
        page = (await scim.get(f"{path}&startIndex={len(seen) + 1}")).body
        seen += [each["userName"] for each in page["Resources"]]
        assert page["itemsPerPage"] == len(page["Resources"]) <= 2
        assert page["itemsPerPage"] > 0
        if len(seen) >= page["totalResults"]:
            return seen


async def all_by_cursor(
    scim: Scim, path: str, way: str, cursor: str = ""
) -> tuple[list[list[str]], dict[str, Any]]:
    """Follow the cursors; return the names on each page, and the last page."""
    pages = list[list[str]]()
    while True:
        page = (await scim.get(f"{path}&cursor={cursor}")).body
        pages.append([each["userName"] for each in page["Resources"]])
        if not (cursor := page.get(way, "")):
            return pages, page


async def test_one_organization_does_not_use_up_the_share_of_others() -> None:
    shares = FairShare(total=3, each=2, wait_s=0.05)
    greedy, other = new_id(), new_id()
    async with shares.slot(greedy), shares.slot(greedy):
        with pytest.raises(Unavailable):
            async with shares.slot(greedy):
                pass
        async with shares.slot(other):
            with pytest.raises(Unavailable):
                async with shares.slot(new_id()):
                    pass
    async with shares.slot(greedy), shares.slot(greedy), shares.slot(other):
        pass


async def test_an_organization_has_a_third_of_its_share_while_others_work() -> None:
    working = Working()
    shares = FairShare(total=6, each=3, wait_s=0.05, working=working)
    greedy, other = new_id(), new_id()
    working.note(greedy)
    async with shares.slot(greedy), shares.slot(greedy):
        working.note(other)
        async with shares.slot(greedy):
            with pytest.raises(Unavailable):
                async with shares.slot(greedy):
                    pass
            async with shares.slot(other):
                pass
    async with shares.slot(greedy):
        with pytest.raises(Unavailable):
            async with shares.slot(greedy):
                pass
