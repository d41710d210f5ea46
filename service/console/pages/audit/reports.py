"""Reports: a table to read and print, and the same as a file. Giving the file out is recorded in the log."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from schema.scim.errors import NotFound
from service.console.events.reading import record_reading
from service.console.events.words import ROLES, role_word, value_word
from service.console.framework.answers import file_answer
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.framework.paging import Listed
from service.console.pages.audit.reading import tabs
from service.console.pages.files import refuse_too_many
from service.console.pages.periods import read_period, zone_of
from service.console.texts.texts import Phrase
from service.http.answer import Answer
from service.proof.record import record
from service.replay.documents import csv_text
from service.replay.export import Written, exported
from service.replay.instants import earlier
from service.replay.reports import ROWS_MAX, Period, Table, report

SHOWN_MAX: Final = 200
DAYS_MAX: Final = 3_650
ONE_YEAR: Final = timedelta(days=365)
REPORTS: Final[Mapping[str, tuple[Phrase, Phrase]]] = {
    "access": (
        Phrase("report.access", "Access on a day"),
        Phrase("report.access_text", "Everybody with role, state and groups at the end of a day."),
    ),
    "role-changes": (
        Phrase("report.roles", "Role changes"),
        Phrase("report.roles_text", "Who got which role, from whom, in a period."),
    ),
    "leavers": (
        Phrase("report.leavers", "People who left"),
        Phrase(
            "report.leavers_text", "Who was deactivated or deleted, and how long access stayed."
        ),
    ),
    "administrators": (
        Phrase("report.administrators", "Administrators over time"),
        Phrase(
            "report.administrators_text", "Who became an Administrator, and who stopped being one."
        ),
    ),
    "unseen": (
        Phrase("report.unseen", "People whom provisioning has not touched"),
        Phrase("report.unseen_text", "Who was in no cycle for a number of days."),
    ),
}
COLUMNS: Final[Mapping[str, Phrase]] = {
    "userName": Phrase("column.user_name", "userName"),
    "displayName": Phrase("column.display_name", "Display name"),
    "role": Phrase("column.role", "Role"),
    "active": Phrase("column.active", "Active"),
    "since": Phrase("column.since", "Since"),
    "groups": Phrase("column.groups", "Groups"),
    "position": Phrase("column.position", "Event"),
    "id": Phrase("column.id", "Id"),
    "recordedAt": Phrase("column.at", "When"),
    "from": Phrase("column.from", "Before"),
    "to": Phrase("column.to", "After"),
    "by": Phrase("column.by", "By"),
    "deactivatedAt": Phrase("column.deactivated", "Left"),
    "lastAccessRemovedAt": Phrase("column.removed", "Last access removed"),
    "hours": Phrase("column.hours", "Hours between"),
    "change": Phrase("column.change", "Change"),
    "lastSeenAt": Phrase("column.seen", "Last provisioned"),
}
CHANGES: Final[Mapping[str, Phrase]] = {
    "became Administrator": Phrase("change.became", "became Administrator"),
    "is no longer Administrator": Phrase("change.ended", "is no longer Administrator"),
    "deactivated": Phrase("change.deactivated", "was deactivated"),
    "reactivated": Phrase("change.reactivated", "was reactivated"),
    "deleted": Phrase("change.deleted", "was deleted"),
}


async def read_list(call: ConsoleCall) -> Answer:
    """GET /audit/reports."""
    reports = [(name, call.t(*title), call.t(*text)) for name, (title, text) in REPORTS.items()]
    return await call.show("audit/reports.html", reports=reports, tabs=tabs(call, "/audit/reports"))


async def read_one(call: ConsoleCall, name: str) -> Answer:
    """GET /audit/reports/{name}: over the last year, unless a period is given."""
    if name not in REPORTS:
        raise NotFound("There is no such report.")
    period, days = _period(call), _days(call)
    is_file = call.query.get("format") == "csv" and not call.form.errors
    most = ROWS_MAX if is_file else SHOWN_MAX
    made = await report(call.runtime, call.organization, name, period, days=days, most=most)
    if is_file:
        refuse_too_many(call, len(made.rows) + made.is_cut, ROWS_MAX)
        return await _file(call, name, made)
    record_reading(call, f"/audit/reports/{name}", made.position)
    title, text = REPORTS[name]
    return await call.show(
        "audit/report.html",
        status=422 if call.form.errors else 200,
        name=name,
        title=call.t(*title),
        text=call.t(*text),
        period=period,
        days=days,
        made=made,
        columns=[(each, call.t(*COLUMNS[each])) for each in made.columns if each != "id"],
        rows=[
            [_cell(call, each, row.get(each)) for each in made.columns if each != "id"]
            for row in made.rows
        ],
        page=Listed(made.rows, None, None),
        zone=zone_of(call).key,
        tabs=tabs(call, "/audit/reports"),
    )


def _period(call: ConsoleCall) -> Period:
    begin, end = read_period(call)
    last = end or call.now
    if call.form.errors:
        return Period(call.now, call.now)
    return Period(min(begin or earlier(last, ONE_YEAR), last), last)


def _days(call: ConsoleCall) -> int:
    sent = call.query.get("days") or "90"
    days = number_in(sent)
    if days is not None and 1 <= days <= DAYS_MAX:
        return days
    call.form.refuse(
        "days",
        call.t(
            "report.no_days",
            "Enter a number of days between 1 and {most}. You entered {value}.",
            most=DAYS_MAX,
            value=sent[:20],
        ),
    )
    return 90


def _cell(call: ConsoleCall, column: str, value: Any) -> Any:
    """Return a cell as the page shows it."""
    if column == "change":
        found = CHANGES.get(str(value))
        return call.t(*found) if found else value
    if column in {"role", "from", "to"} and value in ROLES:
        return role_word(call.texts, value)
    if column in {"position", "hours"}:
        return call.texts.number(value)
    if hasattr(value, "astimezone"):
        return call.times.both(value)
    return value_word(call.texts, value)


async def _file(call: ConsoleCall, name: str, made: Table) -> Answer:
    """Return a report as a file, and record in the log that it was given out."""
    written = Written(made.position, len(made.rows), made.position)
    rows: Sequence[Mapping[str, Any]] = made.rows
    body = written.piece(csv_text(rows, made.columns).encode())
    event = exported("report", written, made.position)
    await record(call.runtime, call.organization.id, event, call.provenance)
    return file_answer(body, name=f"{name}.csv", media_type="text/csv; charset=utf-8")
