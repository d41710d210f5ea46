"""Read the parameters of a query: filter, sorting, paging (RFC 7644 §3.4.2, RFC 9865 §2)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from projections.directory.queries.columns import Table
from projections.directory.queries.plan import Query
from schema.scim.errors import InvalidCount, InvalidPath, InvalidSyntax, InvalidValue
from schema.scim.filter.parse import parse_filter
from schema.scim.resource_type import ResourceType
from schema.scim.value import refuse_nul
from service.scim.select import Selection

PAGE_SIZE = 100  # If a client sends no count.
PAGE_SIZE_MAX = 1_000  # RFC 7644 §3.4.2.4 permits fewer than the client asks for.
NUMBER_MAX = 2**62

Parameters = Mapping[str, str]  # Query parameters by lower-case name.


class Target(NamedTuple):
    """A resource type that can be queried, and the table that holds it."""

    resource_type: ResourceType
    table: Table


def read_query(sent: Parameters, target: Target, selection: Selection, base: str) -> Query:
    """Return the query that the parameters describe; numbers are trimmed to our limits.

    Errors: InvalidFilter, InvalidPath for sortBy, InvalidValue for a malformed number, InvalidCount.
    """
    if "cursor" in sent:
        refuse_bad_count(sent)
    resource_type, text, sort_by = target.resource_type, sent.get("filter"), sent.get("sortby")
    sort = resource_type.find(sort_by) if sort_by else None
    if sort_by and sort is None:
        raise InvalidPath(f"sortBy names no attribute of {resource_type.name}: {sort_by[:100]!r}.")
    start, count = read_range(sent)
    return Query(
        target.table,
        filter=None if text is None else parse_filter(text, resource_type),
        sort=sort,
        is_descending=sent.get("sortorder", "").lower() == "descending",
        start=start,
        page_size=count,
        with_related=selection.is_everything
        or selection.wants("groups" if resource_type.name == "User" else "members"),
        base_url=base,
        is_by_cursor="cursor" in sent,
    )


def read_range(sent: Parameters) -> tuple[int, int]:
    """Return startIndex and count, trimmed to our limits (RFC 7644 §3.4.2.4). Errors: InvalidValue."""
    start = max(1, read_number(sent, "startindex", 1))
    return start, min(PAGE_SIZE_MAX, max(0, read_number(sent, "count", PAGE_SIZE)))


def read_number(sent: Parameters, name: str, default: int) -> int:
    """Return the number in a parameter, or the default if it is absent. Errors: InvalidValue."""
    text = sent.get(name, "").strip()
    if not text:
        return default
    digits = text.lstrip("+-")
    if len(text) - len(digits) > 1 or not (digits.isascii() and digits.isdecimal()):
        raise InvalidValue(f"{NAMES.get(name, name)} must be a whole number, not {text[:50]!r}.")
    return max(-1, min(int(text[:20]), NUMBER_MAX))


def refuse_bad_count(sent: Parameters) -> None:
    """Raise InvalidCount for a count that a page by cursor must not have (RFC 9865 §2)."""
    try:
        is_good = 0 <= read_number(sent, "count", PAGE_SIZE) <= PAGE_SIZE_MAX
    except InvalidValue:
        is_good = False
    if not is_good:
        raise InvalidCount(f"count must be a whole number from 0 to {PAGE_SIZE_MAX:,}.")


NAMES = {  # The names as the RFCs write them, by lower-case name; others are ignored.
    each.lower(): each
    for each in (
        "attributes",
        "excludedAttributes",
        "filter",
        "sortBy",
        "sortOrder",
        "startIndex",
        "count",
        "cursor",
    )
}


def read_search_request(body: Any) -> dict[str, str]:
    """Return a SearchRequest message as query parameters (RFC 7644 §3.4.3).

    Errors: InvalidSyntax, InvalidValue.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a SearchRequest message: an object.")
    refuse_nul(body)
    sent = {}
    for key, value in body.items():
        name = key.lower()
        if name in NAMES and value is not None:
            sent[name] = _as_parameter(NAMES[name], value)
    return sent


def _as_parameter(name: str, value: Any) -> str:
    if name in ("attributes", "excludedAttributes"):
        names = value if isinstance(value, list) else [value]
        if all(isinstance(each, str) for each in names):
            return ",".join(names)
        raise InvalidValue(f"{name} must be a list of attribute names.")
    if name in ("startIndex", "count") and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return value
    raise InvalidValue(f"{name} has a value of the wrong type.")
