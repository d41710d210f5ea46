"""POST /Bulk: many operations in one request, in an order that their references allow (RFC 7644 §3.7)."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web

from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.errors import (
    Conflict,
    InvalidSyntax,
    InvalidValue,
    PayloadTooLarge,
    ScimError,
)
from service.http.answer import Answer
from service.http.answering import unexpected
from service.http.body import is_long
from service.http.kept import sent_name
from service.http.refusal_log import log_fields
from service.http.request_state import STATE, Origin
from service.ids import as_id, new_id
from service.limits.offload import LONG_BYTES, offload
from service.requests.findings import finding_of
from service.requests.kept import TEXT_MAX, KeptRequest, Text
from service.scim.bulk.operation import (
    STATUSES,
    BulkOperation,
    command_of,
    named_resource,
    read_operation,
    sent_location,
)
from service.scim.bulk.order import Before, in_sent_order, portions, referred, sequence
from service.scim.bulk.references import references
from service.scim.context import RequestContext
from service.scim.represent import dumps, etag
from service.scim.request import read_body
from service.scim.responses import json_response
from service.write.commands import Command

OPERATIONS_MAX = 1_000
PAYLOAD_BYTES_MAX = 4_194_304
REFUSALS_LOGGED_MAX = 100
PORTION_MAX = 250  # Operations in the lane at once; the rest of its room is for other requests.


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an operation."""

    document: Document
    is_error: bool


@dataclass(frozen=True, slots=True)
class Bulk:
    """A bulk in progress: what was sent, the ids and places of its bulkIds, the results so far."""

    context: RequestContext
    sent: Sequence[Document]
    ids: Mapping[str, UUID]
    places: Mapping[str, int]
    mentioned: Sequence[AbstractSet[str]]  # The bulkIds that each operation refers to.
    is_long: bool  # The request is: its operations are read beside the event loop.
    results: dict[int, Result] = field(default_factory=dict)
    logged: list[int] = field(default_factory=list)  # Places of the refusals that have a log line.


async def bulk(request: web.Request, context: RequestContext) -> Answer:
    """POST /Bulk: 200 with a BulkResponse, whether its operations succeeded or not."""
    body = await read_body(request, PAYLOAD_BYTES_MAX)
    sent, errors_max = _read_request(body)
    results = await run(context, sent, errors_max, is_long=is_long(request))
    if count := _count_errors(results):
        request[STATE].operations_refused = count
    documents = [results[index].document for index in sorted(results)]
    message = {"schemas": [urns.BULK_RESPONSE], "Operations": documents}
    return json_response(dumps(message))


def _read_request(body: Any) -> tuple[list[Document], int | None]:
    """Return the operations of a BulkRequest, and how many may fail. Errors: InvalidSyntax."""
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a BulkRequest message: an object with Operations.")
    given = {key.lower(): value for key, value in body.items()}
    sent = given.get("operations")
    if not isinstance(sent, list):
        raise InvalidSyntax("Operations must be a list of objects with method, path and data.")
    if len(sent) > OPERATIONS_MAX:
        raise PayloadTooLarge(
            f"The bulk has {len(sent):,} operations, and maxOperations is {OPERATIONS_MAX:,}; "
            "send several bulks."
        )
    return [_with_lower_keys(each) for each in sent], _read_errors_max(given.get("failonerrors"))


def _read_errors_max(sent: Any) -> int | None:
    """Return how many operations may fail; None and 0 set no limit. Errors: InvalidSyntax."""
    if sent is None:
        return None
    if type(sent) is not int or sent < 0:
        raise InvalidSyntax("failOnErrors must be a whole number of at least 1, or be left out.")
    return sent or None


def _with_lower_keys(operation: Any) -> Document:
    """Return an operation with lower-case keys; anything but an object becomes an empty one, and is refused alone."""
    if not isinstance(operation, dict):
        return {}
    return {key.lower(): value for key, value in operation.items()}


async def run(
    context: RequestContext,
    sent: Sequence[Document],
    errors_max: int | None,
    *,
    is_long: bool = False,
) -> dict[int, Result]:
    """Carry out operations; return their results by place. After `errors_max` errors, skip the rest.

    Operations that do not refer to each other go into the lane together, in their order, and share commits.
    """
    mentioned = await offload(_mentioned, is_long, sent)
    state = Bulk(context, sent, _assigned_ids(sent), _places(sent), mentioned, is_long)
    before, order, blocked = await offload(_ordered, is_long, state)
    refusal = Conflict("Its bulkId references form a circle, or lead to one; split the operations.")
    results = state.results
    results |= {place: _refused(state, place, refusal) for place in blocked}
    # If an error may stop the rest, one operation must end before the next begins.
    for portion in portions(order, before, PORTION_MAX if errors_max is None else 1):
        if errors_max is not None and _count_errors(results) >= errors_max:
            break
        works = [_run_one(state, place) for place in portion]
        results |= dict(zip(portion, await asyncio.gather(*works), strict=True))
    return results


def _mentioned(sent: Sequence[Document]) -> list[set[str]]:
    return list(map(references, sent))


def _ordered(state: Bulk) -> tuple[Before, list[int], set[int]]:
    """Return what each operation refers to, an order of the places, and the places that a circle blocks."""
    before = referred(state.mentioned, state.places)
    circular = sequence(before)[1]
    rest = {place: wanted for place, wanted in before.items() if place not in circular}
    order, stuck = sequence(in_sent_order(state.sent, rest))
    return before, order, circular | stuck


def _count_errors(results: Mapping[int, Result]) -> int:
    return sum(1 for each in results.values() if each.is_error)


def _assigned_ids(sent: Sequence[Document]) -> dict[str, UUID]:
    """Return an id for each bulkId: a new one for a POST, else the one in the path of its operation."""
    ids: dict[str, UUID] = {}
    for each in sent:
        bulk_id = each.get("bulkid")
        if isinstance(bulk_id, str):
            if bulk_id in ids:
                raise InvalidSyntax(f"bulkId {bulk_id[:100]!r} is given twice; each is used once.")
            is_new = str(each.get("method", "")).upper() == "POST"
            named = None if is_new else as_id(str(each.get("path", "")).rpartition("/")[2])
            ids[bulk_id] = named or new_id()
    return ids


def _places(sent: Sequence[Document]) -> dict[str, int]:
    return {
        each["bulkid"]: place
        for place, each in enumerate(sent)
        if isinstance(each.get("bulkid"), str)
    }


async def _run_one(state: Bulk, place: int) -> Result:
    context, sent = state.context, state.sent[place]
    try:
        # Those of one organization end in the order in which they begin, so the lane gets them in their order.
        operation, command, is_long = await offload(_read, state.is_long, state, place)
        outcome = await context.submit(command, is_long=is_long)
    except ScimError as refusal:
        return _refused(state, place, refusal)
    except Exception:  # The other operations are done, and the answer must hold their results.
        log.exception("bulk_operation_failed", request_id=str(context.request_id), place=place)
        return _refused(state, place, unexpected(str(context.request_id)))
    location = context.base + operation.location
    document = {**_head(sent), "location": location, "status": STATUSES[operation.method]}
    if outcome.row is not None:
        document["version"] = etag(outcome.row.version)
    return Result(document, is_error=False)


def _read(state: Bulk, place: int) -> tuple[BulkOperation, Command, bool]:
    """Return an operation, its command, and whether that may take long. Errors: those of reading it."""
    _refuse_failed_references(state, place)
    operation = read_operation(state.sent[place], state.ids)
    command = command_of(state.context, operation)
    return operation, command, state.is_long and len(dumps(operation.data)) > LONG_BYTES


def _refuse_failed_references(state: Bulk, place: int) -> None:
    for bulk_id in state.mentioned[place]:
        other = state.places.get(bulk_id)
        if other is None:
            raise InvalidValue(f"bulkId {bulk_id[:100]!r} belongs to no operation of this bulk.")
        if state.results[other].is_error:
            raise InvalidValue(f"The operation with bulkId {bulk_id[:100]!r} has failed.")


def _head(sent: Document) -> Document:
    head = {"method": str(sent.get("method", ""))[:20].upper()}
    return {**head, "bulkId": sent["bulkid"]} if isinstance(sent.get("bulkid"), str) else head


def _refused(state: Bulk, place: int, refusal: ScimError) -> Result:
    """Return the result of a refused operation; RFC 7644 §3.7 wants a location too, except for a POST."""
    sent = state.sent[place]
    _log_refusal(state, place, refusal)
    head, location = _head(sent), sent_location(sent, state.ids)
    if location:
        head["location"] = state.context.base + location
    status = {"status": str(refusal.status), "response": refusal.document()}
    return Result({**head, **status}, is_error=True)


def _log_refusal(state: Bulk, place: int, refusal: ScimError) -> None:
    """Keep and log why an operation is refused. The request itself is answered with 200, so its line holds no reason.

    A bulk writes at most REFUSALS_LOGGED_MAX lines; the line of the request counts all refusals.
    """
    context, named = state.context, named_resource(state.sent[place], state.ids)
    _keep_refusal(state, place, named, refusal)
    if len(state.logged) == REFUSALS_LOGGED_MAX:
        return
    state.logged.append(place)
    log.info(
        "bulk_operation_refused",
        request_id=str(context.request_id),
        place=place,
        **named,
        status=refusal.status,
        **log_fields(
            refusal, Origin(context.organization_id, context.authenticated.token.token_id)
        ),
    )


def _keep_refusal(state: Bulk, place: int, named: Mapping[str, str], refusal: ScimError) -> None:
    """Keep a refused operation, as a refused request is kept."""
    context, sent, finding = state.context, state.sent[place], finding_of(refusal)
    endpoint = named.get("endpoint")
    subject = sent_name(sent.get("data"), "displayName" if endpoint == "/Groups" else "userName")
    context.service.kept.keep(
        KeptRequest(
            context.organization_id,
            new_id(),
            time.time(),
            context.authenticated.token.token_id,
            context.request_id,
            place,
            True,
            named.get("method", "POST"),
            endpoint,
            refusal.status,
            refusal.scim_type,
            refusal.attribute,
            finding.code,
            as_id(named.get("resource_id", "")),
            Text(subject, refusal.detail[:TEXT_MAX], finding.parameters),
            None,
        )
    )
