"""Attributes that clients send and no schema knows: their names are counted and logged, never their values."""

from collections.abc import Sequence

import structlog
from prometheus_client import Counter

NAMES_LOGGED_MAX = 20
NAME_LENGTH_MAX = 200

ignored_attributes = Counter(
    "scim_ignored_attributes_total",
    "Attributes in requests that no schema of the organization knows.",
    ["resource_type"],
)
log = structlog.get_logger()


def note_ignored(resource_type: str, names: Sequence[str]) -> None:
    """Count and log the ignored attributes of a request."""
    if names:
        ignored_attributes.labels(resource_type).inc(len(names))
        shown = [name[:NAME_LENGTH_MAX] for name in names[:NAMES_LOGGED_MAX]]
        log.info("attributes_ignored", resource_type=resource_type, names=shown)
