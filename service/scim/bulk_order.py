"""The order of a bulk: what refers to another operation's resource comes after it. Pure."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from schema.scim.attributes import Document

PREFIX = "bulkId:"


def references(operation: Document) -> set[str]:
    """Return the bulkIds that an operation refers to, in its path or anywhere in its data."""
    found: set[str] = set()
    waiting: list[Any] = [operation.get("data"), *str(operation.get("path", "")).split("/")]
    while waiting:
        match waiting.pop():
            case str() as text if text.startswith(PREFIX):
                found.add(text.removeprefix(PREFIX))
            case dict() as holder:
                waiting += holder.values()
            case list() as elements:
                waiting += elements
    return found


def levels(
    referred: Sequence[set[str]], places: Mapping[str, int]
) -> tuple[list[list[int]], set[int]]:
    """Return the places of operations by level, each in order, and those that cycles keep from any.

    A level refers to earlier levels only. What refers to a cycle is kept from running, too.
    """
    before = {
        place: {places[each] for each in names if each in places}
        for place, names in enumerate(referred)
    }
    cyclic = _on_cycles(before)
    sorter = TopologicalSorter(
        {place: wanted - cyclic for place, wanted in before.items() if place not in cyclic}
    )
    sorter.prepare()
    order: list[list[int]] = []
    while ready := sorter.get_ready():
        order.append(sorted(ready))
        sorter.done(*ready)
    return order, cyclic


def _on_cycles(before: Mapping[int, set[int]]) -> set[int]:
    """Return the places that are on a cycle, one cycle after another."""
    cyclic: set[int] = set()
    while True:
        rest = {place: wanted - cyclic for place, wanted in before.items() if place not in cyclic}
        try:
            TopologicalSorter(rest).prepare()
        except CycleError as error:
            cyclic |= set(error.args[1])
        else:
            return cyclic
