"""The routes that answer with files: exports of events and of access, and reports ready to print."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final

import orjson
from aiohttp import web

from schema.scim.errors import NotFound
from service.api.call import Call
from service.api.problem import NO_STORE
from service.api.sending import is_head, no_pieces, send_file
from service.audit.messages import AccessExportQuery, EventsExportQuery, ReportQuery
from service.audit.parameters import read_at, read_period, read_search, refused
from service.http.answer import Answer
from service.proof.record import record
from service.replay.documents import cell, csv_text
from service.replay.export import (
    MEDIA_TYPES,
    Format,
    What,
    Written,
    begin,
    export_access,
    export_events,
    exported,
    trailer,
)
from service.replay.instants import earlier
from service.replay.parquet import NoParquet, load_library
from service.replay.reports import TITLES, Period, Table, report
from service.replay.wanted import position_of

HTML: Final = "text/html; charset=utf-8"
ONE_YEAR: Final = timedelta(days=365)


async def events(call: Call, query: EventsExportQuery) -> web.StreamResponse:
    """GET /export/events."""
    wanted = await read_search(call, query)
    written = await begin(call.runtime, call.organization)
    pieces = export_events(
        call.runtime, call.organization, wanted, query.format, written, after=query.after
    )
    return await _stream(call, query, pieces, written, what="events", first=query.after + 1)


async def access(call: Call, query: AccessExportQuery) -> web.StreamResponse:
    """GET /export/access."""
    at = read_at(query)
    written = await begin(call.runtime, call.organization)
    async with call.runtime.pool.acquire() as connection:
        position = await position_of(connection, call.organization.id, at, end=written.position)
    pieces = export_access(
        call.runtime, call.organization, query.format, written, position=position
    )
    return await _stream(call, query, pieces, written, what="access", first=position)


async def reports(call: Call, name: str, query: ReportQuery) -> web.StreamResponse:
    """GET /reports/{name}."""
    if name not in TITLES:
        raise NotFound(f"There is no report {name[:60]!r}; there are {', '.join(TITLES)}.")
    begin_at, end_at = read_period(query)
    end_at = end_at or datetime.now(UTC)
    period = Period(begin_at or earlier(end_at, ONE_YEAR), end_at)
    if period.end < period.begin:
        raise refused("to", "The end is before the beginning; exchange from and to.")
    media_type = HTML if query.format == "html" else MEDIA_TYPES[query.format]
    headers = {
        **NO_STORE,
        "Content-Disposition": f'attachment; filename="{name}.{query.format}"'
        if query.format != "html"
        else "inline",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff",
    }
    if is_head(call):
        return await send_file(call, {**headers, "Content-Type": media_type}, no_pieces())
    made = await report(call.runtime, call.organization, name, period, days=query.days)
    written = Written(made.position, len(made.rows), made.position)
    body = _body(call, made, query.format, written)
    await _record(call, written, "report", made.position)
    return Answer(body, headers=headers, media_type=media_type)


def _body(call: Call, made: Table, form: str, written: Written) -> bytes:
    """Return a report as a file, whose digest is counted once: a trailer is not part of it."""
    if form == "csv":
        return written.piece(csv_text(made.rows, made.columns).encode())
    if form == "ndjson":
        rows = b"".join(orjson.dumps(dict(row), default=str) + b"\n" for row in made.rows)
        return written.piece(rows) + trailer(written)
    return written.piece(as_html(made, call.organization.name).encode())


def as_html(made: Table, organization: str) -> str:
    """Return a report as a page that prints well: black on white, its head repeated on each sheet of paper."""
    head = "".join(f"<th scope=col>{escape(_heading(each))}</th>" for each in made.columns)
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{escape(_shown(row.get(each)))}</td>' for each in made.columns)}</tr>"
        for row in made.rows
    )
    empty = "" if made.rows else "<p>Nobody and nothing: no event of this kind.</p>"
    return PAGE.format(
        title=escape(made.title),
        organization=escape(organization),
        covers=escape(made.covers),
        position=f"{made.position:,}",
        count=f"{len(made.rows):,}",
        now=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        head=head,
        rows=rows,
        empty=empty,
    )


def _heading(name: str) -> str:
    words = "".join(f" {each.lower()}" if each.isupper() else each for each in name)
    return words[:1].upper() + words[1:]


def _shown(value: object) -> str:
    match value:
        case True | False:
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case list():
            return ", ".join(map(str, value))
        case _:
            return cell(value).removeprefix("'")


PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}: {organization}</title>
<style>
body {{ font: 14px/1.5 system-ui, sans-serif; color: #17202b; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }}
h1 {{ font-size: 22px; margin: 0 0 .25rem; }}
p {{ margin: .25rem 0; color: #505c6b; }}
table {{ border-collapse: collapse; width: 100%; margin-top: 1rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid #d8dde3; }}
thead {{ display: table-header-group; }}
tr {{ break-inside: avoid; }}
@media print {{ body {{ color: #000; margin: 0; max-width: none; font-size: 10pt; }} p {{ color: #000; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{organization}, {covers}. {count} rows.</p>
<p>Computed on {now} UTC from the log up to event #{position}.</p>
{empty}
<table>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


async def _stream(
    call: Call,
    query: EventsExportQuery | AccessExportQuery,
    pieces: AsyncIterator[bytes],
    written: Written,
    *,
    what: What,
    first: int,
) -> web.StreamResponse:
    """Answer with a file in pieces, and record in the log that it was given out."""
    form: Format = query.format
    name = f"{what}.{form}"
    if form == "parquet":
        try:
            load_library()
        except NoParquet as error:
            raise refused("format", str(error)) from error
    headers = {
        "Content-Type": MEDIA_TYPES[form],
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return await send_file(
        call, headers, pieces, at_end=lambda: _record(call, written, what, first)
    )


async def _record(call: Call, written: Written, what: What, first: int) -> None:
    event = exported(what, written, first)
    await record(call.runtime, call.organization.id, event, call.provenance)
