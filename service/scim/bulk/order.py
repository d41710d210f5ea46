"""The order of a bulk: as sent, except that an operation comes after those it refers to. Pure.

RFC 7644 §3.7: a service that changes the sequence must preserve the client's intent. So an operation moves
back only as far as its references demand, and operations on one resource never overtake each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from schema.scim.attributes import Document

Before = Mapping[
    int, set[int]
]  # The place of an operation → the places of those that must end before it.


def referred(mentioned: Sequence[AbstractSet[str]], places: Mapping[str, int]) -> Before:
    """Return which operations each one refers to, from the bulkIds that each mentions.

    `places` maps a bulkId to the place of its operation.
    """
    return {
        place: {places[each] for each in bulk_ids if each in places}
        for place, bulk_ids in enumerate(mentioned)
    }


def in_sent_order(operations: Sequence[Document], before: Before) -> Before:
    """Return `before` with one addition: each operation also comes after the previous one on its resource."""
    latest: dict[str, int] = {}  # The path of a resource → the latest operation on it so far.
    after: dict[int, set[int]] = {}
    for place in before:
        operation = operations[place]
        path = str(operation.get("path", "")).strip("/").lower()
        previous = {latest[path]} if path in latest else set()
        after[place] = before[place] | previous
        if "/" in path:  # The path of a POST names no resource, only an endpoint.
            latest[path] = place
    return after


def sequence(before: Before) -> tuple[list[int], set[int]]:
    """Return the places in an order that can be carried out, and the places that a circle blocks.

    Operations in a circle, and those that must come after one, are left out of the order.
    """
    sorter = TopologicalSorter(before)
    with suppress(CycleError):  # The sorter goes on as far as circles permit.
        sorter.prepare()
    ready, order = list[int](), list[int]()
    while True:
        for place in sorter.get_ready():
            heappush(ready, place)
        if not ready:
            return order, before.keys() - set(order)
        order.append(heappop(ready))
        sorter.done(order[-1])


def portions(order: Iterable[int], before: Before, size_max: int) -> Iterator[list[int]]:
    """Yield the order in portions of at most `size_max`, in which no operation refers to another."""
    portion: list[int] = []
    for place in order:
        if len(portion) == size_max or not before[place].isdisjoint(portion):
            yield portion
            portion = []
        portion.append(place)
    if portion:
        yield portion
