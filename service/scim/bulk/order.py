"""The order of a bulk: as sent, but what refers to another operation's resource comes after it. Pure.

RFC 7644 §3.7: who changes the sequence must preserve the client's intent. So an operation moves only
as far back as its references demand, and operations on one resource never overtake each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

from schema.scim.attributes import Document
from service.scim.bulk.references import references

Before = Mapping[int, set[int]]  # The place of an operation → those that must have ended before it.


def referred(operations: Sequence[Document], places: Mapping[str, int]) -> Before:
    """Return which operations each refers to; `places` tells which operation has a bulkId."""
    return {
        place: {places[each] for each in references(operation) if each in places}
        for place, operation in enumerate(operations)
    }


def in_sent_order(operations: Sequence[Document], before: Before) -> Before:
    """Return what each must come after, where it also comes after the former one on its resource."""
    latest: dict[str, int] = {}  # The path of a resource → the latest operation on it so far.
    after: dict[int, set[int]] = {}
    for place in before:
        operation = operations[place]
        path = str(operation.get("path", "")).strip("/").lower()
        former = {latest[path]} if path in latest else set()
        after[place] = before[place] | former
        if "/" in path:  # A POST names no resource, only where to make one.
            latest[path] = place
    return after


def sequence(before: Before) -> tuple[list[int], set[int]]:
    """Return the places in an order that may be carried out, and those that a circle keeps from it.

    Circles, and what must come after one, are left out of the order.
    """
    sorter = TopologicalSorter(before)
    with suppress(CycleError):  # It goes on as far as circles let it.
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
    """Yield the order in portions in which none refers to another, each of at most a size."""
    portion: list[int] = []
    for place in order:
        if len(portion) == size_max or not before[place].isdisjoint(portion):
            yield portion
            portion = []
        portion.append(place)
    if portion:
        yield portion
