"""Bulks: a thousand operations that are expensive together."""

from typing import Any

from tests.attack.shapes.patches import ADDRESSES, REMOVE
from tests.attack.shapes.shape import Hostile, Shape
from tests.serving import patch_op


def _bulk(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"Operations": list(operations)}


async def of_patches(hostile: Hostile) -> list[bytes]:
    """Send many PATCHes that compare much: 13 KB of gzip."""
    path = await hostile.user(addresses=ADDRESSES)
    patch = {"method": "PATCH", "path": path, "data": patch_op(*[REMOVE] * 5)}
    return [hostile.gzipped("POST", "/Bulk", _bulk(*[patch] * 50))]


async def of_everyone(hostile: Hostile) -> list[bytes]:
    """Send operations that each need all members of a large group."""
    path = f"/Groups/{hostile.site.loaded.everyone_id}"
    remove = patch_op({"op": "remove", "path": 'members[type eq "Group"]'})
    patch = {"method": "PATCH", "path": path, "data": remove}
    return [hostile.gzipped("POST", "/Bulk", _bulk(*[patch] * 1_000))]


async def of_large_users(hostile: Hostile) -> list[bytes]:
    """Make small changes of users that are as large as users may be."""
    emails = [{"value": "ä" * 350 + str(n), "type": "work"} for n in range(290)]
    paths = [await hostile.user(emails=emails) for _ in range(20)]
    changes = [
        {
            "method": "PATCH",
            "path": path,
            "data": patch_op({"op": "replace", "path": "title", "value": f"{number}"}),
        }
        for number, path in enumerate(paths * 50)
    ]
    return [hostile.gzipped("POST", "/Bulk", _bulk(*changes))]


async def of_references(hostile: Hostile) -> list[bytes]:
    """Make groups that each refer to hundreds of others by bulkId."""
    groups = [
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": f"{n}",
            "data": {
                "displayName": f"g{n}",
                "members": [{"value": f"bulkId:{m}"} for m in range(n + 1, min(n + 200, 1_000))],
            },
        }
        for n in range(600)
    ]
    return [hostile.gzipped("POST", "/Bulk", _bulk(*groups))]


async def of_quotes(hostile: Hostile) -> list[bytes]:
    """Send texts full of quotes, in which references are looked for."""
    texts = ['"' + '\\"' * 500_000, '{"' + '\\\\"' * 400_000, '"' * 900_000]
    operations = [
        {"method": "PATCH", "path": "/Users/x", "data": patch_op({"op": "add", "path": each})}
        for each in texts
    ]
    return [hostile.gzipped("POST", "/Bulk", _bulk(each)) for each in operations]


async def of_creations(hostile: Hostile) -> list[bytes]:
    """Make and delete a thousand users in one request."""
    made = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": f"{n}",
            "data": {"userName": f"bulk.{hostile.rng.randrange(2**60):x}"},
        }
        for n in range(500)
    ]
    gone = [{"method": "DELETE", "path": f"/Users/bulkId:{n}"} for n in range(500)]
    return [hostile.request("POST", "/Bulk", _bulk(*made, *gone))]


SHAPES = (
    Shape("bulk-of-patches", of_patches),
    Shape("bulk-of-everyone", of_everyone, 4),
    Shape("bulk-of-large-users", of_large_users, 4),
    Shape("bulk-of-references", of_references, 4),
    Shape("bulk-of-quotes", of_quotes, 4),
    Shape("bulk-of-creations", of_creations, 4),
)
