"""Read events of older schema versions by a chain of pure steps; stored bytes never change."""

from collections.abc import Callable, Mapping
from typing import Any

Facts = dict[str, Any]
# (event type, version read) → the step to the next version.
UPCASTERS: Mapping[tuple[str, int], Callable[[Facts], Facts]] = {
    ("OrganizationRegistered", 1): lambda facts: {**facts, "settings": {}},
    ("GroupCreated", 1): lambda facts: {**facts, "attributes": list(facts["values"])},
    ("GroupChanged", 1): lambda facts: {**facts, "attributes": list(facts["values"])},
    ("AuditRead", 1): lambda facts: facts,
    ("TokenIssued", 1): lambda facts: {**facts, "allowedNetworks": []},
}


def upcast(event_type: str, version: int, current: int, facts: Facts) -> Facts:
    """Return the facts of an event as its current version would state them."""
    for step in range(version, current):
        facts = UPCASTERS[event_type, step](facts)
    return facts
