"""Bad HTTP: every connection gets a SCIM error, and the service keeps answering."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from service.ids import new_id
from service.oauth.paths import TOKEN_PATH
from tests.faults.raw import RawAnswer, head, send_raw, send_raw_all
from tests.serving import MEDIA_TYPE, Scim

JSON = f"Content-Type: {MEDIA_TYPE}"
ADA = b'{"userName": "ada"}'


@pytest.fixture(autouse=True)
async def the_service_goes_on(scim: Scim) -> AsyncIterator[None]:
    """Assert that the next request is answered."""
    yield
    assert (await scim.post("/Users", {"userName": "next"})).status == 201


def refusal(answer: RawAnswer) -> tuple[int, str]:
    """Return status and detail of an answer that is a SCIM error with a request id."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert len(answer.headers["x-request-id"]) == 36
    assert answer.body["status"] == str(answer.status)
    return answer.status, answer.body["detail"]


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
        b"GET\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / FTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x:99999999/api/scim/v2/Users HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused(scim: Scim, request_: bytes) -> None:
    status, detail = refusal(await send_raw(scim, request_))

    assert status == 400
    assert "HTTP" in detail


async def test_a_request_line_of_70_kilobytes_is_refused_with_the_limit(scim: Scim) -> None:
    request = head(scim, "GET", "/Users?filter=" + "x" * 70_000)

    status, detail = refusal(await send_raw(scim, request))

    assert status == 414
    assert "65,536 bytes" in detail


async def test_a_header_of_20_kilobytes_is_refused_with_the_limit(scim: Scim) -> None:
    request = head(scim, "GET", "/Users", "X-Long: " + "x" * 20_000)

    status, detail = refusal(await send_raw(scim, request))

    assert status == 431
    assert "16,384 bytes" in detail


async def test_too_many_headers_are_refused(scim: Scim) -> None:
    request = head(scim, "GET", "/Users", *(f"X-{number}: x" for number in range(500)))

    status, _ = refusal(await send_raw(scim, request))

    assert status in (400, 431)


async def test_no_answer_repeats_the_token_of_a_broken_request(scim: Scim) -> None:
    request = head(scim, "GET", "/Users", "X: a\x00b")

    _, detail = refusal(await send_raw(scim, request))

    assert str(scim.token)[:20] not in detail


async def test_a_body_in_chunks_is_taken(scim: Scim) -> None:
    chunks = b"5\r\n" + ADA[:5] + b"\r\n" + b"%x\r\n" % len(ADA[5:]) + ADA[5:] + b"\r\n0\r\n\r\n"
    request = head(scim, "POST", "/Users", JSON, "Transfer-Encoding: chunked")

    assert (await send_raw(scim, request + chunks)).status == 201


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\nab\r\n0\r\n\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
        b"-1\r\n\r\n",
        b"ffffffffffffffffff\r\n",
    ],
)
async def test_a_body_in_broken_chunks_is_refused(scim: Scim, chunks: bytes) -> None:
    request = head(scim, "POST", "/Users", JSON, "Transfer-Encoding: chunked")

    status, _ = refusal(await send_raw(scim, request + chunks))

    assert status == 400


async def test_endless_chunks_are_refused_once_they_are_too_many(scim: Scim) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    request = head(scim, "POST", "/Users", JSON, "Transfer-Encoding: chunked")

    status, detail = refusal(await send_raw(scim, request + chunk * 100 + b"0\r\n\r\n"))

    assert status == 413
    assert "1,048,576 bytes" in detail


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
async def test_a_compressed_body_is_read_or_refused_with_a_reason(
    scim: Scim, encoding: str, compress: object
) -> None:
    assert callable(compress)

    answer = await scim.post("/Users", compress(ADA), Content_Encoding=encoding)

    assert answer.status in (201, 415)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
async def test_a_body_that_is_not_compressed_as_it_says_is_refused(
    scim: Scim, encoding: str
) -> None:
    request = head(
        scim, "POST", "/Users", JSON, f"Content-Encoding: {encoding}", "Content-Length: 50"
    )

    status, _ = refusal(await send_raw(scim, request + b"n" * 50))

    assert status in (400, 415)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("sent", [b"", b"x", b"{"], ids=["empty", "x", "brace"])
async def test_a_compressed_body_too_short_to_be_one_is_refused(
    scim: Scim, encoding: str, sent: bytes
) -> None:
    answer = await scim.send("POST", "/Users", sent, Content_Encoding=encoding)
    lines = (f"Content-Encoding: {encoding}", "Transfer-Encoding: chunked")
    chunk = b"%x\r\n%b\r\n" % (len(sent), sent) if sent else b""
    in_chunks = await send_raw(scim, head(scim, "POST", "/Users", *lines) + chunk + b"0\r\n\r\n")

    assert (answer.status, answer.body["scimType"]) == (400, "invalidSyntax")
    assert (in_chunks.status, in_chunks.body["scimType"]) == (400, "invalidSyntax")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_empty_compressed_token_request_is_refused(scim: Scim, encoding: str) -> None:
    served = scim.served
    url = f"http://127.0.0.1:{served.port}{TOKEN_PATH}"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Encoding": encoding,
    }
    async with served.session.post(url, data=b"", headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_request")


async def test_a_body_that_explodes_is_refused(scim: Scim) -> None:
    bomb = gzip.compress(b" " * 100 * 2**20, compresslevel=1)

    answer = await scim.post("/Users", bomb, Content_Encoding="gzip")

    assert answer.status in (400, 413, 415)


async def test_pipelined_requests_are_answered_in_order(scim: Scim) -> None:
    request = head(scim, "GET", "/Roles") + head(scim, "GET", "/Nothing")

    answers = await send_raw_all(scim, request, 2)

    assert [each.status for each in answers] == [200, 404]


@pytest.mark.parametrize("size", [1_000, 60_000, 300_000])
async def test_pipelined_bodies_are_read_whole_however_often_reading_is_stopped(
    scim: Scim, size: int
) -> None:
    # More requests than wait at once, with bodies that stop the reading, and half of them answered before their body.
    requests, wanted = b"", list[int]()
    for place in range(60):
        body = b'{"userName": "%s"}' % str(new_id()).encode() + b" " * size
        is_read = place % 2 == 0
        path = "/Users" if is_read else "/Nothing"
        requests += head(scim, "POST", path, f"Content-Length: {len(body)}") + body
        wanted.append(201 if is_read else 404)

    answers = await send_raw_all(scim, requests, len(wanted))

    assert [each.status for each in answers] == wanted


async def test_a_client_that_waits_for_100_continue_gets_it(scim: Scim) -> None:
    request = head(
        scim, "POST", "/Users", JSON, "Expect: 100-continue", f"Content-Length: {len(ADA)}"
    )

    answer = await send_raw(scim, request)

    assert answer.status == 100


async def test_a_client_that_leaves_in_mid_body_is_no_outage_of_the_database(scim: Scim) -> None:
    with capture_logs() as lines:
        _, writer = await asyncio.open_connection("127.0.0.1", scim.served.port)
        writer.write(head(scim, "POST", "/Users", JSON, "Content-Length: 1000") + ADA)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.1)

    assert [each["event"] for each in lines if each["log_level"] != "info"] == []


async def test_clients_that_leave_do_no_harm(scim: Scim) -> None:
    async def leave() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", scim.served.port)
        writer.write(head(scim, "POST", "/Users", JSON, "Content-Length: 1000") + ADA)
        await writer.drain()
        writer.close()

    await asyncio.gather(*(leave() for _ in range(50)))

    assert (await scim.get("/Users")).body["totalResults"] == 0
