"""Attributes that clients send and no schema knows: they are counted and logged, never with their values.

Of their names, only those in the log that widely known schemas have: a client may send a person's name as a key.
"""

from collections.abc import Sequence

import structlog
from prometheus_client import Counter

from service.scim.vocabulary import is_hidden, shown_name

NAMES_LOGGED_MAX = 20
NAMES_LOOKED_AT_MAX = 1_000  # Of a request: all of 60,000 would take 50 ms.

ignored_attributes = Counter(
    "scim_ignored_attributes_total",
    "Attributes in requests that no schema of the organization knows.",
    ["resource_type"],
)
log = structlog.get_logger()


def note_ignored(resource_type: str, names: Sequence[str]) -> None:
    """Count and log the ignored attributes of a request."""
    if not names:
        return
    ignored_attributes.labels(resource_type).inc(len(names))
    known = shown_of(names)
    log.info(
        "attributes_ignored",
        resource_type=resource_type,
        names=known[:NAMES_LOGGED_MAX],
        others=len(names) - len(known[:NAMES_LOGGED_MAX]),
    )


def shown_of(names: Sequence[str]) -> list[str]:
    """Return the names that the log may show, of the first that a request sends."""
    looked_at = names[:NAMES_LOOKED_AT_MAX]
    return [shown for each in looked_at if not is_hidden(shown := shown_name(each))]
