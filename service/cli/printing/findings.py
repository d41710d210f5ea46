"""How the findings of a comparison are printed: as lines or as JSON. Personal values appear only with --personal."""

import json
from collections.abc import Iterator
from typing import Any

from projections.verify.findings import Difference, Finding, Unread, Waiting
from service.cli.printing.json_differences import ABSENT, is_order_of_keys, json_differences
from service.cli.process import output
from service.terminal import printable

JSON_COLUMNS = frozenset({"document", "facts", "roles", "schemas", "search"})
SHOWN_MAX = 160  # Characters of a value.
PATHS_MAX = 20  # In one column.
WITHHELD = "differs from the log (--personal shows the values)"


def as_lines(each: Difference, *, with_personal: bool) -> str:
    """Return a row that differs from the log as lines, with the events that explain it."""
    events = ", ".join(f"{position} {kind}" for position, kind in each.events) or "no event"
    earlier = f"{each.earlier:,} earlier, " if each.earlier else ""
    key = " ".join(each.key) or str(each.organization_id)
    withheld = frozenset() if with_personal else each.personal
    lines = [
        f"{each.kind}: {each.table} {key} (organization {each.organization_id})",
        *(line for name in each.columns for line in _column(each, name, withheld)),
        f"stream {each.stream_id}: {earlier}{events}",
    ]
    return "\n    ".join(map(printable, lines))


def as_document(found: Finding, *, with_personal: bool) -> str:
    """Return a finding as JSON; its `kind` says which sort of finding it is."""
    match found:
        case Waiting():
            document = {
                "kind": "parked",
                "organizationId": str(found.organization_id),
                "streams": found.streams,
            }
        case Unread():
            document = {
                "kind": "unreadable",
                "organizationId": str(found.organization_id),
                "error": str(found.error),
            }
        case _:
            document = _document(found, frozenset() if with_personal else found.personal)
    return output.as_json(document)


def _column(each: Difference, name: str, withheld: frozenset[str]) -> Iterator[str]:
    """Yield how a column differs; a JSON column path by path."""
    found, expected = each.found[name], each.expected[name]
    if name not in JSON_COLUMNS:
        yield f"{name}: {_how(str(found), str(expected), is_withheld=name in withheld)}"
        return
    paths = json_differences(found, expected)
    for path, one, other in paths[:PATHS_MAX]:
        how = _how(_text(one), _text(other), is_withheld=name in withheld)
        yield f"{name}{path}: {how}"
    if len(paths) > PATHS_MAX:
        yield f"{name}: {len(paths) - PATHS_MAX:,} more paths differ"
    if not paths:
        what = "the order of keys" if is_order_of_keys(found, expected) else "the formatting"
        yield f"{name}: the values match the log, only {what} differs"


def _how(found: str, expected: str, *, is_withheld: bool) -> str:
    return (
        WITHHELD if is_withheld else f"{_short(found)} is stored, the log says {_short(expected)}"
    )


def _text(value: Any) -> str:
    return (
        "nothing"
        if value is ABSENT
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"


def _document(each: Difference, withheld: frozenset[str]) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "table": each.table,
        "key": each.key,
        "organizationId": str(each.organization_id),
        "streamId": str(each.stream_id),
        "columns": {
            name: _withheld(each, name)
            if name in withheld
            else {"stored": each.found[name], "expected": each.expected[name]}
            for name in each.columns
        },
        "events": [{"position": position, "type": kind} for position, kind in each.events],
        "eventsEarlier": each.earlier,
    }


def _withheld(each: Difference, name: str) -> dict[str, Any]:
    """Return a column without its values: only at which paths they differ."""
    if name not in JSON_COLUMNS:
        return {"withheld": True}
    paths = [path for path, _, _ in json_differences(each.found[name], each.expected[name])]
    return {"withheld": True, "paths": paths}
