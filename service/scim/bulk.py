"""POST /Bulk: many operations in one request, in an order that their references allow (RFC 7644 §3.7)."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web

from schema.scim import urns
from schema.scim.attributes import Document
from schema.scim.errors import (
    Conflict,
    InvalidSyntax,
    InvalidValue,
    NotFound,
    PayloadTooLarge,
    ScimError,
)
from service.commands import (
    Command,
    DeleteGroup,
    DeleteUser,
    Precondition,
)
from service.decide.members import as_id
from service.ids import new_id
from service.scim import build
from service.scim.answer import json_response
from service.scim.bulk_order import levels, references
from service.scim.context import Exchange, admit
from service.scim.parse import VERSION, read_body
from service.scim.represent import dumps, etag

OPERATIONS_MAX = 1_000
PAYLOAD_BYTES_MAX = 4_194_304
PATH = re.compile(r"/?(Users|Groups)(?:/([^/?#]+))?/?")
METHODS = ("POST", "PUT", "PATCH", "DELETE")
PREFIX = "bulkId:"


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation; `id` is that of its resource, chosen already for one that it makes."""

    method: str
    endpoint: str
    id: UUID | None  # None: its path names none of ours.
    bulk_id: str | None
    data: Any
    precondition: Precondition


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an operation."""

    document: Document
    is_error: bool


@dataclass(frozen=True, slots=True)
class Bulk:
    """A bulk on its way: what was sent, the ids and places of its bulkIds, the results so far."""

    exchange: Exchange
    sent: Sequence[Document]
    ids: Mapping[str, UUID]
    places: Mapping[str, int]
    results: dict[int, Result] = field(default_factory=dict)


async def bulk(request: web.Request) -> web.Response:
    """POST /Bulk: 200 with a BulkResponse, whatever became of the operations in it."""
    exchange = await admit(request)
    body = await read_body(request, PAYLOAD_BYTES_MAX)
    sent, errors_max = _read_request(body)
    results = await run(exchange, sent, errors_max)
    documents = [results[index].document for index in sorted(results)]
    message = {"schemas": [urns.BULK_RESPONSE], "Operations": documents}
    return json_response(dumps(message))


def _read_request(body: Any) -> tuple[list[Document], int | None]:
    """Return the operations of a BulkRequest, and how many may fail. Errors: InvalidSyntax."""
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a BulkRequest message: an object with Operations.")
    given = {key.lower(): value for key, value in body.items()}
    sent, errors_max = given.get("operations"), given.get("failonerrors")
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise InvalidSyntax("Operations must be a list of objects with method, path and data.")
    if len(sent) > OPERATIONS_MAX:
        raise PayloadTooLarge(f"A bulk has at most {OPERATIONS_MAX:,} operations; send several.")
    if errors_max is not None and (type(errors_max) is not int or errors_max < 1):
        raise InvalidSyntax("failOnErrors must be a whole number of at least 1.")
    return [{key.lower(): value for key, value in each.items()} for each in sent], errors_max


async def run(
    exchange: Exchange, sent: Sequence[Document], errors_max: int | None
) -> dict[int, Result]:
    """Carry out operations; return their results by place. After `errors_max` errors the rest is left.

    Operations that wait for no other go into the lane together, in their order, and so share commits.
    """
    state = Bulk(exchange, sent, _assigned_ids(sent), _places(sent))
    order, cyclic = levels([references(each) for each in sent], state.places)
    refusal = Conflict("Its bulkId references lead back to itself; split the operations.")
    results = state.results
    results |= {place: _refused(sent[place], refusal) for place in cyclic}
    for level in order:
        for places in _portions(level, errors_max):
            if errors_max is not None and _count_errors(results) >= errors_max:
                return results
            works = [_run_one(state, place) for place in places]
            results |= dict(zip(places, await asyncio.gather(*works), strict=True))
    return results


def _portions(level: Sequence[int], errors_max: int | None) -> list[list[int]]:
    """Return what may run together: one at a time where an error may stop the rest."""
    return [list(level)] if errors_max is None else [[place] for place in level]


def _count_errors(results: Mapping[int, Result]) -> int:
    return sum(1 for each in results.values() if each.is_error)


def _assigned_ids(sent: Sequence[Document]) -> dict[str, UUID]:
    """Return an id for each bulkId: a resource that is to be made, or that an operation names."""
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
    exchange, sent = state.exchange, state.sent[place]
    try:
        _refuse_failed_references(state, sent)
        operation = _read_operation(sent, state.ids)
        outcome = await exchange.submit(_command(exchange, operation))
    except ScimError as refusal:
        return _refused(sent, refusal)
    document = {**_head(sent), "status": "201" if operation.method == "POST" else "200"}
    if operation.method == "DELETE":
        return Result({**document, "status": "204"}, is_error=False)
    assert outcome.row is not None
    document["location"] = f"{exchange.base}/{operation.endpoint}/{operation.id}"
    return Result({**document, "version": etag(outcome.row.version)}, is_error=False)


def _refuse_failed_references(state: Bulk, sent: Document) -> None:
    for bulk_id in references(sent):
        place = state.places.get(bulk_id)
        if place is None:
            raise InvalidValue(f"bulkId {bulk_id[:100]!r} belongs to no operation of this bulk.")
        if state.results[place].is_error:
            raise InvalidValue(f"The operation with bulkId {bulk_id[:100]!r} has failed.")


def _head(sent: Document) -> Document:
    head = {"method": str(sent.get("method", ""))[:20].upper()}
    return {**head, "bulkId": sent["bulkid"]} if isinstance(sent.get("bulkid"), str) else head


def _refused(sent: Document, refusal: ScimError) -> Result:
    status = {"status": str(refusal.status), "response": refusal.document()}
    return Result({**_head(sent), **status}, is_error=True)


def _read_operation(sent: Document, ids: Mapping[str, UUID]) -> BulkOperation:
    method = str(sent.get("method", "")).upper()
    if method not in METHODS:
        raise InvalidSyntax(f"method must be one of {', '.join(METHODS)}.")
    path = sent.get("path")
    found = PATH.fullmatch(path) if isinstance(path, str) else None
    if found is None or (method == "POST") != (found[2] is None):
        raise InvalidValue(
            "path must be /Users or /Groups for POST, and that with an id for the others."
        )
    bulk_id = sent.get("bulkid")
    if method == "POST":
        # RFC 7644 §3.7: bulkId is required for POST. One who refers to nothing may leave it out here.
        resource_id: UUID | None = ids[bulk_id] if isinstance(bulk_id, str) else new_id()
    else:
        resource_id = ids.get(found[2].removeprefix(PREFIX)) or as_id(found[2])
    return BulkOperation(
        method,
        found[1],
        resource_id,
        bulk_id,
        _resolve(sent.get("data"), ids),
        _precondition(sent.get("version")),
    )


def _precondition(version: Any) -> Precondition:
    """Return what `version` asks for (RFC 7644 §3.7)."""
    if version is None:
        return Precondition()
    found = VERSION.fullmatch(version) if isinstance(version, str) else None
    return Precondition(frozenset({int(found[1])} if found else ()))


def _resolve(value: Any, ids: Mapping[str, UUID]) -> Any:
    """Return data with `bulkId:x` replaced by the id that x has."""
    if isinstance(value, str) and value.startswith(PREFIX):
        return str(ids.get(value.removeprefix(PREFIX), value))
    if isinstance(value, dict):
        return {key: _resolve(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolve(each, ids) for each in value]
    return value


def _command(exchange: Exchange, operation: BulkOperation) -> Command:
    if operation.id is None:
        raise NotFound(f"There is no such resource in {operation.endpoint}.")
    if operation.endpoint == "Users":
        return _user_command(exchange, operation, operation.id)
    return _group_command(operation, operation.id)


def _user_command(exchange: Exchange, operation: BulkOperation, user_id: UUID) -> Command:
    match operation.method:
        case "POST":
            return build.create_user(exchange, user_id, operation.data)
        case "PUT":
            return build.replace_user(exchange, user_id, operation.data, operation.precondition)
        case "PATCH":
            return build.patch_user(exchange, user_id, operation.data, operation.precondition)
        case _:
            return DeleteUser(user_id, operation.precondition)


def _group_command(operation: BulkOperation, group_id: UUID) -> Command:
    match operation.method:
        case "POST":
            return build.create_group(group_id, operation.data)
        case "PUT":
            return build.replace_group(group_id, operation.data, operation.precondition)
        case "PATCH":
            return build.patch_group(group_id, operation.data, operation.precondition)
        case _:
            return DeleteGroup(group_id, operation.precondition)
