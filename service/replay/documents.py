"""Events and tables as files hold them: JSON documents and CSV."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from service.replay.describe import DescribedEvent

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # A spreadsheet would calculate such a cell.
EVENT_COLUMNS: Final = (
    *("position", "recordedAt", "type", "resourceType", "resourceName", "actor", "token", "source"),
    *("sentence", "requestId", "resourceId", "facts", "changes"),
)


def event_document(each: DescribedEvent) -> dict[str, Any]:
    """Return an event, as the audit API answers it."""
    return {
        "position": each.position,
        "recordedAt": each.recorded_at,
        "type": each.type,
        "resourceType": each.resource_type,
        "resourceId": each.resource_id,
        "resourceName": each.resource_name,
        "actor": {"id": each.actor.id, "name": each.actor.name, "kind": each.actor.kind},
        "token": {"id": each.token_id, "label": each.token_label} if each.token_id else None,
        "requestId": each.request_id,
        "source": each.source,
        "sentence": each.sentence,
        "facts": dict(each.facts),
        "changes": [
            {
                "attribute": one.attribute,
                "before": one.before,
                "after": one.after,
                "isErased": one.is_erased,
            }
            for one in each.changes
        ],
    }


def flat_event(each: DescribedEvent) -> dict[str, Any]:
    """Return an event as a row of a table, by the names of EVENT_COLUMNS."""
    document = event_document(each)
    return {**document, "actor": each.actor.name, "token": each.token_label}


def csv_text(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, has_header: bool = True
) -> str:
    """Return rows as CSV. A cell that a spreadsheet would calculate gets an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if has_header:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in columns])
    return text.getvalue()


def cell(value: Any) -> str:
    """Return a value as a cell of a table."""
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case dict() | list() | tuple():
            return orjson.dumps(value, default=str).decode()
        case _:
            shown = str(value)
            return f"'{shown}" if shown.startswith(FORMULA) else shown
