"""PATCHes that compare much, or whose text takes long to read."""

import itertools
from typing import Any

import orjson

from tests.attack.shapes.shape import Hostile, Shape
from tests.serving import patch_op

SUBS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type")
ADDRESSES = [{sub: f"{sub} {number}" for sub in SUBS} for number in range(299)]
# One object for each set of keys.
KEY_SETS = [
    dict.fromkeys(keys, "x") for size in range(1, 8) for keys in itertools.combinations(SUBS, size)
]
REMOVE = {"op": "remove", "path": "addresses", "value": KEY_SETS}


async def lists(hostile: Hostile) -> list[bytes]:
    """Remove a list of objects with many sets of keys, again and again: 7 KB of gzip."""
    path = await hostile.user(addresses=ADDRESSES)
    return [hostile.gzipped("PATCH", path, patch_op(*[REMOVE] * each)) for each in (130, 60, 15)]


async def value_paths(hostile: Hostile) -> list[bytes]:
    """Send a thousand value paths, each with many terms, over many values; and a thousand plain ones."""
    emails = [
        {"value": f"{n}@example.com", "type": "work", "display": "ä" * 50} for n in range(300)
    ]
    path = await hostile.user(emails=emails)
    terms = " or ".join(f'display co "ö{n}"' for n in range(200))
    greedy = {"op": "replace", "path": f"emails[{terms}].type", "value": "home"}
    plain = [
        {"op": "replace", "path": f'emails[value eq "{n}@example.com"].display', "value": "ö" * 50}
        for n in range(300)
    ]
    return [
        hostile.gzipped("PATCH", path, patch_op(*[greedy] * 150)),
        hostile.request("PATCH", path, patch_op(*plain, *plain, *plain)),
    ]


async def additions(hostile: Hostile) -> list[bytes]:
    """Send a thousand operations that each add values to many, with long texts to compare."""
    emails = [{"value": f"{n}@example.com", "type": "work"} for n in range(290)]
    paths = [
        await hostile.user(emails=emails),
        await hostile.user(emails=[{"value": "ä" * 90_000}]),
    ]
    add = {"op": "add", "path": "emails", "value": [{"value": "ö@example.com"}]}
    return [hostile.request("PATCH", path, patch_op(*[add] * 1_000)) for path in paths]


async def names(hostile: Hostile) -> list[bytes]:
    """Send a megabyte of names that no schema knows, in every form."""
    path = await hostile.user()
    plain = {f"x{n:x}": 1 for n in range(60_000)}
    urns = {f"urn:x:{n:x}:y.z": 1 for n in range(30_000)}
    paths = {f'emails[type eq "{n:x}"]': "x" for n in range(25_000)}
    replace: dict[str, Any] = {"op": "replace"}
    bodies = [patch_op({**replace, "value": each}) for each in (plain, urns, paths)]
    texts = [patch_op({**replace, "value": orjson.dumps(each).decode()}) for each in (plain, paths)]
    requests = [hostile.gzipped("PATCH", path, each) for each in (*bodies, *texts)]
    return [*requests, hostile.request("POST", "/Users", {"userName": "x", **plain})]


async def members(hostile: Hostile) -> list[bytes]:
    """Patch a group of 100,000: value paths over all members, and a thousand that join and leave."""
    loaded = hostile.site.loaded
    path, some = f"/Groups/{loaded.everyone_id}", loaded.user_ids[:1_000]
    values = [{"value": each} for each in some]
    terms = " or ".join(f'value eq "{each}"' for each in some[:150])
    named = {"op": "remove", "path": f"members[{terms}]", "value": values[:1]}
    all_of = {"op": "remove", "path": 'members[value sw "zz"]'}
    nobody = {"op": "remove", "path": 'members[type eq "Group"]'}
    return [
        hostile.request("PATCH", path, patch_op(all_of)),
        hostile.gzipped("PATCH", path, patch_op(*[all_of] * 1_000)),
        hostile.gzipped("PATCH", path, patch_op(*[named] * 1_000)),
        hostile.request("PATCH", path, patch_op(nobody)),
        hostile.request(
            "PATCH", path, patch_op({"op": "remove", "path": "members", "value": values})
        ),
        hostile.request("PATCH", path, patch_op({"op": "add", "path": "members", "value": values})),
    ]


SHAPES = (
    Shape("patch-lists", lists),
    Shape("patch-value-paths", value_paths),
    Shape("patch-additions", additions),
    Shape("patch-names", names),
    Shape("patch-members", members, 8),
)
