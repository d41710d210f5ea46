"""What the commands of auditors print: lines, CSV or JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from schema.events.organization import Organization
from service.cli.process import output
from service.replay.answers import Access, NamedHolder, NamedPeriod
from service.replay.describe import DescribedEvent
from service.replay.documents import EVENT_COLUMNS, csv_text, event_document, flat_event
from service.terminal import printable

complain = output.complain


class Form(Enum):
    """How an answer is printed."""

    LINES = "lines"
    CSV = "csv"
    JSON = "json"

    @classmethod
    def of(cls, *, as_csv: bool, as_json: bool) -> "Form":
        """Return the form that the options ask for; of both, JSON."""
        return cls.JSON if as_json else cls.CSV if as_csv else cls.LINES


def holder(each: NamedHolder, assigned_by: str) -> dict[str, Any]:
    """Return the row of somebody who held a role."""
    period = each.holder.period
    return {
        "userName": each.name,
        "displayName": each.display_name,
        "active": each.holder.is_active,
        "since": period.from_at,
        "until": period.to_at,
        "assignedBy": assigned_by,
        "position": period.from_position,
        "id": each.holder.user_id,
    }


def member(each: NamedPeriod) -> dict[str, Any]:
    """Return the row of a member that a group had."""
    period = each.period
    return {
        "name": each.name,
        "displayName": each.display_name,
        "type": period.member_type,
        "since": period.from_at,
        "until": period.to_at,
        "position": period.from_position,
        "id": period.member_id,
    }


def events(found: Sequence[DescribedEvent], form: Form, position: int) -> str:
    """Return events: a line each, CSV, or JSON."""
    if form is Form.JSON:
        return output.as_json(
            {"items": [event_document(each) for each in found], "position": position}
        )
    if form is Form.CSV:
        return csv_text(map(flat_event, found), EVENT_COLUMNS).rstrip("\n")
    lines = [_line(each) for each in found] or ["No event matches."]
    return "\n".join([*lines, computed(position)])


def _line(each: DescribedEvent) -> str:
    changes = "".join(
        f"\n{'':>12}{one.attribute}: {_value(one.before, is_erased=one.is_erased)} → "
        f"{_value(one.after, is_erased=one.is_erased)}"
        for one in each.changes
    )
    head = f"#{each.position:<9,} {instant(each.recorded_at)}  {each.sentence}"
    return printable(head) + "".join(map(_printable_line, changes.splitlines(keepends=True)))


def _printable_line(line: str) -> str:
    return printable(line.rstrip("\n")) + ("\n" if line.endswith("\n") else "")


def _value(value: Any, *, is_erased: bool) -> str:
    if is_erased:
        return "(erased)"
    if value is None:
        return "(empty)"
    return value if isinstance(value, str) else output.as_json(value)


def table(rows: Sequence[Mapping[str, Any]], form: Form, position: int | None) -> str:
    """Return rows: a line each, CSV, or JSON."""
    if form is Form.JSON:
        return output.as_json({"items": [dict(each) for each in rows], "position": position})
    if form is Form.CSV:
        return csv_text(rows, tuple(rows[0]) if rows else ()).rstrip("\n")
    lines = [_row(each) for each in rows] or ["Nobody."]
    return "\n".join([*lines, computed(position or 0)])


def _row(row: Mapping[str, Any]) -> str:
    name, display = row.get("userName") or row.get("name"), row["displayName"]
    shown = f"{name} ({display})" if display else str(name)
    state = "" if row.get("active", True) else ", deactivated"
    until = f" until {instant(row['until'])}" if row["until"] else ""
    by = f", by {row['assignedBy']}" if "assignedBy" in row else ""
    return printable(
        f"{shown}{state}: since {instant(row['since'])}{until}{by}, event #{row['position']:,}"
    )


def access(found: Access, organization: Organization, *, as_json: bool) -> str:
    """Return when and why a person got and lost access."""
    if as_json:
        return output.as_json(
            {
                "userName": found.subject.name,
                "hasAccess": found.has_access,
                "lostAt": found.lost_at,
                "events": [event_document(each) for each in found.events],
                "position": found.position,
            }
        )
    state = "has access" if found.has_access else "never had access"
    if found.lost_at is not None:
        state = f"lost access on {instant(found.lost_at)}"
    lines = [printable(f"{found.subject.name} {state}.")]
    for period in found.roles:
        role = organization.role_name(period.role_id) or str(period.role_id)
        lines.append(f"  {role}: {_span(period.from_at, period.to_at)}")
    for group_period, name in found.groups:
        lines.append(printable(f"  in {name}: {_span(group_period.from_at, group_period.to_at)}"))
    return "\n".join([*lines, "", *map(_line, found.events), computed(found.position)])


def _span(begin: datetime, end: datetime | None) -> str:
    return f"since {instant(begin)}" + (f" until {instant(end)}" if end else "")


def instant(at: datetime) -> str:
    """Return an instant in UTC, as lines show it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def computed(position: int) -> str:
    """Return the line that says which position an answer was computed at."""
    return f"Computed from the log up to event #{position:,}."
