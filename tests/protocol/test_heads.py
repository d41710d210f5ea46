"""The head of an answer: what HTTP demands for the client's version, method and Connection header."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from aiohttp import web

from service.http.answer import Answer
from service.scim.base_path import BASE_PATH
from tests.faults.raw import head, send_raw, send_raw_all
from tests.serving import MEDIA_TYPE, Scim

CONFIG = "/ServiceProviderConfig"


async def raw(scim: Scim, request: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of an answer, head and body, until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scim.served.port)
    writer.write(request)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    begin, _, body = answer.partition(b"\r\n\r\n")
    return begin, body


async def test_an_answer_has_the_headers_of_http(scim: Scim) -> None:
    answer = await send_raw(scim, head(scim, "GET", CONFIG))
    date = parsedate_to_datetime(answer.headers["date"])
    assert abs(datetime.now(UTC) - date) < timedelta(seconds=5)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["server"] == "scim-ledger"
    assert "connection" not in answer.headers


async def test_one_connection_serves_many_requests(scim: Scim) -> None:
    answers = await send_raw_all(scim, head(scim, "GET", CONFIG) * 3, 3)
    assert [each.status for each in answers] == [200] * 3


async def test_a_client_that_wants_to_close_gets_connection_close(scim: Scim) -> None:
    begin, body = await raw(scim, head(scim, "GET", CONFIG, "Connection: close"))
    assert b"\r\nConnection: close" in begin
    assert f"Content-Length: {len(body)}".encode() in begin


async def test_http_1_0_is_answered_as_such_and_closed(scim: Scim) -> None:
    request = head(scim, "GET", CONFIG).replace(b"HTTP/1.1", b"HTTP/1.0")
    begin, body = await raw(scim, request)
    assert begin.startswith(b"HTTP/1.0 200 OK\r\n")
    assert body.endswith(b"}")


async def test_http_1_0_may_go_on(scim: Scim) -> None:
    request = head(scim, "GET", CONFIG, "Connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0")
    answers = await send_raw_all(scim, request * 2, 2)
    assert [each.headers["connection"] for each in answers] == ["keep-alive"] * 2


@pytest.mark.parametrize("version", [b"HTTP/0.9", b"HTTP/2.0"])
async def test_another_version_is_refused(scim: Scim, version: bytes) -> None:
    request = head(scim, "GET", CONFIG).replace(b"HTTP/1.1", version)
    begin, _ = await raw(scim, request)
    assert begin.startswith(b"HTTP/1.0 400 Bad Request\r\n")


async def test_a_request_without_a_version_is_refused(scim: Scim) -> None:
    begin, _ = await raw(scim, b"GET /healthz\r\n\r\n")
    assert begin.startswith(b"HTTP/1.0 400 Bad Request\r\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_is_no_scim_names_the_same_server(scim: Scim, path: str) -> None:
    begin, _ = await raw(
        scim, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert b"\r\nServer: scim-ledger" in begin
    assert b"aiohttp" not in begin


async def test_head_has_the_length_and_not_the_body(scim: Scim) -> None:
    _, body = await raw(scim, head(scim, "GET", CONFIG, "Connection: close"))
    begin, nothing = await raw(scim, head(scim, "HEAD", CONFIG, "Connection: close"))
    assert nothing == b""
    assert f"Content-Length: {len(body)}".encode() in begin


@pytest.mark.parametrize("method", ["DELETE", "GET"])
async def test_an_answer_that_never_has_a_body_names_no_length_and_no_type(
    scim: Scim, method: str
) -> None:
    user = (await scim.post("/Users", {"userName": "jo"})).body
    path, tag = f"/Users/{user['id']}", user["meta"]["version"]
    wish = () if method == "DELETE" else (f"If-None-Match: {tag}",)
    begin, body = await raw(scim, head(scim, method, path, "Connection: close", *wish))
    assert begin.split(b" ")[1] in {b"204", b"304"}
    assert b"content-length" not in begin.lower()
    assert b"content-type" not in begin.lower()
    assert body == b""


async def test_a_client_that_does_not_read_gets_its_whole_answer_in_the_end(scim: Scim) -> None:
    for number in range(30):
        await scim.post("/Users", {"userName": f"u{number}", "title": "x" * 20_000})
    reader, writer = await asyncio.open_connection("127.0.0.1", scim.served.port, limit=1024)
    writer.write(head(scim, "GET", "/Users", "Connection: close"))
    await asyncio.sleep(0.3)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    begin, _, body = answer.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in begin
    assert len(body) > 600_000


async def test_a_line_break_in_a_header_is_never_sent() -> None:
    async def handle(_request: web.BaseRequest) -> Answer:
        return Answer(headers={"Location": "x\r\nSet-Cookie: y"})

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(f"GET {BASE_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(10):
        assert b"Set-Cookie" not in await reader.read()
    writer.close()
    await runner.cleanup()
