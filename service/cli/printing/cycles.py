"""What the commands about provisioning cycles and refusals print: lines, CSV or JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic.alias_generators import to_camel

from service.cli.printing.audit import Form, computed, instant
from service.cli.process import output
from service.replay.cycles import CountedCycle, CycleInDetail, DescribedRequest
from service.replay.documents import csv_text
from service.requests.findings import REASONS, sentences
from service.requests.read import Reason
from service.terminal import printable

complain = output.complain
SHOWN: Final[Mapping[str, str]] = {  # The counts that a line shows, in words.
    "created": "created",
    "changed": "changed",
    "deactivated": "deactivated",
    "reactivated": "reactivated",
    "deleted": "deleted",
    "roles": "roles assigned",
    "members_added": "members added",
    "members_removed": "members removed",
    "unchanged": "unchanged",
    "refused": "refused",
}


def cycle(each: CountedCycle) -> dict[str, Any]:
    """Return a cycle, as the audit API answers it."""
    found = each.cycle
    return {
        "id": found.id,
        "state": "running" if each.is_running else "over",
        "token": {"id": found.token_id, "label": each.token_label},
        "startedAt": found.started_at,
        "lastAt": found.last_at,
        "durationS": each.duration_s,
        "counts": {to_camel(name): value for name, value in each.counts.items()},
        "slowest": {
            "requestId": found.slowest_request_id,
            "method": found.slowest_method,
            "route": found.slowest_route,
            "durationMs": found.slowest_ms,
        },
    }


def cycles(found: Sequence[CountedCycle], form: Form, position: int) -> str:
    """Return cycles: a line each, CSV, or JSON."""
    if form is Form.JSON:
        return output.as_json({"items": [cycle(each) for each in found], "position": position})
    if form is Form.CSV:
        return csv_text([_flat(each) for each in found], CYCLE_COLUMNS).rstrip("\n")
    lines = [_line(each) for each in found] or ["There is no cycle yet."]
    return "\n".join([*lines, computed(position)])


CYCLE_COLUMNS: Final = (
    *("id", "state", "token", "startedAt", "lastAt", "durationS"),
    *(to_camel(name) for name in SHOWN),
    *("requests", "reads", "slowestMs", "slowestRequestId"),
)


def _flat(each: CountedCycle) -> dict[str, Any]:
    row = cycle(each)
    return {
        **row,
        **row["counts"],
        "token": each.token_label or str(each.cycle.token_id),
        "slowestMs": each.cycle.slowest_ms,
        "slowestRequestId": each.cycle.slowest_request_id,
    }


def _line(each: CountedCycle) -> str:
    name = each.token_label or str(each.cycle.token_id)
    state = ", running" if each.is_running else ""
    return printable(
        f"{instant(each.cycle.started_at)}  {_duration(each.duration_s)}  {name}{state}: "
        f"{_counts(each.counts)}  {each.cycle.id}"
    )


def _counts(counts: Mapping[str, int]) -> str:
    words = [f"{counts[name]:,} {word}" for name, word in SHOWN.items() if counts[name]]
    return ", ".join(words) or "nothing changed"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def detail(found: CycleInDetail, form: Form) -> str:
    """Return a cycle with its refusals and the one before: lines, CSV of its refusals, or JSON."""
    if form is Form.JSON:
        difference = found.difference
        return output.as_json(
            {
                **cycle(found.cycle),
                "refusals": [reason(each) for each in found.reasons],
                "before": cycle(found.before) if found.before else None,
                "difference": difference
                and {to_camel(name): value for name, value in difference.items()},
                "position": found.position,
            }
        )
    if form is Form.CSV:
        return csv_text([_flat_reason(each) for each in found.reasons], REASON_COLUMNS).rstrip("\n")
    slowest = found.cycle.cycle
    lines = [
        _line(found.cycle),
        f"  {slowest.requests:,} requests, {slowest.reads:,} of them reads",
        f"  the slowest took {slowest.slowest_ms:,.0f} ms: request {slowest.slowest_request_id}",
    ]
    if found.before is not None:
        lines.append(f"  before: {_line(found.before)}")
    for each in found.reasons:
        sentence, change = sentences(each.finding, each.attribute)
        lines += [
            f"  {each.requests:,} refused: {sentence}",
            f"      {_where(each.finding)}: {change}",
            f"      {_past(each)}",
        ]
    return "\n".join([*map(printable, lines), computed(found.position)])


REASON_COLUMNS: Final = (
    *("finding", "attribute", "requests", "since", "cycles", "sentence", "remedy", "where"),
    "change",
)


def reason(each: Reason) -> dict[str, Any]:
    """Return why requests were refused, as the audit API answers it."""
    sentence, _ = sentences(each.finding, each.attribute)
    return {
        "finding": each.finding,
        "attribute": each.attribute,
        "sentence": sentence,
        "remedy": remedy(each.finding, each.attribute),
        "requests": each.requests,
        "since": each.since,
        "cycles": each.cycles,
    }


def remedy(finding: str, attribute: str | None) -> dict[str, Any]:
    """Return what to change, as the audit API answers it."""
    known = REASONS[finding]
    return {
        "code": known.remedy,
        "sentence": sentences(finding, attribute)[1],
        "where": known.where,
    }


def _flat_reason(each: Reason) -> dict[str, Any]:
    change = remedy(each.finding, each.attribute)
    flat = {"remedy": change["code"], "where": change["where"], "change": change["sentence"]}
    return {**reason(each), **flat}


def _where(finding: str) -> str:
    is_here = REASONS[finding].where == "here"
    return "Change here" if is_here else "Change at the identity provider"


def _past(each: Reason) -> str:
    since = f"since {instant(each.since)}, " if each.since else ""
    return f"{since}in {each.cycles:,} {'cycle' if each.cycles == 1 else 'cycles'}"


def refusal(each: DescribedRequest) -> dict[str, Any]:
    """Return a kept request, as the audit API answers it to a caller who may see everything."""
    request, text, past = each.request, each.request.text, each.reason
    finding, attribute = request.finding, request.attribute
    return {
        "id": request.id,
        "at": request.at,
        "requestId": request.request_id,
        "operation": request.operation,
        "token": {"id": request.token_id, "label": each.token_label} if request.token_id else None,
        "cycle": request.cycle_id,
        "method": request.method,
        "route": request.route,
        "status": request.status,
        "durationMs": request.duration_ms,
        "scimType": request.scim_type,
        "attribute": attribute,
        "finding": finding,
        "sentence": sentences(finding, attribute)[0] if finding else None,
        "remedy": remedy(finding, attribute) if finding else None,
        "parameters": dict(text.parameters) if text else {},
        "subject": {"id": request.resource_id, "name": each.subject},
        "detail": text.detail if text else None,
        "isErased": request.is_erased,
        "since": past.since if past else None,
        "requests": past.requests if past else 0,
        "cycles": past.cycles if past else 0,
    }


REFUSAL_COLUMNS: Final = (
    *("at", "status", "subject", "finding", "attribute", "sentence", "change", "where", "detail"),
    *("method", "route", "scimType", "token", "since", "cycles", "requestId", "subjectId", "cycle"),
)


def refusals(found: Sequence[DescribedRequest], form: Form, position: int) -> str:
    """Return kept requests: lines, CSV, or JSON."""
    if form is Form.JSON:
        return output.as_json({"items": [refusal(each) for each in found], "position": position})
    if form is Form.CSV:
        return csv_text([_flat_refusal(each) for each in found], REFUSAL_COLUMNS).rstrip("\n")
    lines = [_lines(each) for each in found] or ["No request that is kept matches."]
    return "\n".join([*lines, computed(position)])


def _flat_refusal(each: DescribedRequest) -> dict[str, Any]:
    row = refusal(each)
    change = row["remedy"] or {"sentence": None, "where": None}
    return {
        **row,
        "subject": each.subject,
        "subjectId": each.request.resource_id,
        "change": change["sentence"],
        "where": change["where"],
        "token": each.token_label,
    }


def _lines(each: DescribedRequest) -> str:
    request = each.request
    subject = "(erased)" if request.is_erased and each.subject is None else each.subject
    head = (
        f"{instant(request.at)}  {request.status} {request.method} {request.route or '(no endpoint)'}"
        f"  {subject or request.resource_id or ''}".rstrip()
    )
    if request.finding is None:
        return printable(f"{head}: nothing changed  request {request.request_id}")
    sentence, change = sentences(request.finding, request.attribute)
    lines = [f"{head}: {sentence}", f"    {_where(request.finding)}: {change}"]
    if request.text is not None:
        lines.append(f"    Answered: {request.text.detail}")
    past = f"{_past(each.reason)}  " if each.reason else ""
    lines.append(f"    {past}request {request.request_id}")
    return "\n".join(map(printable, lines))
