"""Connections: half-sent, slow, without an end, without a valid token."""

from tests.attack.shapes.shape import Hostile, Shape

MEGABYTES = 2_097_152


def half_heads(hostile: Hostile) -> list[bytes]:
    """Send the beginnings of heads."""
    whole = hostile.request("GET", "/Users")
    return [b"", whole[:1], whole[:60], whole[:-2]]


def half_bodies(hostile: Hostile) -> list[bytes]:
    """Send bodies of two megabytes of which a part comes, and then nothing."""
    whole = hostile.request("POST", "/Groups", b" " * MEGABYTES)
    return [whole[: len(whole) - MEGABYTES // 2], whole[:1_000], whole[:-1]]


def strangers(hostile: Hostile) -> list[bytes]:
    """Send tokens that are none, and heads that are none."""
    forged = hostile.site.attacker.token[:-4] + "AAAA"
    return [
        hostile.request("GET", "/Users", token="x" * 15_000),
        hostile.request("GET", "/Users", token=forged),
        hostile.request("POST", "/Bulk", b" " * 1_000_000, token=forged),
        b"GET / HTTP/0.9\r\n\r\n",
        b"\x00" * 1_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ]


def many(hostile: Hostile) -> list[bytes]:
    """Send small requests that cost little, as many as can be sent."""
    return [
        hostile.request("GET", "/Users?filter=userName%20eq%20%22nobody%22"),
        hostile.request("PATCH", f"/Groups/{hostile.site.loaded.everyone_id}", {"Operations": []}),
        hostile.request("GET", "/Users?count=1"),
    ]


def nothing(_: Hostile) -> list[bytes]:
    """Send nothing: what the other organization notices without any attack."""
    return [b""]


SHAPES = (
    Shape("nothing", nothing, 0),
    Shape("half-sent-heads", half_heads, 1_100, "held"),
    Shape("half-sent-bodies", half_bodies, 200, "held"),
    Shape("dripped-heads", half_heads, 500, "dripped"),
    Shape("dripped-bodies", half_bodies, 100, "dripped"),
    Shape("strangers", strangers, 64),
    Shape("many-small", many, 200),
)
