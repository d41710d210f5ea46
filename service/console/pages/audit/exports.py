"""Exports and evidence: files to keep. Each is a form that is sent, because the log records what was given out."""

import tempfile
from typing import Any, Final, cast

from aiohttp import web

from eventstore.trees.extend import Contradicted
from eventstore.trees.prove import NoProof
from projections.history.search import Search, reached
from service.api.sending import pieces, send_file
from service.callers.stopped_logs import stopped
from service.console.framework.answers import HEADERS
from service.console.framework.call import ConsoleCall
from service.console.pages.audit.reading import tabs
from service.console.pages.fields import person_in
from service.console.pages.periods import Period, day_in, period_in
from service.console.pages.provisioning.choices import kind_options
from service.http.answer import Answer
from service.proof.evidence import (
    IN_MEMORY_BYTES,
    ZIP,
    Wanted,
    evidence_name,
    silent,
    write_evidence,
)
from service.proof.record import record
from service.replay.export import (
    MEDIA_TYPES,
    Format,
    What,
    Written,
    begin,
    export_access,
    export_events,
    exported,
)
from service.replay.parquet import NoParquet, load_library
from service.replay.wanted import position_of, positions_of, types_in

FORMATS: Final = ("csv", "ndjson", "parquet")
DISCLOSURES: Final = ("full", "none", "subject")


async def show(call: ConsoleCall) -> Answer:
    """GET /audit/exports."""
    return await _show(call)


async def _show(call: ConsoleCall, *, status: int = 200) -> Answer:
    async with call.runtime.pool.acquire() as connection:
        position = await reached(connection, call.organization.id)
    return await call.show(
        "audit/exports.html",
        status=status,
        formats=FORMATS,
        position=position,
        kinds=kind_options(call, with_more=True),
        tabs=tabs(call, "/audit/exports"),
    )


async def events(call: ConsoleCall) -> web.StreamResponse:
    """POST /audit/exports/events: all events of a period, or those of a kind."""
    period, form = _period(call, "events"), _format(call)
    if call.form.errors:
        return await _show(call, status=422)
    async with call.runtime.pool.acquire() as connection:
        after, last = await positions_of(connection, call.organization.id, *period)
    types = types_in(call.form.value("type") or None)
    wanted = Search(after_position=after, to_position=last, types=types)
    written = await begin(call.runtime, call.organization)
    made = export_events(call.runtime, call.organization, wanted, form, written)
    return await _send(call, made, written, form, what="events", first=(after or 0) + 1)


async def access(call: ConsoleCall) -> web.StreamResponse:
    """POST /audit/exports/access: everybody with role, state and groups at the end of a day."""
    at, form = day_in(call, call.form.value, "access-at", call.times.zone), _format(call)
    if call.form.errors:
        return await _show(call, status=422)
    written = await begin(call.runtime, call.organization)
    async with call.runtime.pool.acquire() as connection:
        position = await position_of(connection, call.organization.id, at, end=written.position)
    made = export_access(call.runtime, call.organization, form, written, position=position)
    return await _send(call, made, written, form, what="access", first=position)


async def evidence(call: ConsoleCall) -> web.StreamResponse:
    """POST /audit/exports/evidence: a bundle, which is whole before its first byte is sent."""
    since, until = _period(call, "evidence")
    disclosure, subject = call.form.value("disclosure", "full"), None
    if disclosure == "subject":
        subject = await person_in(call)
    if call.form.errors or disclosure not in DISCLOSURES:
        return await _show(call, status=422)
    wanted = Wanted(
        since=since, until=until, disclosure=cast("Any", disclosure), subject_id=subject
    )
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        try:
            made = await write_evidence(
                call.runtime,
                call.organization.id,
                wanted,
                file,
                provenance=call.provenance,
                report=silent,
            )
        except NoProof as error:
            call.form.refuse("", call.said(error))
            return await _show(call, status=422)
        except Contradicted as error:
            raise stopped(error.finding.code) from error
        name = evidence_name(call.organization.id, made.last)
        headers = {
            **HEADERS,
            **ZIP,
            "Cache-Control": "no-store",
            "Content-Length": str(file.tell()),
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        file.seek(0)
        return await send_file(call, headers, pieces(file))


def _format(call: ConsoleCall) -> Format:
    sent = call.form.value("as", "csv")
    if sent == "parquet":
        try:
            load_library()
        except NoParquet as error:
            call.form.refuse("", call.said(error))
    return cast("Format", sent if sent in FORMATS else "csv")


def _period(call: ConsoleCall, prefix: str) -> Period:
    names = (f"{prefix}-from", f"{prefix}-to")
    return period_in(call, call.form.value, names, call.times.zone)


async def _send(
    call: ConsoleCall, made: Any, written: Written, form: Format, *, what: What, first: int
) -> web.StreamResponse:
    """Answer with a file in pieces, and record in the log that it was given out."""
    headers = {
        **HEADERS,
        "Cache-Control": "no-store",
        "Content-Type": MEDIA_TYPES[form],
        "Content-Disposition": f'attachment; filename="{what}.{form}"',
    }

    async def at_end() -> None:
        event = exported(what, written, first)
        await record(call.runtime, call.organization.id, event, call.provenance)

    return await send_file(call, headers, made, at_end=at_end)
