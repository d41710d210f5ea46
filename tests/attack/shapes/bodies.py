"""Bodies that are larger than they look, or that take long to parse."""

import gzip
import zlib

import orjson

from tests.attack.shapes.shape import Hostile, Shape, chunked

MEMBERS = b'{"displayName":"x","members":[' + b",".join([b"{}"] * 5_500_000) + b"]}"


def inflated_members(hostile: Hostile) -> list[bytes]:
    """Send 5.5 million empty members: 16 KB of gzip."""
    return [hostile.gzipped("POST", "/Groups", MEMBERS)]


def inflated_chunks(hostile: Hostile) -> list[bytes]:
    """Send the same in chunks, so that no header states its size; and in chunks of one byte."""
    packed = gzip.compress(MEMBERS, 9, mtime=0)
    lines = ("Content-Encoding: gzip", "Transfer-Encoding: chunked")
    return [
        hostile.request("POST", "/Groups", chunked(packed, size), *lines) for size in (4_096, 1)
    ]


def inflated_blanks(hostile: Hostile) -> list[bytes]:
    """Send blanks, and one long text, in each encoding."""
    packer = zlib.compressobj(9, wbits=-15)
    raw = packer.compress(b" " * 200_000_000) + packer.flush()
    text = b'{"displayName":"' + b"x" * 16_000_000 + b'"}'
    return [
        hostile.request("POST", "/Users", raw, "Content-Encoding: deflate"),
        hostile.request("POST", "/Groups", zlib.compress(text), "Content-Encoding: deflate"),
        hostile.gzipped("POST", "/Bulk", b'{"Operations":[' + b"[" * 4_000_000),
    ]


def inflated_within_the_ratio(hostile: Hostile) -> list[bytes]:
    """Send texts that inflate to just less than what is refused: many values, and long ones."""
    numbers = [hostile.rng.randrange(10**6) for _ in range(60_000)]
    values = orjson.dumps({"displayName": "x", "x": numbers * 12})
    names = orjson.dumps({"userName": "x", "x": [{"a": each} for each in numbers[:30_000]]})
    return [hostile.gzipped("POST", "/Groups", values), hostile.gzipped("POST", "/Users", names)]


def parsed_slowly(hostile: Hostile) -> list[bytes]:
    """Send JSON for which parsers need long: deep, with escapes in its keys, with a key twice at its end."""
    deep = b'{"x":' + b"[" * 500_000 + b"]" * 500_000 + b"}"
    escaped = {f"\\u003a{n}": "\\u0041" for n in range(30_000)}
    keys = orjson.dumps(escaped).replace(b"\\\\u", b"\\u")
    twice = b'{"a":1,' + b",".join(b'"%x":{}' % n for n in range(200_000)) + b',"A":1}'
    return [
        hostile.request("POST", "/Users", deep),
        hostile.request("POST", "/Users", keys),
        hostile.request("POST", "/Groups", twice),
        hostile.request("POST", "/Groups", b'{"displayName":"' + b"\\n" * 8_000_000 + b'"}'),
        hostile.request("POST", "/Groups", b'{"displayName":' + b"1" * 16_000_000 + b"}"),
    ]


async def legal_groups(hostile: Hostile) -> list[bytes]:
    """Send PUTs of 100,000 members, with all that clients send of each."""
    loaded = hostile.site.loaded
    ids = loaded.user_ids[: len(loaded.user_ids) - 500]
    members = [
        {"value": each, "$ref": f"../Users/{each}", "type": "User", "display": "Ada Lovelace"}
        for each in ids
    ]
    body = {"displayName": "Everyone", "members": members}
    less = {**body, "members": members[:-1_000]}
    path = f"/Groups/{loaded.everyone_id}"
    return [hostile.request("PUT", path, each) for each in (body, less)]


SHAPES = (
    Shape("gzip-members", inflated_members, 64),
    Shape("gzip-members-in-chunks", inflated_chunks, 64),
    Shape("deflate-blanks", inflated_blanks, 64),
    Shape("gzip-within-the-ratio", inflated_within_the_ratio, 64),
    Shape("json-slow", parsed_slowly, 16),
    Shape("put-100000-members", legal_groups, 2),
    Shape("put-100000-members-by-64", legal_groups, 64),
)
