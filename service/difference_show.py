"""How a row that is not as the log says is printed: lines to read, or JSON."""

from collections.abc import Iterator
from typing import Any

import orjson

from projections.findings import Difference
from service.json_differences import ABSENT, is_order_of_keys, json_differences

JSON_COLUMNS = frozenset({"document", "facts", "roles", "schemas", "search"})
SHOWN_MAX = 160  # Characters of a value.
PATHS_MAX = 20  # Of a column.


def difference(each: Difference, *, is_json: bool) -> str:
    """Return a row that is not as the log says, with the events that explain it."""
    if is_json:
        return orjson.dumps(_document(each), default=str).decode()
    events = ", ".join(f"{position} {kind}" for position, kind in each.events) or "no event"
    earlier = f"{each.earlier:,} earlier, " if each.earlier else ""
    key = " ".join(each.key) or str(each.organization_id)
    lines = [
        f"{each.kind}: {each.table} {key} (organization {each.organization_id})",
        *(line for name in each.columns for line in _column(each, name)),
        f"stream {each.stream_id}: {earlier}{events}",
    ]
    return "\n    ".join(lines)


def _column(each: Difference, name: str) -> Iterator[str]:
    """Yield how a column differs: one of JSON path by path."""
    found, expected = each.found[name], each.expected[name]
    if name not in JSON_COLUMNS:
        yield _sentence(name, _short(str(found)), _short(str(expected)))
        return
    paths = json_differences(found, expected)
    for path, one, other in paths[:PATHS_MAX]:
        yield _sentence(f"{name}{path}", _value(one), _value(other))
    if len(paths) > PATHS_MAX:
        yield f"{name}: {len(paths) - PATHS_MAX:,} more paths differ"
    if not paths:
        what = (
            "only the order of keys" if is_order_of_keys(found, expected) else "only the spelling"
        )
        yield f"{name}: the values are as the log says, {what} differs"


def _sentence(place: str, found: str, expected: str) -> str:
    return f"{place}: {found} is stored, the log says {expected}"


def _value(value: Any) -> str:
    return "nothing" if value is ABSENT else _short(orjson.dumps(value).decode())


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"


def _document(each: Difference) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "table": each.table,
        "key": each.key,
        "organizationId": str(each.organization_id),
        "streamId": str(each.stream_id),
        "columns": {
            name: {"stored": each.found[name], "expected": each.expected[name]}
            for name in each.columns
        },
        "events": [{"position": position, "type": kind} for position, kind in each.events],
        "eventsEarlier": each.earlier,
    }
