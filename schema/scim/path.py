"""The path of a PATCH operation (RFC 7644 §3.5.2, figure 7): text → what it selects."""

from dataclasses import dataclass
from functools import lru_cache

from schema.scim.attributes import Attribute
from schema.scim.errors import InvalidPath
from schema.scim.filter import Filter, parse_value_filter
from schema.scim.resource_type import AttributePath, ResourceType

QUOTED_MAX = 100  # Characters of a path that a refusal repeats.
PATH_LENGTH_MAX = 8_000  # As long as a filter may be.


@dataclass(frozen=True, slots=True)
class Path:
    """What an operation targets: an attribute, elements of it, a sub-attribute of those."""

    attribute_path: AttributePath
    filter: Filter | None = None

    @property
    def attribute(self) -> Attribute:
        """Return the attribute that holds the target."""
        return self.attribute_path.attribute

    @property
    def sub_attribute(self) -> Attribute | None:
        """Return the sub-attribute that is the target, if it is one."""
        return self.attribute_path.sub_attribute

    def __str__(self) -> str:
        """Return the canonical name of the target, without its filter."""
        return str(self.attribute_path)


@lru_cache(maxsize=4096)
def parse_path(text: str, resource_type: ResourceType) -> Path | None:
    """Return what a path selects, or None if it is well formed and names nothing known.

    Errors: InvalidPath where it is malformed; InvalidFilter where the filter in it is.
    """
    if len(text) > PATH_LENGTH_MAX:
        raise InvalidPath(f"The path is longer than {PATH_LENGTH_MAX:,} characters.")
    name, bracket, rest = text.strip().partition("[")
    if not name or not set(name).isdisjoint(" \"'(){}]"):
        raise InvalidPath(
            f"{_quote(text)} is no path; write attribute, attribute.sub or attribute[filter].sub."
        )
    if not bracket:
        found = resource_type.find(name)
        return Path(found) if found else None
    inner, closing, tail = rest.rpartition("]")
    if not closing or (tail and not tail.startswith(".")):
        raise InvalidPath(f"{_quote(text)} lacks the ] that ends its filter.")
    found = resource_type.find(f"{name}{tail}")
    if found is None:
        return None
    return _select(found, inner, text)


def _select(found: AttributePath, inner: str, text: str) -> Path:
    if not found.attribute.multi_valued:
        raise InvalidPath(f"{_quote(text)} filters {found.attribute.name}, which is single-valued.")
    return Path(found, parse_value_filter(inner, found.attribute))


def _quote(text: str) -> str:
    return repr(text if len(text) <= QUOTED_MAX else f"{text[: QUOTED_MAX - 1]}…")
