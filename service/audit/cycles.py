"""The routes of provisioning cycles and refusals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service.api.call import Call
from service.api.cursor import an_id, an_instant, read_id_cursor, read_key, write_cursor
from service.audit.cycle_messages import (
    CycleAnswer,
    CycleCounts,
    CycleRow,
    CyclesQuery,
    ReasonRow,
    RefusalRow,
    RefusalsQuery,
    RefusedSubject,
    RemedyRow,
    SlowestRequest,
)
from service.audit.messages import PagePosition, TokenName
from service.audit.parameters import read_period, refused
from service.callers.scopes import ADMIN_READ
from service.replay.cycles import (
    CountedCycle,
    DescribedRequest,
    cycle_in_detail,
    list_cycles,
    list_requests,
)
from service.requests.findings import REASONS, sentences
from service.requests.read import CycleFilter, Reason, RequestFilter

CYCLES, REFUSALS = "cycles", "refusals"  # Of cursors.
KINDS = {"refused": True, "unchanged": False, "all": None}


async def cycles(call: Call, query: CyclesQuery) -> PagePosition[CycleRow]:
    """GET /cycles."""
    begin, end = read_period(query)
    found = await list_cycles(
        call.runtime,
        call.organization,
        CycleFilter(query.token, begin, end),
        after=_after(query.cursor),
        limit=query.limit,
    )
    cursor = None
    if found.has_more:
        last = found.items[-1].cycle
        cursor = write_cursor(CYCLES, last.started_at.isoformat(), last.id)
    rows = [CycleRow(**_cycle(each)) for each in found.items]
    return PagePosition[CycleRow](items=rows, next_cursor=cursor, position=found.position)


async def one_cycle(call: Call, cycle_id: UUID) -> CycleAnswer:
    """GET /cycles/{id}."""
    found = await cycle_in_detail(call.runtime, call.organization, cycle_id)
    return CycleAnswer(
        **_cycle(found.cycle),
        refusals=[_reason(each) for each in found.reasons],
        before=CycleRow(**_cycle(found.before)) if found.before else None,
        difference=CycleCounts(**found.difference) if found.difference is not None else None,
        position=found.position,
    )


async def refusals(call: Call, query: RefusalsQuery) -> PagePosition[RefusalRow]:
    """GET /refusals."""
    begin, end = read_period(query)
    if query.finding is not None and query.finding not in REASONS:
        raise refused(
            "finding", f"There is no finding {query.finding!r}; there are {', '.join(REASONS)}."
        )
    found = await list_requests(
        call.runtime,
        call.organization,
        RequestFilter(KINDS[query.kind], query.cycle, query.token, query.finding, begin, end),
        after=read_id_cursor(REFUSALS, query.cursor),
        limit=query.limit,
    )
    cursor = write_cursor(REFUSALS, found.items[-1].request.id) if found.has_more else None
    may_see = ADMIN_READ in call.authenticated.scopes
    rows = [refusal_row(each, may_see=may_see) for each in found.items]
    return PagePosition[RefusalRow](items=rows, next_cursor=cursor, position=found.position)


def refusal_row(each: DescribedRequest, *, may_see: bool) -> RefusalRow:
    """Return a kept request as it is answered. What was sealed is withheld from callers who may not see it."""
    request, text = each.request, each.request.text if may_see else None
    sentence, remedy = _explained(request.finding, request.attribute)
    is_name_shown = may_see or each.is_from_log
    return RefusalRow(
        id=request.id,
        at=request.at,
        request_id=request.request_id,
        operation=request.operation,
        token=TokenName(id=request.token_id, label=each.token_label) if request.token_id else None,
        cycle=request.cycle_id,
        method=request.method,
        route=request.route,
        status=request.status,
        duration_ms=request.duration_ms,
        scim_type=request.scim_type,
        attribute=request.attribute,
        finding=request.finding,
        sentence=sentence,
        remedy=remedy,
        parameters=dict(text.parameters) if text else {},
        subject=RefusedSubject(
            id=request.resource_id, name=each.subject if is_name_shown else None
        ),
        detail=text.detail if text else None,
        is_withheld=not may_see and request.text is not None,
        is_erased=request.is_erased,
        since=each.reason.since if each.reason else None,
        requests=each.reason.requests if each.reason else 0,
        cycles=each.reason.cycles if each.reason else 0,
    )


def _explained(finding: str | None, attribute: str | None) -> tuple[str | None, RemedyRow | None]:
    if finding is None:
        return None, None
    reason, (found, change) = REASONS[finding], sentences(finding, attribute)
    return found, RemedyRow(code=reason.remedy, sentence=change, where=reason.where)


def _reason(each: Reason) -> ReasonRow:
    reason, (found, change) = REASONS[each.finding], sentences(each.finding, each.attribute)
    return ReasonRow(
        finding=each.finding,
        attribute=each.attribute,
        sentence=found,
        remedy=RemedyRow(code=reason.remedy, sentence=change, where=reason.where),
        requests=each.requests,
        since=each.since,
        cycles=each.cycles,
    )


def _cycle(each: CountedCycle) -> dict[str, Any]:
    cycle = each.cycle
    return {
        "id": cycle.id,
        "state": "running" if each.is_running else "over",
        "token": TokenName(id=cycle.token_id, label=each.token_label),
        "started_at": cycle.started_at,
        "last_at": cycle.last_at,
        "duration_s": each.duration_s,
        "counts": CycleCounts(**each.counts),
        "slowest": SlowestRequest(
            request_id=cycle.slowest_request_id,
            method=cycle.slowest_method,
            route=cycle.slowest_route,
            duration_ms=cycle.slowest_ms,
        ),
    }


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return where a page of cycles begins. Errors: BadQuery."""
    key = read_key(CYCLES, cursor, an_instant, an_id)
    return (key[0], key[1]) if key else None
