"""The path of a PATCH operation (RFC 7644 §3.5.2, figure 7): text → what it selects."""

import re
from dataclasses import dataclass
from functools import lru_cache

from schema.scim.attributes import Attribute
from schema.scim.errors import InvalidPath
from schema.scim.filter.parse import Filter, parse_value_filter
from schema.scim.resource_type import AttributePath, ResourceType

QUOTED_MAX = 100  # Characters of a path that a refusal repeats.
CACHED_LENGTH_MAX = 200
PATH_LENGTH_MAX = 8_000  # As long as a filter may be.
# RFC 7643 §2.1, RFC 7644 §3.10: [urn:]name[.sub]. Anything may stand before the colon.
NAME = re.compile(r"([^:]\S*:)?[$]?[A-Za-z][\w$-]*(\.[$]?[A-Za-z][\w$-]*)?", re.ASCII)


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


def parse_path(text: str, resource_type: ResourceType) -> Path | None:
    """Return what a path selects; None if it is well formed but names nothing known.

    Errors: InvalidPath for a malformed path; InvalidFilter for a malformed filter in it.
    """
    if len(text) > PATH_LENGTH_MAX:
        raise InvalidPath(f"The path is longer than {PATH_LENGTH_MAX:,} characters.")
    # Clients repeat short paths; thousands of long ones in the cache would take hundreds of megabytes.
    parse = _parse if len(text) > CACHED_LENGTH_MAX else _parse_cached
    return parse(text, resource_type)


def _parse(text: str, resource_type: ResourceType) -> Path | None:
    name, bracket, rest = text.strip().partition("[")
    if not name or not set(name).isdisjoint(" \"'(){}]"):
        raise InvalidPath(
            f"{_quote(text)} is not a path; write attribute, attribute.sub or attribute[filter].sub."
        )
    if not bracket:
        return _known(name, text, resource_type)
    inner, closing, tail = rest.rpartition("]")
    if not closing or (tail and not tail.startswith(".")):
        raise InvalidPath(f"{_quote(text)} lacks the ] that ends its filter.")
    path = _known(f"{name}{tail}", text, resource_type)
    if path is None and tail.lower() == ".value":
        path = _simple(_known(name, text, resource_type))
    return _select(path.attribute_path, inner, text) if path else None


_parse_cached = lru_cache(maxsize=4096)(_parse)


def _known(name: str, text: str, resource_type: ResourceType) -> Path | None:
    """Return what a name means; None if it is unknown. Errors: InvalidPath for a malformed name."""
    found = resource_type.find(name)
    if found is None and not NAME.fullmatch(name):
        raise InvalidPath(f"{_quote(text)} names no attribute; write attribute or attribute.sub.")
    return Path(found) if found else None


def _simple(path: Path | None) -> Path | None:
    """Return a path only if its values are simple: clients also write it as `Tags[value eq "a"].value`."""
    return None if path is None or path.attribute.is_complex else path


def _select(found: AttributePath, inner: str, text: str) -> Path:
    if not found.attribute.multi_valued:
        raise InvalidPath(f"{_quote(text)} filters {found.attribute.name}, which is single-valued.")
    return Path(found, parse_value_filter(inner, found.attribute))


def _quote(text: str) -> str:
    return repr(text if len(text) <= QUOTED_MAX else f"{text[: QUOTED_MAX - 1]}…")
