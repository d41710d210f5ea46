"""Size is what comes out of a body, not what its header states; and values count, not only bytes."""

import gzip
import zlib

import orjson
import pytest

from schema.scim.errors import InvalidSyntax, PayloadTooLarge
from service.http.compression import Limits, inflate
from tests.faults.raw import head, send_raw
from tests.serving import MEDIA_TYPE, Scim, patch_op

LIMITS = Limits(16_777_216, 1_048_576)
MEGABYTE = 1_048_576


def chunked(content: bytes, size: int) -> bytes:
    """Return a body in chunks."""
    pieces = [content[begin : begin + size] for begin in range(0, len(content), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"


async def test_millions_of_empty_members_are_refused(scim: Scim) -> None:
    members = b'{"displayName":"x","members":[' + b",".join([b"{}"] * 3_000_000) + b"]}"
    body = gzip.compress(members, 9)

    answer = await scim.send("POST", "/Groups", body, Content_Encoding="gzip")

    assert len(body) < 16_000
    assert (answer.status, "send it uncompressed" in answer.body["detail"]) == (413, True)


@pytest.mark.parametrize("content", [b"", b" ", b"\xef\xbb\xbf"])
async def test_a_compressed_body_of_nothing_is_refused(scim: Scim, content: bytes) -> None:
    packed = gzip.compress(content)
    for path in ("/Users", "/Groups", "/Bulk"):
        answer = await scim.send("POST", path, packed, Content_Encoding="gzip")
        assert (answer.status, answer.body.get("scimType")) == (400, "invalidSyntax"), path


async def test_encodings_in_several_headers_are_one_list(scim: Scim) -> None:
    body = gzip.compress(orjson.dumps({"userName": "ada"}))
    lines = ("Content-Encoding: gzip", "Content-Encoding: gzip", f"Content-Length: {len(body)}")
    request = head(scim, "POST", "/Users", f"Content-Type: {MEDIA_TYPE}", *lines) + body
    assert (await send_raw(scim, request)).status == 415


async def test_a_body_with_too_many_values_is_refused(scim: Scim) -> None:
    body = b'{"userName":"ada","x":[' + b",".join([b"{}"] * 70_000) + b"]}"

    answer = await scim.post("/Users", body)

    assert (answer.status, "65,536 JSON values" in answer.body["detail"]) == (413, True)
    text = {"op": "add", "value": '{"x":[' + ",".join(["{}"] * 400_000) + "]}"}
    made = await scim.post("/Groups", {"displayName": "Team"})
    answer = await scim.patch(f"/Groups/{made.body['id']}", text)
    assert (answer.status, "600,000 JSON values" in answer.body["detail"]) == (413, True)


def test_a_body_above_a_megabyte_inflates_at_most_a_hundred_times() -> None:
    small = b" " * MEGABYTE
    assert inflate(gzip.compress(small), "gzip", LIMITS) == small
    with pytest.raises(PayloadTooLarge, match="100 times"):
        inflate(gzip.compress(small * 2), "gzip", LIMITS)
    with pytest.raises(PayloadTooLarge, match="larger than"):
        inflate(gzip.compress(bytes(range(256)) * 80_000, 0), "gzip", LIMITS)
    with pytest.raises(PayloadTooLarge, match="JSON values"):
        inflate(gzip.compress(b"[1,2]" * 100), "gzip", Limits(MEGABYTE, 100))


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_what_comes_out_is_what_went_in(size: int) -> None:
    text = (b"0123456789abcdef" * 20_000)[:size]
    assert inflate(gzip.compress(text), "gzip", LIMITS) == text
    assert inflate(zlib.compress(text), "deflate", LIMITS) == text
    for broken in (gzip.compress(text)[:-1], gzip.compress(text) + b"x", gzip.compress(text) * 2):
        with pytest.raises(InvalidSyntax):
            inflate(broken, "gzip", LIMITS)


async def test_a_user_cannot_grow_without_end(scim: Scim) -> None:
    photo = "x" * 100_000
    made = await scim.post("/Users", {"userName": "ada", "photos": [{"value": photo}]})
    path = f"/Users/{made.body['id']}"
    more = [{"op": "add", "path": "photos", "value": [{"value": f"{n}{photo}"}]} for n in range(2)]

    assert (await scim.patch(path, more[0])).status == 200
    too_large = await scim.patch(path, more[1])
    assert (too_large.status, "262,144" in too_large.body["detail"]) == (413, True)
    assert (await scim.patch(path, {"op": "add", "path": "title", "value": "x"})).status == 200
    created = await scim.post("/Users", {"userName": "bob", "title": photo * 3})
    assert created.status == 413


async def test_a_long_body_is_read_as_a_short_one_is(scim: Scim) -> None:
    entries = [{"value": f"{number}@example.com", "type": "work"} for number in range(250)]
    body = orjson.dumps({"userName": "ada", "emails": entries, "x": "ä" * 100_000})

    plain = await scim.post("/Users", body)
    packed = await scim.send(
        "PUT", f"/Users/{plain.body['id']}", gzip.compress(body), Content_Encoding="gzip"
    )
    twice = await scim.post("/Users", body[:-1] + b',"X":1}')

    assert (plain.status, plain.body["emails"]) == (201, entries)
    assert packed.headers["ETag"] == 'W/"1"'
    assert (twice.status, "'X' is given twice" in twice.body["detail"]) == (400, True)
    assert (await scim.patch(f"/Users/{plain.body['id']}", *patch_op()["Operations"])).status == 200
