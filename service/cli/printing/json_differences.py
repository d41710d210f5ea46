"""Where two JSON texts differ: by path, compared as values. Pure."""

import json  # Unlike orjson it reads numbers of any size, which somebody may have put into a row by hand.
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any


class Absent:
    """No value: the path exists in only one of the two texts."""


ABSENT = Absent()
Differing = tuple[str, Any, Any]  # Path below the root, one value, the other.


def json_differences(one: str, other: str) -> list[Differing]:
    """Return the paths at which the values of two texts differ. Differences in formatting do not count."""
    return list(_walk("", json.loads(one), json.loads(other)))


def is_order_of_keys(one: str, other: str) -> bool:
    """Return whether two texts with the same values have their keys in a different order."""
    return json.dumps(json.loads(one)) != json.dumps(json.loads(other))


def _walk(path: str, one: Any, other: Any) -> Iterator[Differing]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one | other:
            yield from _walk(f"{path}.{key}", one.get(key, ABSENT), other.get(key, ABSENT))
    elif isinstance(one, list) and isinstance(other, list):
        for index, pair in enumerate(zip_longest(one, other, fillvalue=ABSENT)):
            yield from _walk(f"{path}[{index}]", *pair)
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield path, one, other
